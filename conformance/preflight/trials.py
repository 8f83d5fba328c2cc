"""What `check` tries beside what a run has to know: settings that a newcomer may have to say."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.requests import OFFLINE
from tokenspec.conformance.preflight.exchange import CODE, said
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.model import Answer, Change, Changes, Setting, Step, StepKind

STILL_SIGNED_IN = ("consent_required", "interaction_required")  # who the user is, is known


def offline(setup: Setup) -> Iterator[CheckStep]:
    """What brings a refresh token, where the ordinary request brings none."""
    if not setup.missing(("refresh",)) or "refresh" in setup.target.capabilities:
        return
    scope = setup.target.scope
    wider = scope if OFFLINE in scope.split() else f"{scope} {OFFLINE}"
    for prompt in ("", "consent"):
        wanted = {"scope": wider} if wider != scope else {}
        wanted |= {"prompt": prompt} if prompt else {}
        if wanted and _brings_one(setup, wanted):
            yield CheckStep(
                "refresh token",
                passed=False,
                detail=f"one comes with {' and '.join(f'{n}={v}' for n, v in wanted.items())}",
                hint=f"to have refresh tokens tested, say {_settings(wanted)}",
                required=False,
            )
            return


def userinfo(setup: Setup) -> Iterator[CheckStep]:
    """An access token, shown at userinfo."""
    missing = setup.missing(("userinfo",))
    if missing:
        yield CheckStep("userinfo", passed=True, detail=f"left out: {missing}", required=False)
        return
    yield _opens(setup, StepKind.USERINFO, "if the server is not meant to do this")


def resource(setup: Setup) -> Iterator[CheckStep]:
    """The same at the resource that the target file names; without one nothing is said."""
    if not setup.missing(("resource",)):
        yield _opens(setup, StepKind.RESOURCE, "if ordinary tokens are not meant for it")


def _opens(setup: Setup, kind: StepKind, unless: str) -> CheckStep:
    name = str(kind)
    steps = tuple(Step(one, str(one)) for one in BASES[name].steps)
    transcript = play(setup.side, Setting(), steps)
    last = transcript.steps[-1]
    if last.step.kind is kind and last.answer is Answer.GRANTED:
        return CheckStep(name, passed=True, detail="granted", required=False)
    told = transcript.stopped or f"{last.step.name} was {said(setup, transcript, last)}"
    return CheckStep(
        name,
        passed=False,
        detail=f"the access token was not accepted: {told}",
        hint=f"{unless}, say 'capabilities: {{{name}: false}}'",
        required=False,
    )


def silently(setup: Setup) -> Iterator[CheckStep]:
    """A second authorization, for which nobody signs in (OpenID Connect Core §3.1.2.1)."""
    missing = setup.missing(("session", "prompt-none"))
    if missing:
        yield CheckStep("session", passed=True, detail=f"left out: {missing}", required=False)
        return
    silent = Changes({"prompt": Change("value", "none")})
    transcript = play(setup.side, Setting(), (Step(StepKind.AUTHORIZE, "authorize", silent),))
    last = transcript.steps[-1]
    told = f"a second authorization with prompt=none was {said(setup, transcript, last)}"
    kept = last.answer is Answer.GRANTED or last.error in STILL_SIGNED_IN
    hint = "if the server is not meant to keep the user signed in between two authorizations, say "
    hint += "'capabilities: {session: false, prompt-none: false}'"
    if last.answer is Answer.SERVER_ERROR:
        hint = "look at the server's log for this request; cases of silent authentication will fail"
    yield CheckStep("session", passed=kept, detail=told, hint=hint, required=False)


def verifier(setup: Setup) -> Iterator[CheckStep]:
    """One code is shown with another verifier than its challenge was made of."""
    missing = setup.missing(("pkce-s256",))
    if missing:
        yield CheckStep("pkce", passed=True, detail=f"left out: {missing}", required=False)
        return
    wrong = Changes({"code_verifier": Change("change_last", 1)})
    transcript = play(setup.side, Setting(), (CODE[0], Step(StepKind.TOKEN, "token", wrong)))
    last = transcript.steps[-1]
    if last.step.name == "token" and last.answer is Answer.GRANTED:
        listed = setup.discovered.metadata.get("code_challenge_methods_supported")
        claim = f", although the metadata lists {listed}" if listed else ""
        yield CheckStep(
            "pkce",
            passed=False,
            detail=f"a code was granted tokens for a wrong code_verifier: PKCE is off{claim}",
            hint="turn PKCE on for clients[0] at the server (RFC 9700 §2.1.1); a run reports it; "
            "where the server is known to have none, say 'capabilities: {pkce-s256: false}'",
            reported=True,
        )
        return
    detail = f"a wrong code_verifier is {said(setup, transcript, last)}"
    yield CheckStep("pkce", passed=True, detail=detail, required=False)


def _brings_one(setup: Setup, wanted: dict[str, str]) -> bool:
    changes = Changes({name: Change("value", value) for name, value in wanted.items()})
    steps = (Step(StepKind.AUTHORIZE, "authorize", changes), CODE[1])
    token = play(setup.side, Setting(), steps).step("token")
    return token is not None and bool(token.received.get("refresh_token"))


def _settings(wanted: dict[str, str]) -> str:
    told = [f"'scope: {wanted['scope']}'"] if "scope" in wanted else []
    told += ["'authorize: {prompt: consent}'"] if "prompt" in wanted else []
    return " and ".join(told)
