#!/usr/bin/env bash
# Libraries: joserfc 1.8.0, and python-jose 3.5.0 with cryptography 50.0.2 (PyPI).
#
# Expected: RFC 7517, section 5. A JWK whose values are out of the range that an implementation supports
# SHOULD be ignored within a JWK Set. A server that publishes a key of a newer curve beside its P-256 key
# goes on to sign with the latter, and its clients go on to verify.
#
# Instead: joserfc 1.8.0 passes over a `kty` it does not know, and yet fails for the whole set at a known
# `kty` with an unknown `crv`: a bare KeyError with the curve's name, none of the library's own errors.
# python-jose does the same. No token of that server can be verified any more.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    joserfc==1.8.0 python-jose==3.5.0 cryptography==50.0.2 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import sys
import time

from jose import jwt as python_jose
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

KEY = ECKey.generate_key("P-256", {"kid": "mine", "use": "sig", "alg": "ES256"}, private=True)
NEWER = {"kty": "EC", "crv": "P-999", "kid": "newer", "use": "sig", "x": "AQ", "y": "AQ"}
MINE = KEY.as_dict(private=False)
CLAIMS = {"iss": "https://as.example", "sub": "user", "exp": int(time.time()) + 60}
TOKEN = jwt.encode({"alg": "ES256", "kid": "mine"}, CLAIMS, KEY)


def by_joserfc(keys):
    return jwt.decode(TOKEN, KeySet.import_key_set({"keys": keys}), algorithms=["ES256"]).claims


def by_python_jose(keys):
    return python_jose.decode(TOKEN, {"keys": keys}, algorithms=["ES256"])


def outcome(verify, keys):
    try:
        return verify(keys)["sub"]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


seen = []
for verify in (by_joserfc, by_python_jose):
    seen.append((outcome(verify, [MINE]), outcome(verify, [NEWER, MINE])))
    print(f"{verify.__name__:15} alone: {seen[-1][0]}   beside an unknown curve: {seen[-1][1]}")
there = all(alone == "user" and beside.startswith("KeyError") for alone, beside in seen)
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
