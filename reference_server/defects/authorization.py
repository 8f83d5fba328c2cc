"""Authorization requests read too loosely or too strictly: RFC 6749 §3.1."""

from __future__ import annotations

from reference_server.defects.building import subtle
from reference_server.errors import invalid_request
from reference_server.guarding import Defect
from reference_server.guards.authorization import Authorization


def _no_unknown_authorize_parameters(request: Authorization) -> None:
    if any(name.startswith("tokenspec_") for name, _ in request.parameters):
        raise invalid_request("unknown parameter")


def _none_gives_way(request: Authorization) -> None:
    words = request.get("prompt").split()
    if len(words) > 1:
        request.values["prompt"] = " ".join(word for word in words if word != "none")


DEFECTS: tuple[Defect, ...] = (
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
