"""Before a run: does the valid exchange succeed? Each step names the setting that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tokenspec.conformance.errors import LoginBlocked, TargetUnusable
from tokenspec.conformance.play.player import play, session_of
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.clients import login_page, probe_client
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.model import Answer, Change, Changes, Setting, Step, StepKind
from tokenspec.conformance.target.model import SIGNS_IN

EXCHANGE_HINTS = {
    "invalid_client": "check clients[0].client_id, its 'auth' and its 'secret' or 'private_key'",
    "unauthorized_client": "allow the authorization_code grant for clients[0] at the server",
    "invalid_grant": "check that clients[0].redirect_uris holds the URI exactly as registered",
    "unsupported_grant_type": "check endpoints.token: is it the token endpoint?",
    "use_dpop_nonce": "the server wants DPoP from this client; see 'capabilities: {dpop: true}'",
    "invalid_dpop_proof": "the server wants DPoP from this client",
}
STILL_SIGNED_IN = ("consent_required", "interaction_required")  # who the user is, is known
STAGES = {
    "page": "login page",
    "credentials": "credentials",
    "consent": "consent",
    "code": "code",
}


def preflight(setup: Setup) -> Iterator[CheckStep]:
    """The steps in order; ends at the first that fails and is required."""
    probes: tuple[Callable[[Setup], Iterator[CheckStep]], ...] = (
        _metadata,
        probe_client,
        _sign_in,
        _exchange,
        _refresh,
        _dpop,
        _userinfo,
        _silently,
        _pkce,
    )
    for probe in probes if setup.target.login.kind != "none" else (_metadata, _no_login):
        for step in probe(setup):
            yield step
            if step.ends_it:
                return


def require_usable(setup: Setup) -> None:
    """Sign in and make one valid exchange.

    Raises:
        TargetUnusable: it did not succeed; names the setting that is wrong.
    """
    if setup.target.login.kind == "none":
        return
    for probe in (_sign_in, _exchange):
        for step in probe(setup):
            if step.ends_it:
                raise TargetUnusable(f"{step.name}: {step.detail}", step.hint)


def _metadata(setup: Setup) -> Iterator[CheckStep]:
    source, target = setup.discovered.source, setup.target
    if not source:
        yield CheckStep("metadata", passed=True, detail="none; the target file names the endpoints")
        return
    named = setup.discovered.metadata.get("issuer")
    if named == target.issuer:
        yield CheckStep("metadata", passed=True, detail=f"read from {source}")
        return
    yield CheckStep(
        "metadata",
        passed=False,
        detail=f"{source} names the issuer {named!r}, the target file {target.issuer!r}; they have "
        "to be the same, character for character (OpenID Connect Discovery §4.3, RFC 8414 §3.3)",
        hint=f"say 'issuer: {named}', if that is the server's right name",
    )


def _no_login(_setup: Setup) -> Iterator[CheckStep]:
    yield CheckStep(
        "sign-in",
        passed=True,
        detail="left out: login kind none; only cases that need no code will run",
        required=False,
    )


def _sign_in(setup: Setup) -> Iterator[CheckStep]:
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
    yield CheckStep("credentials", passed=True, detail=f"accepted{who}")
    yield CheckStep("consent", passed=True, detail="given, or not asked for")
    yield CheckStep("code", passed=True, detail="received")


def _blocked(error: LoginBlocked, seen: str, *, by_page: bool) -> Iterator[CheckStep]:
    if not by_page or error.stage not in STAGES:
        yield CheckStep("sign-in", passed=False, detail=error.message, hint=error.hint)
        return
    passed = list(STAGES)[: list(STAGES).index(error.stage)]
    for stage in passed:
        yield CheckStep(STAGES[stage], passed=True, detail=seen if stage == "page" else "passed")
    yield CheckStep(STAGES[error.stage], passed=False, detail=error.message, hint=error.hint)


def _exchange(setup: Setup) -> Iterator[CheckStep]:
    transcript = _play(setup, "code-exchange")
    last = transcript.steps[-1]
    if last.step.name == "authorize":
        detail = f"the valid authorization request was {_said(setup, transcript, last)}"
        hint = "check 'scope', 'authorize' and clients[0] in the target file"
        yield CheckStep("code exchange", passed=False, detail=detail, hint=hint)
        return
    if last.answer is not Answer.GRANTED:
        detail = f"the valid token request was {_said(setup, transcript, last)}"
        hint = EXCHANGE_HINTS.get(last.error, "look at the server's log for this request")
        yield CheckStep("code exchange", passed=False, detail=detail, hint=hint)
        return
    names = ", ".join(sorted(name for name in last.received if name in _MEMBERS))
    yield CheckStep("code exchange", passed=True, detail=f"with {names}")


_MEMBERS = ("access_token", "refresh_token", "id_token", "expires_in", "scope", "token_type")


def _refresh(setup: Setup) -> Iterator[CheckStep]:
    yield _optional(setup, "refresh", "refresh", "no refresh token, or it was not accepted")


def _dpop(setup: Setup) -> Iterator[CheckStep]:
    yield _optional(setup, "dpop", "code-exchange-dpop", "the exchange with a proof failed")


def _userinfo(setup: Setup) -> Iterator[CheckStep]:
    yield _optional(setup, "userinfo", "userinfo", "the access token was not accepted")


def _silently(setup: Setup) -> Iterator[CheckStep]:
    """A second authorization, for which nobody signs in (OpenID Connect Core §3.1.2.1)."""
    missing = setup.missing(("session", "prompt-none"))
    if missing:
        yield CheckStep("session", passed=True, detail=f"left out: {missing}", required=False)
        return
    silent = Changes({"prompt": Change("value", "none")})
    transcript = play(setup.side, Setting(), (Step(StepKind.AUTHORIZE, "authorize", silent),))
    last = transcript.steps[-1]
    said = f"a second authorization with prompt=none was {_said(setup, transcript, last)}"
    kept = last.answer is Answer.GRANTED or last.error in STILL_SIGNED_IN
    hint = "if the server is not meant to keep the user signed in between two authorizations, say "
    hint += "'capabilities: {session: false, prompt-none: false}'"
    if last.answer is Answer.SERVER_ERROR:
        hint = "look at the server's log for this request; cases of silent authentication will fail"
    yield CheckStep("session", passed=kept, detail=said, hint=hint, required=False)


def _pkce(setup: Setup) -> Iterator[CheckStep]:
    """One code is shown with another verifier than its challenge was made of."""
    missing = setup.missing(("pkce-s256",))
    if missing:
        yield CheckStep("pkce", passed=True, detail=f"left out: {missing}", required=False)
        return
    wrong = Changes({"code_verifier": Change("change_last", 1)})
    steps = (Step(StepKind.AUTHORIZE, "authorize"), Step(StepKind.TOKEN, "token", wrong))
    transcript = play(setup.side, Setting(), steps)
    last = transcript.steps[-1]
    if last.step.name == "token" and last.answer is Answer.GRANTED:
        listed = setup.discovered.metadata.get("code_challenge_methods_supported")
        claim = f", although the metadata lists {listed}" if listed else ""
        yield CheckStep(
            "pkce",
            passed=False,
            detail=f"a code was granted tokens for a wrong code_verifier: PKCE is off{claim}",
            hint="turn PKCE on for clients[0] at the server (RFC 9700 §2.1.1); or, if it has none, "
            "say 'capabilities: {pkce-s256: false}'",
        )
        return
    detail = f"a wrong code_verifier is {_said(setup, transcript, last)}"
    yield CheckStep("pkce", passed=True, detail=detail, required=False)


def _optional(setup: Setup, need: str, base: str, trouble: str) -> CheckStep:
    missing = setup.missing((need,))
    if missing:
        return CheckStep(need, passed=True, detail=f"left out: {missing}", required=False)
    transcript = _play(setup, base)
    last = transcript.steps[-1]
    wanted = BASES[base].steps
    if len(transcript.steps) == len(wanted) and last.answer is Answer.GRANTED:
        bound = last.received.get("token_type")
        if need == "dpop" and str(bound).lower() != "dpop":
            hint = "turn DPoP on for clients[0] at the server, or say 'capabilities: {dpop: false}'"
            text = f"the proof was ignored: token_type {bound}, though metadata lists DPoP"
            return CheckStep(need, passed=False, detail=text, hint=hint, required=False)
        detail = f"granted, token_type {bound}" if isinstance(bound, str) else "granted"
        return CheckStep(need, passed=True, detail=detail, required=False)
    said = transcript.stopped or f"{last.step.name} was {_said(setup, transcript, last)}"
    hint = f"if the server is not meant to do this, say 'capabilities: {{{need}: false}}'"
    if need == "refresh" and transcript.stopped:
        hint += (
            "; many grant offline_access only with 'authorize: {prompt: consent}' (OIDC Core §11)"
        )
    return CheckStep(need, passed=False, detail=f"{trouble}: {said}", hint=hint, required=False)


def _play(setup: Setup, base: str) -> Transcript:
    steps = tuple(Step(kind, str(kind)) for kind in BASES[base].steps)
    return play(setup.side, Setting(dpop=BASES[base].dpop), steps)


def _said(setup: Setup, transcript: Transcript, played: Played) -> str:
    """The answer in words, with the server's own description where it gives one."""
    hide = setup.redactor.for_play()
    evidence(transcript, hide)
    described = played.received.get("error_description")
    more = f": {described[:200]}" if isinstance(described, str) else ""
    return hide.text(answer_text(played) + more)
