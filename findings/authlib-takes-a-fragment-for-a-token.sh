#!/usr/bin/env bash
# Library: Authlib 1.9.10 (PyPI), with requests 2.34.2.
#
# Expected: RFC 9700, section 4.1.3. To keep browsers from carrying an old fragment over to a redirect,
# a server MAY end the address it redirects to with a fragment of its own, for example `#_`. The code
# and the state stand in the query all the same (RFC 6749, section 4.1.2), so a client that is handed
# the whole callback, as a command-line tool or an app with a custom scheme is, redeems the code.
#
# Instead: `fetch_token(authorization_response=...)` looks for a `#` before it looks for a code. If
# there is one, whatever it holds, the callback is taken for one of the implicit grant. It fails with
# "Missing 'access_token' in response", and the token endpoint is never asked.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    authlib==1.9.10 requests==2.34.2 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import io
import sys

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import Response
from requests.adapters import BaseAdapter

CALLBACK = "https://client.example/callback?code=a-code&state=a-state"


class TokenEndpoint(BaseAdapter):
    """A token endpoint in memory that grants every request and counts them."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def send(self, request, **options):
        self.asked += 1
        answer = Response()
        answer.status_code, answer.request, answer.url = 200, request, request.url
        answer.headers["Content-Type"] = "application/json"
        answer.raw = io.BytesIO(b'{"access_token": "a-token", "token_type": "Bearer"}')
        return answer

    def close(self):
        """Nothing is open."""


def redeem(callback):
    """Return what became of the callback, and how often the token endpoint was asked."""
    endpoint = TokenEndpoint()
    session = OAuth2Session("client", "secret", state="a-state")
    session.mount("https://server.example/", endpoint)
    try:
        token = session.fetch_token(
            "https://server.example/token", authorization_response=callback
        )
    except AuthlibBaseError as refusal:
        return refusal.error, str(refusal), endpoint.asked
    return "granted", token["access_token"], endpoint.asked


seen = {ending or "(none)": redeem(CALLBACK + ending) for ending in ("", "#_")}
for ending, (outcome, detail, asked) in seen.items():
    print(f"fragment {ending}: {outcome}, {detail}; the token endpoint was asked {asked} time(s)")
there = seen["(none)"] == ("granted", "a-token", 1)
there = there and seen["#_"][0] == "missing_token" and seen["#_"][2] == 0
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
