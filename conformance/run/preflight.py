"""Before a run: does the valid exchange succeed? Each step names the setting that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.errors import TargetUnusable
from conformance.play.player import play, session_of
from conformance.play.transcript import Played, Transcript
from conformance.play.wording import answer_text
from conformance.run.evidence import evidence
from conformance.run.setup import Setup
from conformance.scenario.bases import BASES
from conformance.scenario.model import Answer, Setting, Step

EXCHANGE_HINTS = {
    "invalid_client": "check clients[0].client_id, its 'auth' and its 'secret' or 'private_key'",
    "unauthorized_client": "allow the authorization_code grant for clients[0] at the server",
    "invalid_grant": "check that clients[0].redirect_uris holds the URI exactly as registered",
    "unsupported_grant_type": "check endpoints.token: is it the token endpoint?",
    "use_dpop_nonce": "the server wants DPoP from this client; see 'capabilities: {dpop: true}'",
    "invalid_dpop_proof": "the server wants DPoP from this client",
}


@dataclass(frozen=True, slots=True)
class Tick:
    """One step of the preflight. `required`: without it nothing can be said of the target."""

    name: str
    good: bool
    detail: str
    hint: str = ""
    required: bool = True


def preflight(setup: Setup) -> Iterator[Tick]:
    """The steps in order; ends at the first that fails and is required."""
    steps: tuple[Callable[[Setup], Tick], ...] = (
        _metadata,
        _sign_in,
        _exchange,
        _refresh,
        _dpop,
        _userinfo,
    )
    for step in steps:
        tick = step(setup)
        yield tick
        if tick.required and not tick.good:
            return


def require_usable(setup: Setup) -> None:
    """Sign in and make one valid exchange.

    Raises:
        TargetUnusable: it did not succeed; names the setting that is wrong.
    """
    if setup.target.login.kind == "none":
        return
    for step in (_sign_in, _exchange):
        tick = step(setup)
        if not tick.good:
            raise TargetUnusable(f"{tick.name}: {tick.detail}", tick.hint)


def _metadata(setup: Setup) -> Tick:
    source = setup.discovered.source
    detail = f"read from {source}" if source else "none; the target file names the endpoints"
    return Tick("metadata", good=True, detail=detail)


def _sign_in(setup: Setup) -> Tick:
    try:
        with session_of(setup.party):
            pass
    except TargetUnusable as error:
        return Tick("sign-in", good=False, detail=error.message, hint=error.hint)
    login = setup.target.login
    who = f" as {login.username}" if login.username else ""
    return Tick("sign-in", good=True, detail=f"by {login.kind}{who}")


def _exchange(setup: Setup) -> Tick:
    transcript = _play(setup, "code-exchange")
    last = transcript.steps[-1]
    if last.step.name == "authorize":
        detail = f"the valid authorization request was {_said(setup, transcript, last)}"
        hint = "check 'scope', 'authorize' and clients[0] in the target file"
        return Tick("code exchange", good=False, detail=detail, hint=hint)
    if last.answer is not Answer.GRANTED:
        detail = f"the valid token request was {_said(setup, transcript, last)}"
        hint = EXCHANGE_HINTS.get(last.error, "look at the server's log for this request")
        return Tick("code exchange", good=False, detail=detail, hint=hint)
    names = ", ".join(sorted(name for name in last.received if name in _MEMBERS))
    return Tick("code exchange", good=True, detail=f"with {names}")


_MEMBERS = ("access_token", "refresh_token", "id_token", "expires_in", "scope", "token_type")


def _refresh(setup: Setup) -> Tick:
    return _optional(setup, "refresh", "refresh", "no refresh token, or it was not accepted")


def _dpop(setup: Setup) -> Tick:
    return _optional(setup, "dpop", "code-exchange-dpop", "the exchange with a proof failed")


def _userinfo(setup: Setup) -> Tick:
    return _optional(setup, "userinfo", "userinfo", "the access token was not accepted")


def _optional(setup: Setup, need: str, base: str, trouble: str) -> Tick:
    missing = setup.missing((need,))
    if missing:
        return Tick(need, good=True, detail=f"left out: {missing}", required=False)
    transcript = _play(setup, base)
    last = transcript.steps[-1]
    wanted = BASES[base].steps
    if len(transcript.steps) == len(wanted) and last.answer is Answer.GRANTED:
        bound = last.received.get("token_type")
        detail = f"granted, token_type {bound}" if isinstance(bound, str) else "granted"
        return Tick(need, good=True, detail=detail, required=False)
    said = transcript.stopped or f"{last.step.name} was {_said(setup, transcript, last)}"
    hint = f"if the server is not meant to do this, say 'capabilities: {{{need}: false}}'"
    return Tick(need, good=False, detail=f"{trouble}: {said}", hint=hint, required=False)


def _play(setup: Setup, base: str) -> Transcript:
    steps = tuple(Step(kind, str(kind)) for kind in BASES[base].steps)
    return play(setup.party, Setting(dpop=BASES[base].dpop), steps)


def _said(setup: Setup, transcript: Transcript, played: Played) -> str:
    """The answer in words, with the server's own description where it gives one."""
    hide = setup.redactor.for_play()
    evidence(transcript, hide)
    described = played.received.get("error_description")
    more = f": {described[:200]}" if isinstance(described, str) else ""
    return hide.text(answer_text(played) + more)
