#!/usr/bin/env bash
# Library: oauthlib 4.0.1 (PyPI), its authorization code grant as a server uses it.
#
# Expected: RFC 6749, section 3.1. A parameter that is sent without a value is treated as if it had been
# left out of the request. Where the server does not demand PKCE, `code_challenge=` is therefore a request
# without PKCE, and its code is redeemed without a verifier.
#
# Instead: the grant asks whether the parameter is None. An empty one is kept as the challenge of the code,
# with the method `plain`, and then the token request is refused for want of a verifier. One that is sent
# has 43 characters at least (RFC 7636, section 4.1), so none is equal to nothing: the code is of no use,
# though the user signed in for it. Left out altogether, the parameter does no harm.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check oauthlib==4.0.1 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import json
import sys
from types import SimpleNamespace

from oauthlib.oauth2 import RequestValidator, WebApplicationServer

REDIRECT = "https://client.example/callback"
CLIENT = SimpleNamespace(client_id="client")


class Validator(RequestValidator):
    """One public client, everything in memory; PKCE is not demanded."""

    def __init__(self):
        self.codes = {}

    def validate_client_id(self, client_id, request, *args, **kwargs):
        return client_id == "client"

    def validate_redirect_uri(self, client_id, redirect_uri, request, *args, **kwargs):
        return redirect_uri == REDIRECT

    def validate_response_type(self, client_id, response_type, client, request, *args, **kwargs):
        return response_type == "code"

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs):
        return True

    def is_pkce_required(self, client_id, request):
        return False

    def save_authorization_code(self, client_id, code, request, *args, **kwargs):
        self.codes[code["code"]] = (request.code_challenge, request.code_challenge_method)

    def client_authentication_required(self, request, *args, **kwargs):
        return False

    def authenticate_client_id(self, client_id, request, *args, **kwargs):
        request.client = CLIENT
        return True

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs):
        return grant_type == "authorization_code"

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        request.user, request.scopes = "user", ["read"]
        return code in self.codes

    def get_code_challenge(self, code, request):
        return self.codes[code][0]

    def get_code_challenge_method(self, code, request):
        return self.codes[code][1]

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *args, **kwargs):
        return redirect_uri == REDIRECT

    def save_bearer_token(self, token, request, *args, **kwargs):
        return REDIRECT

    def invalidate_authorization_code(self, client_id, code, request, *args, **kwargs):
        del self.codes[code]


def outcome(parameter):
    validator = Validator()
    server = WebApplicationServer(validator)
    query = f"response_type=code&client_id=client&redirect_uri={REDIRECT}&scope=read&state=s{parameter}"
    uri = f"https://as.example/authorize?{query}"
    headers, _body, status = server.create_authorization_response(
        uri, scopes=["read"], credentials={"user": "user"}
    )
    kept = next(iter(validator.codes.values()), "no code")
    code = headers["Location"].split("code=")[1].split("&")[0]
    form = f"grant_type=authorization_code&client_id=client&code={code}&redirect_uri={REDIRECT}"
    _headers, body, status = server.create_token_response(
        "https://as.example/token", "POST", form,
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    return kept, status, json.loads(body).get("error", "granted")


absent, empty = outcome(""), outcome("&code_challenge=")
print("left out:", "challenge kept", absent[0], "- token request without a verifier:", *absent[1:])
print("empty:   ", "challenge kept", empty[0], "- token request without a verifier:", *empty[1:])
there = absent[1:] == (200, "granted") and empty[0][0] == "" and empty[1] == 400
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
