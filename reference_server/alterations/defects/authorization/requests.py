"""Authorization requests read too loosely or too strictly: RFC 6749 §3.1."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import invalid_grant, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import code

AN_HOUR = 3600  # seconds


def _no_unknown_authorize_parameters(request: Authorization) -> None:
    if any(name.startswith("tokenspec_") for name, _ in request.parameters):
        raise invalid_request("unknown parameter")


def _none_gives_way(request: Authorization) -> None:
    words = request.get("prompt").split()
    if len(words) > 1:
        request.values["prompt"] = " ".join(word for word in words if word != "none")


def _nonce_once(exchange: Exchange) -> None:
    code.unused.check(exchange)
    nonce = exchange.code.grant.nonce if exchange.code else ""
    if nonce and not exchange.core.store.first_time(f"nonce {nonce}", exchange.now + AN_HOUR):
        raise invalid_grant("nonce seen before")


def _no_response_mode(request: Authorization) -> None:
    if request.get("response_mode"):
        raise invalid_request("response_mode")


def _no_empty_prompt(request: Authorization) -> None:
    if ("prompt", "") in request.parameters:
        raise invalid_request("empty prompt")


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "authorize.empty_prompt_refused",
        "RFC6749-3.1-empty_param_omitted",
        "an empty prompt is an error",
        authorize__prompt_none_alone=_no_empty_prompt,
    ),
    subtle(
        "authorize.response_mode_refused",
        "RFC8414-2-response_modes_default",
        "response_mode is refused, whatever it says",
        authorize__response_mode_known=_no_response_mode,
    ),
    subtle(
        "authorize.nonce_remembered",
        "OIDCC-2-nonce_no_processing",
        "a nonce that was seen before is refused",
        code__unused=_nonce_once,
    ),
    subtle(
        "authorize.unknown_refused",
        "RFC6749-3.1-unknown_param_ignored",
        "an unknown authorization parameter is refused",
        authorize__no_repeats=_no_unknown_authorize_parameters,
    ),
    subtle(
        "authorize.none_gives_way",
        "OIDCC-3.1.2.1-prompt_none_combined",
        "none is dropped where it stands beside another prompt",
        authorize__prompt_none_alone=_none_gives_way,
    ),
)
