#!/usr/bin/env bash
# Library: requests_oauth2client 1.8.0 (PyPI), with furl 2.1.4.
#
# Expected: RFC 6749, section 3.1. The address of an authorization endpoint may have a query of its own,
# and that query MUST be retained when a client adds its parameters. Servers use it to tell tenants or
# sign-in policies apart.
#
# Instead: the authorization request is made without it, and without a word. The parameters of the
# request replace the query, since the URL library that builds the address takes `args` for the whole
# query and not for an addition. The user is sent to another tenant's page, or to an error page.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    requests_oauth2client==1.8.0 furl==2.1.4 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import sys
from urllib.parse import parse_qs, urlsplit

from requests_oauth2client import OAuth2Client

client = OAuth2Client(
    token_endpoint="https://server.example/token?tenant=blue",
    authorization_endpoint="https://server.example/authorize?tenant=blue",
    redirect_uri="https://client.example/callback",
    client_id="client",
    client_secret="secret",
)
request = client.authorization_request(scope="openid")
query = parse_qs(urlsplit(request.uri).query)
print("authorization endpoint:", client.authorization_endpoint)
print("the user is sent to:   ", request.uri)
print("tenant in the query:   ", query.get("tenant"))
there = query["client_id"] == ["client"] and "tenant" not in query
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
