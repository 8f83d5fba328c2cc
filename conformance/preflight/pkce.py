"""What a server demands of the main client's proof key, which metadata of the server cannot tell.

RFC 7636 §4.4.1: a client that may not use a method is refused, whatever the server lists for
others; and whether a client may do without PKCE is the server's choice (§4.4.1, §5).
"""

from __future__ import annotations

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import (
    Answer,
    Outcome,
    Pkce,
    Setting,
    Step,
    StepKind,
)
from tokenspec.conformance.target.rules import Decision

S256, PLAIN, OPTIONAL, REQUIRED = "pkce-s256", "pkce-plain", "pkce-optional", "pkce-required"
ANY = tuple(Outcome(answer) for answer in (Answer.GRANTED, Answer.REFUSED, Answer.ERROR_PAGE))


def learned_of_plain(setup: Setup) -> dict[str, Decision]:
    """`pkce-plain`, where metadata lists the method: by a code asked for with it.

    Raises:
        LoginBlocked: a page could not be passed.
    """
    if setup.missing((PLAIN,)) or not setup.decisions[PLAIN].open:
        return {}
    steps = (Step(StepKind.AUTHORIZE, "authorize", expect=ANY), CODE[1])
    transcript = play(setup.side, Setting(pkce=Pkce(method="plain")), steps)
    last = transcript.steps[-1]
    if last.step.kind is StepKind.TOKEN and last.answer is Answer.GRANTED:
        return {PLAIN: Decision(True, "metadata lists plain; seen: a code was redeemed with it")}
    told = setup.redactor.text(answer_text(last))
    why = f"seen: plain, which metadata lists, is for clients[0] {told} (RFC 7636 §4.4.1)"
    return {PLAIN: Decision(False, why)}


def learned_of_demand(setup: Setup) -> dict[str, Decision]:
    """`pkce-required` and `pkce-optional`: by an exchange without challenge and verifier.

    Raises:
        LoginBlocked: a page could not be passed.
    """
    wanted = setup.decisions[REQUIRED].open or setup.decisions[OPTIONAL].open
    if setup.missing((S256,)) or not wanted:
        return {}
    steps = (Step(StepKind.AUTHORIZE, "authorize", expect=ANY), CODE[1])
    transcript = play(setup.side, Setting(pkce=Pkce(method="none")), steps)
    asked, last = transcript.steps[0], transcript.steps[-1]
    seen = f"seen: {last.step.kind} without PKCE is {setup.redactor.text(answer_text(last))}"
    if last.step.kind is StepKind.TOKEN:  # one that insists there begins with everybody
        granted = last.answer is Answer.GRANTED
        return {OPTIONAL: Decision(granted, seen), REQUIRED: Decision(False, seen)}
    if asked.answer is Answer.REFUSED:
        return {OPTIONAL: Decision(False, seen), REQUIRED: Decision(True, seen)}
    return {}
