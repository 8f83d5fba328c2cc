"""Does the valid exchange succeed, for each client? Each step names the setting that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tokenspec.conformance.errors import LoginBlocked, TargetUnusable
from tokenspec.conformance.http import COME_BACK, OUT_OF_SERVICE
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.sessions import session_of
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.clients import (
    AUDIENCE,
    BESIDE,
    NOTHING_THERE,
    OTHER_PLACE,
    diagnosed,
    login_page,
)
from tokenspec.conformance.preflight.granted import (
    OPENID,
    learned_of_refresh,
    learned_of_tokens,
    needs_proof,
)
from tokenspec.conformance.preflight.setup import Setup, seen_from
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind
from tokenspec.conformance.target.discovery import MEMBERS
from tokenspec.conformance.target.model import SIGNS_IN, Client
from tokenspec.conformance.target.rules import Decision
from tokenspec.conformance.texts import legible, shortened

EXCHANGE_HINTS = {
    "invalid_client": "check {client}.client_id, its 'auth' and its 'secret' or 'private_key'",
    "unauthorized_client": "allow the authorization_code grant for {client} at the server",
    "invalid_grant": "check that {client}.redirect_uris holds the URI exactly as registered",
    "unsupported_grant_type": "check endpoints.token: is it the token endpoint?",
}
LOG = "look at the server's log for this request"
SERVER_ERROR = 500
SHOWN = ("access_token", "refresh_token", "id_token", "expires_in", "scope", "token_type")
STAGES = {
    "page": "login page",
    "credentials": "credentials",
    "consent": "consent",
    "code": "code",
}
CODE = (Step(StepKind.AUTHORIZE, "authorize"), Step(StepKind.TOKEN, "token"))
REFRESHED = (*CODE, Step(StepKind.REFRESH, "refresh"))


def sign_in(setup: Setup) -> Iterator[CheckStep]:
    """Page, credentials, consent, code: as far as the login came."""
    login = setup.target.login
    who = f" as {login.username}" if login.username else ""
    seen = f"by {login.kind}{who}"
    by_page = login.kind in SIGNS_IN
    try:
        if by_page:
            seen = login_page(setup) or seen
        with session_of(setup.side):
            pass
    except LoginBlocked as error:
        yield from _blocked(error, seen, by_page=by_page)
        return
    except TargetUnusable as error:
        yield CheckStep("sign-in", passed=False, detail=error.message, hint=error.hint)
        return
    if not by_page:
        yield CheckStep("sign-in", passed=True, detail=seen)
        return
    yield CheckStep("login page", passed=True, detail=seen)
    pressed = getattr(setup.side.driver, "pressed", ())
    buttons = f"; pressed {' and '.join(map(repr, map(legible, pressed)))}" if pressed else ""
    yield CheckStep("credentials", passed=True, detail=f"accepted{who}{buttons}")
    yield CheckStep("consent", passed=True, detail="given, or not asked for")
    yield CheckStep("code", passed=True, detail="received")


def main_exchange(setup: Setup) -> Iterator[CheckStep]:
    """A code, its tokens and a refresh, by the main client; and what their answers show."""
    transcript = play(setup.side, Setting(), REFRESHED)
    learned: dict[str, Decision] = {}
    if needs_proof(transcript) and not setup.side.always_dpop:
        proving = replace(setup, side=replace(setup.side, always_dpop=True))
        proven = play(proving.side, Setting(), REFRESHED)
        if proven.granted("token"):
            why = "seen: without a proof the valid token request is refused, with one it is granted"
            learned["dpop-required"] = Decision(True, why)
            setup, transcript = proving, proven
    trouble = _trouble(setup, transcript)
    if trouble is not None:
        yield CheckStep("code exchange", passed=False, detail=trouble[0], hint=trouble[1])
        return
    token = transcript.steps[1]
    names = ", ".join(sorted(name for name in token.received if name in SHOWN))
    more = "; only with a DPoP proof (dpop-required)" if learned else ""
    learned |= learned_of_tokens(setup, token)
    yield CheckStep("code exchange", passed=True, detail=f"with {names}{more}", learned=learned)
    if OPENID in learned and not learned[OPENID].present:
        yield CheckStep(
            "openid",
            passed=False,
            detail=f"{learned[OPENID].reason.removeprefix('seen: ')}; its cases do not apply",
            hint="leave 'openid' out of 'scope'; or, where the server is meant to know OpenID "
            "Connect, say 'capabilities: {openid: true}'",
            required=False,
        )
    yield _refresh(setup, transcript)


def other_clients(setup: Setup) -> Iterator[CheckStep]:
    """The valid exchange of every client but the main one, by its own method."""
    refreshing = []
    for client in setup.target.clients[1:]:
        step, token = _other(seen_from(setup, client), client)
        if token is not None and token.received.get("refresh_token"):
            refreshing.append(client.client_id)
        yield step
    if refreshing and setup.missing(("refresh",)) and "refresh" not in setup.target.capabilities:
        yield CheckStep(
            "refresh",
            passed=False,
            detail=f"{setup.target.main.client_id} got no refresh token, {refreshing[0]} did",
            hint=f"put {refreshing[0]} first in 'clients' to have refresh tokens tested",
            required=False,
        )


def _other(setup: Setup, client: Client) -> tuple[CheckStep, Played | None]:
    """One client; the first thing that is wrong with it, or what its tokens came with."""
    name, how = setup.place, str(client.auth)
    learned: dict[str, Decision] = {}
    try:
        transcript = play(setup.side, Setting(), CODE)
        trouble = _trouble(setup, transcript)
        found = diagnosed(setup) if trouble else None
        if found and found.learned:
            learned, how = dict(found.learned), found.detail.removeprefix("by ")
            side = replace(
                setup.side,
                issuer_audience=learned[AUDIENCE].present,
                assertion_client_id=learned[BESIDE].present,
            )
            transcript = play(side, Setting(), CODE)
            trouble, found = _trouble(setup, transcript), None
        if trouble is None:
            detail = f"{client.client_id} by {how}: granted"
            step = CheckStep(
                name, passed=True, detail=detail, client=client.client_id, learned=learned
            )
            return step, transcript.step("token")
        detail, hint = (found.detail, found.hint) if found else trouble
    except TargetUnusable as error:
        detail, hint = error.message, error.hint.replace("clients[0]", setup.place)
    told = f"{client.client_id}: {detail}"
    step = CheckStep(name, passed=False, detail=told, hint=hint, client=client.client_id)
    return step, None


def said(setup: Setup, transcript: Transcript, played: Played) -> str:
    """The answer in words, with the server's own description where it gives one."""
    hide = setup.redactor.for_play()
    evidence(transcript, hide)
    described = played.received.get("error_description")
    more = f": {shortened(hide.text(described))}" if isinstance(described, str) else ""
    return hide.text(answer_text(played)) + more


