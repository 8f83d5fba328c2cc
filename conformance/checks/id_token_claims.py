"""What an ID token says: OpenID Connect Core §2, §3.1.3.6, §3.1.3.7."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from tokenspec.conformance.checks.id_token import read_id_token
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.http import is_loopback
from tokenspec.conformance.oauth.keys import base64url
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.texts import differing

SKEW = 300  # seconds by which the clocks of server and harness may differ
A_SECOND = 1  # by which a time in whole seconds may be early
FIFTY_YEARS = 50 * 365 * 24 * 3600  # seconds; what expires later counts something else
HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
# Claim names registered for JWTs and ID tokens (RFC 7519 §4.1, OpenID Connect Core §2, §3.1.3.6,
# §3.3.2.11, §5.1 and the session management documents), which need no namespace.
_REGISTERED = """
iss sub aud exp nbf iat jti auth_time nonce acr amr azp at_hash c_hash s_hash sid name given_name
family_name middle_name nickname preferred_username profile picture website email email_verified
gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at sub_jwk cnf
events org_id org_name client_id scope
"""
REGISTERED_CLAIMS = frozenset(_REGISTERED.split())


@check("id-token-issuer", Subject.ID_TOKEN)
def id_token_issuer(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """`iss` is the issuer, exactly (§3.1.3.7, 2)."""
    token = read_id_token(played)
    if token and token.claims.get("iss") != context.issuer:
        yield wrong_issuer(token.claims.get("iss"), context.issuer)


def wrong_issuer(shown: object, due: str) -> str:
    """What is said of an `iss` that is another than is due, or is not there."""
    return "iss is missing" if shown is None else f"iss is {differing(shown, due)}"


@check("id-token-issuer-form", Subject.ID_TOKEN)
def id_token_issuer_form(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`iss` is an https URL without query and fragment (§2; http is let pass on the loopback)."""
    token = read_id_token(played)
    if token and not is_issuer(token.claims.get("iss")):
        yield "iss is not an https URL, or has a query or fragment"


def is_issuer(value: Any) -> bool:
    """Whether a value has the form of an issuer identifier (RFC 8414 §2, OIDC Core §2)."""
    if not isinstance(value, str) or "?" in value or "#" in value:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or is_loopback(value))


