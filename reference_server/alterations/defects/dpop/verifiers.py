"""Verifiers and challenges of which not every character counts: RFC 7636 §4.6.

What is compared has passed a column, a buffer or a hash made for passwords before.
"""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.building import nothing
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import code as rules
from tokenspec.reference_server.guards.code import s256

VERIFIER, FORM = "pkce.verifier_matches", "pkce.verifier_form"
CHALLENGE = "authorize.challenge_form"
R_PKCE, R_HASH = "RFC7636-4.6-mismatch_invalid_grant", "RFC7636-4.2-s256_computation"
R_PLAIN = "RFC7636-4.6-plain_comparison"
CUTS = (50, 64, 72, 100, 127)  # characters that a buffer, a column or bcrypt may have
Agrees = Callable[[str, str], bool]


def _compared(agrees: Agrees, method: str = "S256") -> Check:
    """The comparison of a verifier with the challenge kept, made by `agrees(shown, kept)`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("code_verifier")
        if code is None or code.code_challenge_method != method:
            rules.verifier_matches.check(exchange)
        elif code.code_challenge and shown and not agrees(shown, code.code_challenge):
            raise invalid_grant("code_verifier does not match")

    return check


def _fails_beyond_ascii(exchange: Exchange) -> None:
    if not exchange.get("code_verifier").isascii():
        raise OAuthError("server_error", "the verifier cannot be encoded", 500)
    rules.verifier_form.check(exchange)


def _until(length: int) -> Agrees:
    return lambda shown, kept: kept in {s256(shown), s256(shown[:length])}


def _spelled(name: str, summary: str, level: Callable[[str], str]) -> Alteration:
    """Challenges that are levelled before they are compared."""
    agrees = _compared(lambda shown, kept: level(s256(shown)) == level(kept))
    return Alteration(
        f"pkce.challenge_{name}", R_HASH, summary, {VERIFIER: agrees, CHALLENGE: nothing}
    )


DEFECTS: tuple[Alteration, ...] = (
    *(
        Alteration(
            f"pkce.until_{length}",
            R_PKCE,
            f"what stands behind {length} characters of a verifier is overlooked",
            {VERIFIER: _compared(_until(length)), FORM: nothing},
        )
        for length in CUTS
    ),
    Alteration(
        "pkce.ending",
        R_PKCE,
        "what stands before the last 43 characters of a verifier is overlooked",
        {VERIFIER: _compared(lambda a, b: b in {s256(a), s256(a[-43:])}), FORM: nothing},
    ),
    Alteration(
        "pkce.other_letters_break",
        R_PKCE,
        "a verifier with letters outside ASCII makes the server fail",
        {FORM: _fails_beyond_ascii},
    ),
    Alteration(
        "pkce.other_letters_dropped",
        R_PKCE,
        "letters of a verifier outside ASCII are dropped",
        {
            VERIFIER: _compared(lambda a, b: s256(a.encode("ascii", "ignore").decode()) == b),
            FORM: nothing,
        },
    ),
    Alteration(
        "pkce.first_line",
        R_PKCE,
        "the first line of a verifier counts",
        {VERIFIER: _compared(lambda a, b: s256(a.split("\n")[0]) == b), FORM: nothing},
    ),
    _spelled("any_case", "challenges are compared whatever the case of their letters", str.lower),
    _spelled("trimmed", "space around a challenge is dropped", str.strip),
    _spelled("padding_dropped", "the padding of a challenge is dropped", lambda a: a.rstrip("=")),
    Alteration(
        "pkce.plain_with_more",
        R_PLAIN,
        "a plain verifier that begins with the challenge is enough",
        {VERIFIER: _compared(lambda a, b: a.startswith(b), "plain")},
    ),
    Alteration(
        "pkce.plain_trimmed",
        R_PLAIN,
        "space around a plain verifier is dropped",
        {VERIFIER: _compared(lambda a, b: a.strip() == b, "plain"), FORM: nothing},
    ),
    Alteration(
        "pkce.plain_first_64",
        R_PLAIN,
        "of plain verifiers the first 64 characters are compared",
        {VERIFIER: _compared(lambda a, b: a[:64] == b[:64], "plain")},
    ),
)
