"""What is a server's own affair whatever it chose before: rules that data alone cannot state.

What it may choose once, and is held to, stands in `freedoms.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.fuzz.citing import REPLAY_REFUSED, REPLAY_REVOKES
from conformance.fuzz.compare import Parting
from conformance.fuzz.freedoms import known_freedoms
from conformance.play.transcript import Transcript
from conformance.play.verdicts import Kind
from conformance.scenario.model import StepKind
from conformance.target.model import Target

ROTATION = (REPLAY_REFUSED, REPLAY_REVOKES)
Rule = Callable[[Parting, Transcript, Target], bool]


def _error_unnamed(parting: Parting, _play: Transcript, _target: Target) -> bool:
    return parting.kind is Kind.WRONG_ERROR and parting.guard not in known_freedoms().errors


def _rotation_of_bound_tokens(parting: Parting, play: Transcript, _target: Target) -> bool:
    """RFC 9700 §2.2.2: bound to a key, or rotated."""
    return parting.requirement in ROTATION and play.setting.dpop


def _for_some_clients(parting: Parting, play: Transcript, _target: Target) -> bool:
    """RFC 9700 §2.2.2, RFC 9449 §8."""
    differs = parting.requirement in ROTATION or parting.guard == "dpop.nonce"
    return differs and play.setting.client != "main"


def _only_address(parting: Parting, play: Transcript, target: Target) -> bool:
    """OpenID Connect Core §3.1.3.2."""
    client = next((one for one in target.clients if one.client_id == play.client_id), None)
    alone = client is not None and len(client.redirect_uris) == 1
    return alone and parting.guard == "redirect_uri.present"


def _address_by_default(parting: Parting, play: Transcript, _target: Target) -> bool:
    """RFC 6749 §3.1.2.3, §4.1.3; the suite only observes whether it is asked for then."""
    asked = (played for played in play.steps if played.step.kind is StepKind.AUTHORIZE)
    named = all(played.sent.get("redirect_uri") for played in asked)
    refused = parting.kind is Kind.REFUSED and parting.step_kind is StepKind.TOKEN
    return refused and not named


def _proof_beside_bearer(parting: Parting, play: Transcript, _target: Target) -> bool:
    """RFC 9449 §7.1."""
    shown = play.step(parting.step)
    if parting.kind is not Kind.REFUSED or shown is None or not shown.exchanges:
        return False
    request = shown.exchanges[-1].request
    scheme = (request.header("Authorization") or "").partition(" ")[0]
    return scheme.lower() == "bearer" and request.header("DPoP") is not None


BY_CLIENT = "Rotation (RFC 9700 §2.2.2) and nonces (RFC 9449 §8) may be for some clients only."
RULES: tuple[tuple[Rule, str], ...] = (
    (
        _error_unnamed,
        "No text names one error code for this refusal, and the suite asks where one does.",
    ),
    (_rotation_of_bound_tokens, BY_CLIENT),
    (_for_some_clients, BY_CLIENT),
    (
        _only_address,
        "OpenID Connect Core §3.1.3.2 lets an only registered redirect URI go unnamed.",
    ),
    (
        _address_by_default,
        "An address that was left out may count as if the registered one had been sent.",
    ),
    (
        _proof_beside_bearer,
        "RFC 9449 §7.1 has a proof go with a token of type DPoP; another may be refused.",
    ),
)


def why_its_own(parting: Parting, play: Transcript, target: Target) -> str:
    """Why a parting in a play at `target` is its own affair; empty where it is not."""
    return next((why for holds, why in RULES if holds(parting, play, target)), "")
