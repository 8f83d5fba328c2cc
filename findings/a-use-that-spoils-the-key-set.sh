#!/usr/bin/env bash
# Libraries: cryptojwt 1.11.0, joserfc 1.8.0 (PyPI).
#
# Expected: RFC 7517, section 4.2. `use` says what a public key is for. `sig` and `enc` are defined, and
# other values MAY be used. A reader that has no use for such a key passes it over; the keys beside it
# are as good as before.
#
# Instead: joserfc refuses the whole JWK Set. cryptojwt fails in its constructor with a TypeError about
# an argument that is given twice, none of its own errors, and reads nothing of the set either.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    cryptojwt==1.11.0 joserfc==1.8.0 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import sys

from cryptojwt.key_jar import KeyJar
from joserfc.jwk import ECKey, KeySet

SIGNING = ECKey.generate_key("P-256", {"kid": "signing", "use": "sig"}).as_dict(private=False)
OTHER = ECKey.generate_key("P-256", {"kid": "other"}).as_dict(private=False) | {"use": "attest"}


def by_cryptojwt(keys):
    jar = KeyJar()
    jar.import_jwks({"keys": keys}, "https://as.example")
    return [key.kid for key in jar.get_issuer_keys("https://as.example")]


def by_joserfc(keys):
    return [key.kid for key in KeySet.import_key_set({"keys": keys})]


def outcome(read, keys):
    try:
        return str(read(keys))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


seen = []
for read in (by_cryptojwt, by_joserfc):
    seen.append((outcome(read, [SIGNING]), outcome(read, [SIGNING, OTHER])))
    print(f"{read.__name__:13} alone: {seen[-1][0]}   beside another use: {seen[-1][1]}")
alone = all(one == "['signing']" for one, _ in seen)
there = alone and seen[0][1].startswith("TypeError") and seen[1][1].startswith("KeyParameterError")
sys.exit(0 if there else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
