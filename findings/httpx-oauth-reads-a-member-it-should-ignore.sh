#!/usr/bin/env bash
# Library: httpx-oauth 0.17.0 (PyPI), with httpx 0.28.1.
#
# Expected: RFC 6749, section 5.1. A client MUST ignore the members of a token response that it does not
# know. `expires_at` is none of the members of the specification; servers that add it write the moment
# as they like, most often as a date in the form of RFC 3339. What counts is `expires_in`.
#
# Instead: the library reads a member named `expires_at` as a whole number of seconds, before it looks
# at `expires_in`. A date raises ValueError from `get_access_token()`, which is none of the errors that
# it documents, and the code is spent by then. A number is believed, whatever `expires_in` says.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    httpx-oauth==0.17.0 httpx==0.28.1 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import asyncio
import sys

import httpx
from httpx_oauth.oauth2 import BaseOAuth2

TOKEN = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}


def client(extra):
    def answer(_request):
        return httpx.Response(200, json={**TOKEN, **extra})

    oauth = BaseOAuth2("client", "secret", "https://as.example/authorize", "https://as.example/token")
    oauth.get_httpx_client = lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return oauth


def outcome(extra):
    try:
        token = asyncio.run(client(extra).get_access_token("a-code", "https://client.example/cb"))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"granted, is_expired() {token.is_expired()}"


seen = []
for extra in ({}, {"expires_at": "2099-01-01T00:00:00Z"}, {"expires_at": 1}):
    seen.append(outcome(extra))
    print(f"{str(extra):42} {seen[-1]}")
there = (
    seen[0] == "granted, is_expired() False"
    and seen[1].startswith("ValueError")
    and seen[2] == "granted, is_expired() True"
)
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
