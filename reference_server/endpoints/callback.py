"""The authorization response: a redirect to the client with a code or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.messages import Refusal, Response
from tokenspec.reference_server.seams import Seam, seam

SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Answered:
    """The request that is answered, and the error it is answered with; None with a code."""

    request: Authorization
    error: OAuthError | None = None


AUTHORIZATION_ERROR: Seam[dict[str, str], Answered] = seam(
    "authorization_error", "error, error_description and error_uri of an authorization response"
)
AUTHORIZATION_RESPONSE: Seam[dict[str, str], Answered] = seam(
    "authorization_response", "the parameters of an authorization response"
)
CALLBACK: Seam[str, Answered] = seam(
    "callback", "the address of the client, ready for the parameters to be put behind it"
)
LOCATION: Seam[str, Answered] = seam("location", "the address that a browser is redirected to")
AUTHORIZATION_ANSWER: Seam[Response, Answered] = seam(
    "authorization_answer", "an authorization response as a whole"
)


def success(request: Authorization, code: str) -> Response:
    """RFC 6749 §4.1.2: a code."""
    return _redirect(Answered(request), {"code": code})


def error(request: Authorization, problem: OAuthError, why: Refusal | None = None) -> Response:
    """RFC 6749 §4.1.2.1: an error, told only after it is known that the client is there."""
    answered = Answered(request, problem)
    fields = {"error": problem.error, "error_description": problem.description}
    fields = request.core.tell(AUTHORIZATION_ERROR, fields, answered)
    refusal = why or Refusal(problem.error, "OIDCC-3.1.2.6-error_at_redirect_uri", problem.cause)
    return replace(_redirect(answered, fields), refusal=refusal)


def callback_address(redirect_uri: str) -> str:
    """The redirect_uri, its query kept, ready for parameters (RFC 6749 §3.1.2, §4.1.2)."""
    if redirect_uri.endswith("?"):
        return redirect_uri
    return redirect_uri + ("&" if "?" in redirect_uri else "?")


def _redirect(answered: Answered, fields: Mapping[str, str]) -> Response:
    """Back to the client, with state (RFC 6749 §4.1.2) and the issuer (RFC 9207 §2)."""
    request, answer = answered.request, dict(fields)
    core = request.core
    if request.get("state"):
        answer["state"] = request.get("state")
    answer["iss"] = core.config.issuer
    answer = core.tell(AUTHORIZATION_RESPONSE, answer, answered)
    address = core.tell(CALLBACK, callback_address(request.redirect_uri), answered)
    location = core.tell(LOCATION, address + urlencode(answer), answered)
    made = Response(SEE_OTHER, (("Location", location), ("Cache-Control", "no-store")))
    return core.tell(AUTHORIZATION_ANSWER, made, answered)
