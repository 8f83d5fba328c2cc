#!/usr/bin/env bash
# Libraries: Authlib 1.9.10 with requests 2.34.2; requests-oauthlib 2.0.0 with oauthlib 4.0.1 (PyPI).
#
# Expected: RFC 6749, section 5.1 and appendix A.14. `expires_in` is the lifetime of the access token in
# seconds, written as one digit or more, so 0 is a value of the grammar: such a token is spent at once.
# A client that asks its library whether the token is still good is told that it is not.
#
# Instead: both libraries test the number for truth. Authlib computes no `expires_at` for it, and
# `is_expired()` answers None, as it does for a token that never expires. oauthlib takes the member out
# of the token altogether, so requests-oauthlib never refreshes it. A lifetime of 1 works in both.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    authlib==1.9.10 requests==2.34.2 requests-oauthlib==2.0.0 oauthlib==4.0.1 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import json
import sys

from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from requests import Response
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth2Session

TOKEN_ENDPOINT = "https://as.example/token"


class TokenEndpoint(BaseAdapter):
    """A token endpoint in memory whose access tokens live so many seconds."""

    def __init__(self, lifetime):
        super().__init__()
        self.lifetime = lifetime

    def send(self, request, **options):
        token = {"access_token": "a-token", "token_type": "Bearer", "expires_in": self.lifetime}
        answer = Response()
        answer.status_code = 200
        answer.headers["Content-Type"] = "application/json"
        answer._content = json.dumps(token).encode()
        answer.request = request
        return answer

    def close(self):
        pass


def fetched(session, lifetime):
    session.mount("https://", TokenEndpoint(lifetime))
    return session.fetch_token(TOKEN_ENDPOINT, code="a-code", client_secret="secret")


seen = {}
for lifetime in (1, 0):
    authlib = fetched(AuthlibSession("client", "secret"), lifetime)
    oauthlib = fetched(OAuth2Session("client"), lifetime)
    seen[lifetime] = ("expires_at" in authlib, "expires_in" in oauthlib)
    print(f"expires_in {lifetime}")
    print(f"  Authlib:  expires_at {authlib.get('expires_at')}, is_expired() {authlib.is_expired()}")
    print(f"  oauthlib: {dict(oauthlib)}")
    if lifetime == 0:
        seen["said"] = authlib.is_expired()

there = seen[1] == (True, True) and seen[0] == (False, False) and not seen["said"]
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
