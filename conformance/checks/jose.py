"""Headers of JWTs and members of keys: RFC 7515 §4.1, RFC 7517 §4.3, RFC 7519 §5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenspec.conformance.checks.id_token import read_id_token
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

# The operations that go with each use of a key (RFC 7517 §4.2, §4.3).
OPERATIONS = {
    "sig": {"sign", "verify"},
    "enc": {"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"},
}


@check("id-token-kid-is-text", Subject.ID_TOKEN)
def id_token_kid_is_text(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`kid` in the header of an ID token is a text (RFC 7515 §4.1.4)."""
    token = read_id_token(played)
    if token and not isinstance(token.header.get("kid", ""), str):
        yield "kid in the header of the ID token is not a string"


@check("id-token-typ-in-capitals", Subject.ID_TOKEN)
def id_token_typ_in_capitals(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A typ that says no more than JWT is spelt in capitals (RFC 7519 §5.1)."""
    token = read_id_token(played)
    typ = str(token.header.get("typ", "")) if token else ""
    if typ.upper() == "JWT" and typ != "JWT":
        yield f"typ of the ID token is {typ!r}"


@check("id-token-no-cty", Subject.ID_TOKEN)
def id_token_no_cty(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A signed ID token that contains no other JWT has no cty (RFC 7519 §5.2)."""
    token = read_id_token(played)
    if token and "cty" in token.header:
        yield "the header of the ID token has cty"


@check("jwks-use-agrees", Subject.KEY_SET)
def jwks_use_agrees(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A key with both use and key_ops says the same in both (RFC 7517 §4.3)."""
    keys = played.received.get("keys")
    for number, key in enumerate(keys if isinstance(keys, list) else ()):
        if isinstance(key, dict) and _disagrees(key):
            yield f"key {number} has a use and key_ops that do not go together"


def _disagrees(key: dict[str, Any]) -> bool:
    use, operations = key.get("use"), key.get("key_ops")
    if use not in OPERATIONS or not isinstance(operations, list):
        return False
    return not {str(operation) for operation in operations} <= OPERATIONS[use]
