"""What an answer is, for checks to say which answers they speak of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

import jwt

from tokenspec.conformance.challenges import Challenge, read_challenges
from tokenspec.conformance.http import Response
from tokenspec.conformance.login.model import Ending
from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.scenario.model import AT_TOKEN_ENDPOINT, OPENED, Answer, StepKind

ERROR_STATUSES = (400, 401)  # RFC 6749 §5.2
BAD_REQUEST = 400


class Subject(StrEnum):
    """What an answer is; it may be several things, such as tokens that come with a nonce."""

    TOKENS = "a token response"  # RFC 6749 §5.1
    ERROR = "an error response of the token endpoint"  # RFC 6749 §5.2
    REFUSAL = "a refusal of the token endpoint in any form"
    ID_TOKEN = "an ID token"
    LOGIN_TIME = "an ID token that says when the user signed in"
    JWT_ACCESS_TOKEN = "an access token in JWT form"
    CALLBACK = "an authorization response"  # RFC 6749 §4.1.2
    CALLBACK_ERROR = "an authorization error response"  # RFC 6749 §4.1.2.1
    PAGES = "the pages of an authorization request"
    CLAIMS = "the claims of userinfo"
    RESOURCE_REFUSAL = "a refusal of a protected resource"
    BEARER_CHALLENGE = "a challenge for bearer tokens"  # RFC 6750 §3
    DPOP_CHALLENGE = "a challenge for DPoP"  # RFC 9449 §7.1
    INTROSPECTION = "an introspection response"
    REVOCATION = "a revocation response"
    LOGOUT = "an answer to a logout"  # OpenID Connect RP-Initiated Logout 1.0
    PUSHED = "the answer to a pushed request"  # RFC 9126 §2.2
    PUSHED_ERROR = "the refusal of a pushed request"  # RFC 9126 §2.3
    METADATA = "the metadata"
    KEY_SET = "the key set"
    NONCE = "an answer with a DPoP nonce"
    NONCE_DEMAND = "a refusal that asks for a DPoP nonce"  # RFC 9449 §8
    JSON = "an answer in JSON"
    CROSS_ORIGIN = "an answer to a script of another origin"


def is_about(played: Played, subject: Subject) -> bool:
    """Whether the answer of a step is, or holds, the subject."""
    return RECOGNISED[subject](played)


def subjects_of(played: Played, among: Iterable[Subject]) -> frozenset[Subject]:
    """All of these that the answer of a step is, or holds."""
    return frozenset(subject for subject in among if is_about(played, subject))


def challenges_of(response: Response | None, scheme: str = "") -> list[Challenge]:
    """The challenges of an answer, of one scheme where it is named."""
    read = read_challenges(response.header_all("WWW-Authenticate") if response else ())
    return [one for one in read if scheme in ("", one.scheme)]


def _method(played: Played) -> str:
    http = played.step.changes.http
    return http.method if http and http.method else ""


def _token_request(played: Played) -> bool:
    """Whether tokens were asked for: a preflight of a browser asks for none."""
    return played.step.kind in AT_TOKEN_ENDPOINT and _method(played) not in ("OPTIONS", "HEAD")


def _tokens(played: Played) -> bool:
    return _token_request(played) and played.answer is Answer.GRANTED


def _refusal(played: Played) -> bool:
    return _token_request(played) and played.answer is Answer.REFUSED


def _error(played: Played) -> bool:
    """A refusal that is meant to be an error response: not the 404 of a path or method."""
    meant = played.status in ERROR_STATUSES or played.status < BAD_REQUEST
    return _refusal(played) and _method(played) in ("", "POST") and (meant or bool(played.error))


def _called_back(played: Played) -> bool:
    return played.authorization is not None and played.authorization.ending is Ending.CALLBACK


def _granted(kind: StepKind) -> Callable[[Played], bool]:
    def granted(played: Played) -> bool:
        return (
            played.step.kind is kind
            and played.answer is Answer.GRANTED
            and _method(played) != "OPTIONS"
        )

    return granted


def _challenge(scheme: str) -> Callable[[Played], bool]:
    return lambda played: bool(challenges_of(played.response, scheme))


def _jwt(played: Played) -> bool:
    token = played.received.get("access_token")
    return _tokens(played) and isinstance(token, str) and token.count(".") == 2  # noqa: PLR2004 - a compact JWS


def _tells_login(played: Played) -> bool:
    try:
        claims = jwt.decode(
            played.received.get("id_token", ""), options={"verify_signature": False}
        )
    except (jwt.PyJWTError, ValueError):
        return False
    return all(isinstance(claims.get(name), int | float) for name in ("auth_time", "iat"))


def _cross_origin(played: Played) -> bool:
    return bool(played.exchanges) and played.exchanges[-1].request.header("Origin") is not None


RECOGNISED: Mapping[Subject, Callable[[Played], bool]] = {
    Subject.TOKENS: _tokens,
    Subject.ERROR: _error,
    Subject.REFUSAL: _refusal,
    Subject.ID_TOKEN: lambda played: _tokens(played) and "id_token" in played.received,
    Subject.LOGIN_TIME: lambda played: _tokens(played) and _tells_login(played),
    Subject.JWT_ACCESS_TOKEN: _jwt,
    Subject.CALLBACK: lambda played: _called_back(played) and played.answer is Answer.GRANTED,
    Subject.CALLBACK_ERROR: lambda played: _called_back(played) and played.answer is Answer.REFUSED,
    Subject.PAGES: lambda played: played.step.kind is StepKind.AUTHORIZE and not played.pushing,
    Subject.CLAIMS: _granted(StepKind.USERINFO),
    Subject.RESOURCE_REFUSAL: lambda played: (
        played.step.kind in OPENED and played.answer is Answer.REFUSED
    ),
    Subject.BEARER_CHALLENGE: _challenge("bearer"),
    Subject.DPOP_CHALLENGE: _challenge("dpop"),
    Subject.INTROSPECTION: _granted(StepKind.INTROSPECT),
    Subject.REVOCATION: _granted(StepKind.REVOKE),
    Subject.LOGOUT: _granted(StepKind.LOGOUT),
    Subject.PUSHED: _granted(StepKind.PUSH),
    Subject.PUSHED_ERROR: lambda played: (
        played.step.kind is StepKind.PUSH and played.answer is Answer.REFUSED
    ),
    Subject.METADATA: _granted(StepKind.METADATA),
    Subject.KEY_SET: _granted(StepKind.JWKS),
    Subject.NONCE: lambda played: (
        played.response is not None and bool(played.response.header_all("DPoP-Nonce"))
    ),
    Subject.NONCE_DEMAND: lambda played: _refusal(played) and played.error == "use_dpop_nonce",
    Subject.JSON: lambda played: (
        played.response is not None and played.response.media_type == "application/json"
    ),
    Subject.CROSS_ORIGIN: _cross_origin,
}
