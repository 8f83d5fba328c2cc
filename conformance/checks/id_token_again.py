"""A later ID token beside the first: of a refresh (OpenID Connect Core §12.2), of another login."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.checks.id_token import IdToken, read_id_token
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript


def _both(played: Played, transcript: Transcript) -> tuple[IdToken, IdToken] | None:
    """The first ID token of the play and the one looked at."""
    first = transcript.step("token")
    original, token = read_id_token(first) if first else None, read_id_token(played)
    if first is played or original is None or token is None:
        return None
    return original, token


@check("id-token-same-user", Subject.ID_TOKEN)
def id_token_same_user(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """A later ID token keeps iss, sub and aud (§12.2, §5.7)."""
    both = _both(played, transcript)
    if both is None:
        return
    original, token = both
    for name in ("iss", "sub"):
        if token.claims.get(name) != original.claims.get(name):
            yield f"{name} differs from that of the first ID token"
    if _audience(token) != _audience(original):
        yield "aud differs from that of the first ID token"


@check("id-token-another-user", Subject.ID_TOKEN)
def id_token_another_user(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """The ID token of a second user has another sub than the first user's (§5.7)."""
    both = _both(played, transcript)
    if both and both[0].claims.get("sub") == both[1].claims.get("sub"):
        yield "sub is that of the first user"


def _audience(token: IdToken) -> set[str]:
    value = token.claims.get("aud")
    return set(map(str, value)) if isinstance(value, list) else {str(value)}


@check("id-token-dated-anew", Subject.ID_TOKEN)
def id_token_dated_anew(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """The iat of a later ID token is later than the first one's (§12.2)."""
    both = _both(played, transcript)
    if both and not _number(both[1], "iat") > _number(both[0], "iat"):
        yield "iat is not later than that of the first ID token"


def _number(token: IdToken, name: str) -> float:
    value = token.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    return value


@check("id-token-same-auth-time", Subject.ID_TOKEN)
def id_token_same_auth_time(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """`auth_time` of a refreshed ID token, where given, is the first one's (§12.2)."""
    both = _both(played, transcript)
    times = [token.claims["auth_time"] for token in both or () if "auth_time" in token.claims]
    if len(times) > 1 and times[0] != times[1]:
        yield "auth_time differs from that of the first ID token"


@check("id-token-same-azp", Subject.ID_TOKEN)
def id_token_same_azp(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """`azp` of a refreshed ID token is there just as in the first one (§12.2)."""
    both = _both(played, transcript)
    if both and both[0].claims.get("azp") != both[1].claims.get("azp"):
        yield "azp differs from that of the first ID token"


@check("id-token-nonce-not-new", Subject.ID_TOKEN)
def id_token_nonce_not_new(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """A nonce in a refreshed ID token is the first one's (§12.2)."""
    both = _both(played, transcript)
    if both and both[1].claims.get("nonce") not in (None, both[0].claims.get("nonce")):
        yield "nonce is not that of the first ID token"


@check("id-token-nonce-gone", Subject.ID_TOKEN)
def id_token_nonce_gone(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """A refreshed ID token has no nonce (§12.2)."""
    both = _both(played, transcript)
    if both and "nonce" in both[1].claims:
        yield "nonce is there"
