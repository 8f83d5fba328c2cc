"""The valid exchange with a DPoP proof: whether it is granted, bound, and asked for a nonce."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.http import origin
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.preflight.binding import binding_shown
from tokenspec.conformance.preflight.exchange import CODE, said
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind
from tokenspec.conformance.target.rules import Decision

DPOP, BOUND, UNSAID = "dpop", "dpop-bound", "dpop-bound-unsaid"
OFFERED, DEMANDED, WITHOUT = "dpop-nonce-offered", "dpop-nonce", "dpop-without-nonce"
USERINFO = Step(StepKind.USERINFO, "userinfo")


def proven_exchange(setup: Setup) -> Iterator[CheckStep]:
    """An exchange with a proof; at userinfo too, where there is one."""
    missing = setup.missing((DPOP,))
    if missing:
        yield CheckStep(DPOP, passed=True, detail=f"left out: {missing}", required=False)
        return
    further = () if setup.missing(("userinfo",)) else (USERINFO,)
    transcript = play(setup.side, Setting(dpop=True), (*CODE, *further))
    token = transcript.step("token")
    if token is None or token.answer is not Answer.GRANTED:
        yield _refused(setup, transcript)
        return
    learned = _nonces(setup, transcript)
    kind = str(token.received.get("token_type"))[:40]
    announced = kind.lower() == "dpop"
    learned[BOUND] = Decision(announced, f"seen: token_type {kind!r}")
    if announced:
        detail = f"granted, token_type {kind}"
        yield CheckStep(DPOP, passed=True, detail=detail, required=False, learned=learned)
        return
    shown = binding_shown(setup, transcript)
    if shown:
        detail = f"token_type {kind!r}, and yet {shown}"
        learned |= {name: Decision(True, f"seen: {detail}") for name in (BOUND, UNSAID)}
        yield CheckStep(DPOP, passed=True, detail=detail, required=False, learned=learned)
        return
    yield CheckStep(
        DPOP,
        passed=False,
        detail=f"the proof was ignored: token_type {kind}, though metadata lists DPoP",
        hint="turn DPoP on for clients[0] at the server, or say 'capabilities: {dpop: false}'",
        required=False,
        learned=learned,
    )


def _nonces(setup: Setup, transcript: Transcript) -> dict[str, Decision]:
    """Nonces given and demanded on the way of the valid exchange (RFC 9449 §8, §8.2, §9)."""
    token = transcript.steps[1]
    offered = bool(setup.side.nonces.get(setup.side.endpoints.token))
    demanded = _asked_for_one(token)
    given = "a nonce" if offered else "none"
    asked = "is turned back" if demanded else "is granted"
    return {
        OFFERED: Decision(offered, f"seen: the token endpoint gave {given}"),
        DEMANDED: Decision(demanded, f"seen: a proof without a nonce {asked}"),
        WITHOUT: Decision(not offered, f"seen: the token endpoint gave {given}"),
    }


def _asked_for_one(played: Played) -> bool:
    """Whether the request had to be sent again with a nonce."""
    first = played.exchanges[0].response if played.exchanges else None
    again = len(played.exchanges) > 1
    return again and first is not None and bool(first.header("DPoP-Nonce"))


def _refused(setup: Setup, transcript: Transcript) -> CheckStep:
    """A valid proof was not taken: it names an address the server does not know itself by, maybe.

    RFC 9449 §4.3, check 9: htu has to match the URI of the request as the server sees it.
    """
    last = transcript.steps[-1]
    detail = f"the exchange with a proof failed: {last.step.name} was "
    detail += said(setup, transcript, last)
    if last.error == "use_dpop_nonce" and not _given_one(last):
        return _asked_in_vain(detail)
    hint = "if the server is not meant to do this, say 'capabilities: {dpop: false}'"
    if last.error == "invalid_dpop_proof":
        hint = _by_another_address(setup) or (
            "does the server compare htu with another address than that of the request, as behind "
            "a proxy? Have the proxy say which address was asked for (X-Forwarded-Proto, -Host), "
            "or give the one the server knows with 'network: {htu: …}'"
        )
    return CheckStep(DPOP, passed=False, detail=detail, hint=hint, need=DPOP)


def _given_one(played: Played) -> bool:
    """Whether an answer of the step brought a nonce."""
    responses = (exchange.response for exchange in played.exchanges)
    return any(response and response.header("DPoP-Nonce") for response in responses)


def _asked_in_vain(detail: str) -> CheckStep:
    """A nonce is demanded and none is given, which the cases on nonces report (RFC 9449 §8)."""
    why = "seen: a proof without a nonce is turned back"
    return CheckStep(
        DPOP,
        passed=False,
        detail=detail,
        hint="have the server send a DPoP-Nonce header beside use_dpop_nonce (RFC 9449 §8)",
        reported=True,
        learned={
            OFFERED: Decision(True, f"{why}, and none is given"),
            DEMANDED: Decision(True, why),
            WITHOUT: Decision(False, why),
        },
    )


def _by_another_address(setup: Setup) -> str:
    """A setting for network.htu with which a proof is taken, in words; empty for none."""
    for address in _addresses(setup):
        network = replace(setup.target.network, htu=address)
        side = replace(setup.side, target=replace(setup.side.target, network=network))
        try:
            taken = play(side, Setting(dpop=True), CODE).granted("token")
        except TargetUnusable:
            return ""
        if taken:
            return (
                f"the server takes itself to be at {address}: have the proxy say which address was "
                f"asked for (X-Forwarded-Proto, -Host), or say 'network: {{htu: {address}}}'"
            )
    return ""


def _addresses(setup: Setup) -> Iterator[str]:
    """What a server behind a proxy may take itself for: the other scheme, the issuer's origin."""
    own = setup.side.endpoints.token
    parts = urlsplit(own)
    other = "http" if parts.scheme == "https" else "https"
    yield urlunsplit((other, parts.netloc, "", "", ""))
    named = str(setup.discovered.metadata.get("issuer") or setup.target.issuer)
    if named.startswith(("https://", "http://")) and origin(named) != origin(own):
        yield urlunsplit((*urlsplit(named)[:2], "", "", ""))