def _trouble(setup: Setup, transcript: Transcript) -> tuple[str, str] | None:
    """What went wrong until tokens were there, and the setting to look at; None if nothing."""
    last = next(p for p in reversed(transcript.steps) if p.step.kind is not StepKind.REFRESH)
    if last.step.kind is StepKind.AUTHORIZE:
        detail = f"the valid authorization request was {said(setup, transcript, last)}"
        return detail, f"check 'scope', 'authorize' and {setup.place} in the target file"
    if last.answer is Answer.GRANTED:
        return None
    detail = f"the valid token request was {said(setup, transcript, last)}"
    if last.status in OUT_OF_SERVICE:
        return detail, COME_BACK
    place = _other_place(setup, last)
    if place:
        return detail, place
    return detail, EXCHANGE_HINTS.get(last.error, LOG).format(client=setup.place)


def _other_place(setup: Setup, last: Played) -> str:
    """What to look at where the answer may be none of a token endpoint; empty where it is one."""
    place = OTHER_PLACE.format(endpoint="token", url=setup.side.endpoints.token)
    other = _named_otherwise(setup)
    if other:
        return f"{place}; the metadata has the same address for {other}"
    if last.error or last.status >= SERVER_ERROR:  # RFC 6749 §5.2: a refusal has a code
        return ""
    return place if last.status in NOTHING_THERE else f"{place}; if it is, {LOG}"


def _named_otherwise(setup: Setup) -> str:
    """The member of the metadata that names the token endpoint's address too; empty for none."""
    metadata, url = setup.discovered.metadata, setup.side.endpoints.token
    others = (member for name, member in MEMBERS.items() if name != "token")
    return next((member for member in others if metadata.get(member) == url), "")


def _refresh(setup: Setup, transcript: Transcript) -> CheckStep:
    """The refresh of the exchange, as far as it came."""
    learned = learned_of_refresh(setup, transcript)
    played = transcript.step("refresh")
    missing = setup.missing(("refresh",))
    if played is not None and played.answer is Answer.GRANTED:
        return CheckStep("refresh", passed=True, detail="granted", required=False, learned=learned)
    if played is None and missing:
        detail = f"left out: {missing}; none came"
        return CheckStep("refresh", passed=True, detail=detail, required=False, learned=learned)
    detail = "no refresh_token came"
    hint = "many servers grant one only with the scope offline_access, and some only with "
    hint += "'authorize: {prompt: consent}' (OpenID Connect Core §11)"
    if played is not None:
        detail = f"a refresh_token came, and its use was {said(setup, transcript, played)}"
        hint = "allow the refresh_token grant for clients[0] at the server, or say "
        hint += "'capabilities: {refresh: false}'"
    return CheckStep(
        "refresh", passed=False, detail=detail, hint=hint, required=False, learned=learned
    )


def _blocked(error: LoginBlocked, seen: str, *, by_page: bool) -> Iterator[CheckStep]:
    if not by_page or error.stage not in STAGES:
        yield CheckStep("sign-in", passed=False, detail=error.message, hint=error.hint)
        return
    passed = list(STAGES)[: list(STAGES).index(error.stage)]
    for stage in passed:
        yield CheckStep(STAGES[stage], passed=True, detail=seen if stage == "page" else "passed")
    yield CheckStep(STAGES[error.stage], passed=False, detail=error.message, hint=error.hint)
