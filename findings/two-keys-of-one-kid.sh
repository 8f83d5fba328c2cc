#!/usr/bin/env bash
# Libraries: PyJWT 2.15.1, joserfc 1.8.0; jwcrypto 1.6.1 beside them for comparison (PyPI).
#
# Expected: RFC 7517, section 4.5. Keys of one JWK Set SHOULD have distinct `kid` values, and the text
# names the exception: keys of different `kty` that the application takes for alternatives to each other
# may share one. With the `alg` of a token in hand only one of the two fits.
#
# Instead: PyJWT's set gives the first key of that `kid`, and joserfc does the same: if the RSA key stands
# first, a token signed with the EC key of the same `kid` is refused for its algorithm. In the other
# order it is verified. jwcrypto goes on to the key that fits.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    pyjwt==2.15.1 joserfc==1.8.0 jwcrypto==1.6.1 cryptography==50.0.2 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import json
import sys
import time

import jwt as pyjwt
from joserfc import jwt as joserfc
from joserfc.jwk import ECKey, KeySet, RSAKey
from jwcrypto import jwk as jwcrypto_keys
from jwcrypto import jwt as jwcrypto

EC = ECKey.generate_key("P-256", {"kid": "2026", "use": "sig"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "2026", "use": "sig"}, private=True)
PUBLIC = [EC.as_dict(private=False), RSA.as_dict(private=False)]
CLAIMS = {"sub": "user", "exp": int(time.time()) + 60}
TOKEN = joserfc.encode({"alg": "ES256", "kid": "2026"}, CLAIMS, EC)


def by_pyjwt(keys):
    key = pyjwt.PyJWKSet.from_dict({"keys": keys})["2026"]
    return pyjwt.decode(TOKEN, key, algorithms=["ES256", "RS256"])


def by_joserfc(keys):
    found = KeySet.import_key_set({"keys": keys})
    return joserfc.decode(TOKEN, found, algorithms=["ES256", "RS256"]).claims


def by_jwcrypto(keys):
    found = jwcrypto_keys.JWKSet.from_json(json.dumps({"keys": keys}))
    return json.loads(jwcrypto.JWT(jwt=TOKEN, key=found).claims)


def outcome(verify, keys):
    try:
        return verify(keys)["sub"]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


seen = {}
for verify in (by_pyjwt, by_joserfc, by_jwcrypto):
    first, second = outcome(verify, PUBLIC), outcome(verify, PUBLIC[::-1])
    seen[verify] = (first == "user", second == "user")
    print(f"{verify.__name__:12} EC key first: {first}   RSA key first: {second}")
there = list(seen.values()) == [(True, False), (True, False), (True, True)]
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
