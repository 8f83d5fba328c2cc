"""JSON answers of the back-channel endpoints: successes, refusals, and challenges."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Failed, Guard
from tokenspec.reference_server.messages import Headers, Refusal, Response
from tokenspec.reference_server.nonces import nonce_demanded
from tokenspec.reference_server.seams import Seam, seam

UNAUTHORIZED, METHOD_NOT_ALLOWED = 401, 405
NO_STORE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


@dataclass(frozen=True, slots=True)
class Refused:
    """What is refused: the request, the guard that refused it, and the error as it is told."""

    exchange: Exchange
    guard: Guard
    error: OAuthError


JSON_HEADERS: Seam[Headers, Refusal | None] = seam(
    "json_headers", "media type and caching of a JSON answer; about a refusal, or None"
)
JSON_TEXT: Seam[str, Refusal | None] = seam("json_text", "the JSON of an answer, written out")
ERROR: Seam[OAuthError, Refused] = seam("error", "the error that a refusal tells")
ERROR_BODY: Seam[dict[str, Any], Refused] = seam("error_body", "the members of an error response")
ERROR_HEADERS: Seam[Headers, Refused] = seam("error_headers", "what the error asks of its headers")
ERROR_ANSWER: Seam[Response, Refused] = seam("error_answer", "an error response as a whole")
CHALLENGE_PARAMETERS: Seam[dict[str, str], Refused] = seam(
    "challenge_parameters", "parameters of the challenge of a protected resource, unquoted"
)
CHALLENGE: Seam[tuple[str, ...], Refused] = seam(
    "challenge", "the values of WWW-Authenticate at a protected resource"
)


def json_answer(
    core: Core,
    status: int,
    body: object,
    headers: Headers = (),
    refusal: Refusal | None = None,
) -> Response:
    """A JSON answer that no cache keeps (RFC 6749 §5.1)."""
    own: Headers = (("Content-Type", "application/json"), *NO_STORE)
    own = core.tell(JSON_HEADERS, own, refusal)
    text = core.tell(JSON_TEXT, json.dumps(body), refusal)
    return Response(status, (*own, *headers), text.encode(), refusal)


def refuse(exchange: Exchange, failed: Failed) -> Response:
    """An error response (RFC 6749 §5.2)."""
    core, given = exchange.core, Refused(exchange, failed.guard, failed.error)
    error = core.tell(ERROR, failed.error, given)
    told = Refused(exchange, failed.guard, error)
    headers = core.tell(ERROR_HEADERS, _headers(core, error), told)
    if failed.error.error == "use_dpop_nonce":
        headers = (*headers, *nonce_demanded(exchange))
    body = {"error": error.error, "error_description": error.description}
    body = core.tell(ERROR_BODY, body, told)
    made = json_answer(core, error.status, body, headers, why(failed))
    return core.tell(ERROR_ANSWER, made, told)


def challenge(exchange: Exchange, failed: Failed) -> Response:
    """An error of a protected resource (RFC 6750 §3, RFC 9449 §7.1)."""
    core, given = exchange.core, Refused(exchange, failed.guard, failed.error)
    error = core.tell(ERROR, failed.error, given)
    told = Refused(exchange, failed.guard, error)
    about_proof = error.error in {"invalid_dpop_proof", "use_dpop_nonce"}
    scheme = "DPoP" if about_proof or exchange.scheme == "dpop" else "Bearer"
    parameters = {"realm": core.config.issuer}
    if error.error:
        parameters["error"] = error.error
    if scheme == "DPoP":
        parameters["algs"] = " ".join(core.policy.client_algorithms)
    parameters = core.tell(CHALLENGE_PARAMETERS, parameters, told)
    value = f"{scheme} " + ", ".join(f'{name}="{text}"' for name, text in parameters.items())
    shown = core.tell(CHALLENGE, (value,), told)
    headers: Headers = tuple(("WWW-Authenticate", text) for text in shown)
    if error.error == "use_dpop_nonce":
        headers = (*headers, *nonce_demanded(exchange))
    status = UNAUTHORIZED if about_proof else error.status
    body = {"error": error.error} if error.error else {}
    return json_answer(core, status, body, headers, why(failed))


def why(failed: Failed) -> Refusal:
    """The oracle's explanation of a refusal."""
    return Refusal(failed.guard.name, failed.guard.requirement, failed.error.cause)


def _headers(core: Core, error: OAuthError) -> Headers:
    if error.status == METHOD_NOT_ALLOWED:  # RFC 9110 §15.5.6 asks for Allow
        return (("Allow", "POST"),)
    if error.status == UNAUTHORIZED:  # RFC 6749 §5.2, RFC 9110 §15.5.2
        return (("WWW-Authenticate", f'Basic realm="{core.config.issuer}"'),)
    return ()