@check("id-token-audience", Subject.ID_TOKEN)
def id_token_audience(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """`aud` holds the client_id (§3.1.3.7, 3)."""
    token = read_id_token(played)
    if token is None:
        return
    audience = token.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if transcript.client_id not in named:
        yield "aud does not hold the client_id" if audience else "aud is missing"


@check("id-token-audience-alone", Subject.ID_TOKEN)
def id_token_audience_alone(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """`aud` holds nobody but the client (§3.1.3.7, 3: no audience the client does not trust)."""
    token = read_id_token(played)
    audience = token.claims.get("aud") if token else None
    if isinstance(audience, list) and set(map(str, audience)) - {play.client_id}:
        yield "aud holds others beside the client_id"


@check("id-token-authorized-party", Subject.ID_TOKEN)
def id_token_authorized_party(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """`azp`, where given, is the client_id (§2, §3.1.3.7, 5)."""
    token = read_id_token(played)
    if token and token.claims.get("azp", play.client_id) != play.client_id:
        yield "azp is not the client_id"


@check("id-token-subject", Subject.ID_TOKEN)
def id_token_subject(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`sub` is a text of 1 to 255 ASCII characters (§2)."""
    token = read_id_token(played)
    if token is None:
        return
    subject = token.claims.get("sub")
    longest = 255
    if not isinstance(subject, str) or not 0 < len(subject) <= longest or not subject.isascii():
        yield "sub is missing or not a text of 1 to 255 ASCII characters"


@check("id-token-times", Subject.ID_TOKEN)
def id_token_times(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`exp` and iat are numbers, exp is in the future, iat about now (§2, §3.1.3.7, 9 and 10)."""
    token = read_id_token(played)
    if token is None:
        return
    for name in ("exp", "iat"):
        value = token.claims.get(name)
        if not _is_number(value):
            yield f"{name} is missing or no number"
        elif name == "exp" and value <= played.at - SKEW:
            yield "exp is in the past"
        elif name == "exp" and value > played.at + FIFTY_YEARS:
            yield "exp is more than fifty years ahead, or counts milliseconds"
        elif name == "iat" and abs(value - played.at) > SKEW:
            yield "iat is more than five minutes away from the clock of this machine"


@check("id-token-nonce", Subject.ID_TOKEN)
def id_token_nonce(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """`nonce` is the one of the authorization request (§3.1.3.7, 11)."""
    token, sent = read_id_token(played), transcript.recall("authorize.nonce")
    if token and sent and token.claims.get("nonce") != sent:
        yield "nonce is not the one sent" if "nonce" in token.claims else "nonce is missing"


@check("id-token-no-nonce", Subject.ID_TOKEN)
def id_token_no_nonce(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """Where no nonce was sent there is none (§2)."""
    token = read_id_token(played)
    if token and not play.recall("authorize.nonce") and "nonce" in token.claims:
        yield "nonce is there though none was sent"


@check("id-token-auth-time", Subject.ID_TOKEN)
def id_token_auth_time(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """`auth_time` is there, a number, and not after iat; within max_age where asked (§2)."""
    token = read_id_token(played)
    if token is None:
        return
    value, issued = token.claims.get("auth_time"), token.claims.get("iat")
    if not _is_number(value):
        yield "auth_time is missing or no number"
        return
    if _is_number(issued) and value > issued + SKEW:
        yield "auth_time is after iat"
    oldest = str(play.recall("authorize.max_age") or "")
    if oldest.isdecimal() and played.at - value > int(oldest) + SKEW:
        yield "auth_time is longer ago than max_age allows"


@check("id-token-new-login", Subject.LOGIN_TIME)
def id_token_new_login(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """auth_time is not from before the authorization request (OIDC Core §3.1.2.1: max_age).

    Both times are the server's own; a second is theirs to round.
    """
    token, asked = read_id_token(played), play.step("authorize")
    if token is None or asked is None:
        return
    login, issued = token.claims.get("auth_time"), token.claims.get("iat")
    if not _is_number(login) or not _is_number(issued):
        return  # told by id-token-auth-time and id-token-times
    if issued - login > played.at - asked.at + A_SECOND:
        yield "auth_time is from before the request that asked for a new login"


@check("id-token-earlier-login", Subject.LOGIN_TIME)
def id_token_earlier_login(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """auth_time is from before a request that brought no login (§2).

    The session was two seconds old at least; of that a second is the server's to round, and half of
    one for the answer to come.
    """
    token, asked = read_id_token(played), play.step("authorize")
    if token is None or asked is None:
        return
    login, issued = token.claims.get("auth_time"), token.claims.get("iat")
    if not _is_number(login) or not _is_number(issued):
        return  # told by id-token-auth-time and id-token-times
    if issued - login < played.at - asked.at + A_SECOND / 2:
        yield "auth_time is that of the request, which brought no login"


@check("id-token-acr", Subject.ID_TOKEN)
def id_token_acr(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`acr`, where given, is a text (§2)."""
    token = read_id_token(played)
    if token and not isinstance(token.claims.get("acr", ""), str):
        yield "acr is not a string"


@check("id-token-acr-told", Subject.ID_TOKEN)
def id_token_acr_told(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`acr` is given (§3.1.2.1: acr_values asks for it as a voluntary claim)."""
    token = read_id_token(played)
    if token and "acr" not in token.claims:
        yield "acr is missing"


@check("id-token-amr", Subject.ID_TOKEN)
def id_token_amr(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`amr`, where given, is an array of texts (§2)."""
    token = read_id_token(played)
    methods = token.claims.get("amr", []) if token else []
    if not isinstance(methods, list) or not all(isinstance(m, str) for m in methods):
        yield "amr is not an array of strings"


@check("id-token-at-hash", Subject.ID_TOKEN)
def id_token_at_hash(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """at_hash, where given, fits the access token of the same answer (§3.1.3.6)."""
    token, access_token = read_id_token(played), played.received.get("access_token")
    if token is None or "at_hash" not in token.claims or not isinstance(access_token, str):
        return
    hashed = HASHES.get(str(token.header.get("alg"))[-3:])
    if hashed is None:
        return  # EdDSA: no hash is laid down for it there
    digest = hashed(access_token.encode()).digest()
    if not hmac.compare_digest(
        base64url(digest[: len(digest) // 2]).encode(), _text(token.claims["at_hash"])
    ):
        yield "at_hash does not fit the access token"


@check("id-token-claims-namespaced", Subject.ID_TOKEN)
def id_token_claims_namespaced(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A claim that is not registered has a URI as its name (the seed page's first remark)."""
    token = read_id_token(played)
    if token is None:
        return
    for name in token.claims:
        if name not in REGISTERED_CLAIMS and not _namespaced(name):
            yield f"the custom claim {name[:60]!r} has no namespace"


@check("id-token-has-namespaced-claim", Subject.ID_TOKEN)
def id_token_has_namespaced_claim(
    played: Played, _t: Transcript, _s: CheckContext
) -> Iterator[str]:
    """A custom claim that the target was set up with arrives under its namespaced name."""
    token = read_id_token(played)
    if token and not any(_namespaced(name) for name in token.claims):
        yield "no namespaced custom claim is in the ID token"


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _namespaced(name: str) -> bool:
    try:
        parts = urlsplit(name)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _text(value: object) -> bytes:
    """A claim as bytes to compare; half of a surrogate pair, which no text holds, is replaced."""
    return str(value).encode("utf-8", "replace")
