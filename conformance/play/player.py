"""Plays the steps of a scenario against one server and writes down what was sent and answered."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from tokenspec.conformance.errors import BrokenOff, TimedOut, Unreachable
from tokenspec.conformance.http import OUT_OF_SERVICE, Exchange, Recorder, Response
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.form import denying
from tokenspec.conformance.login.model import AuthorizationResult, LoginDriver, Session
from tokenspec.conformance.play import pushing, redirected, requests, wire
from tokenspec.conformance.play.answers import answered, authorization_answer, read_members
from tokenspec.conformance.play.expiry import Expiry, expiry_of, refused_early, seconds_before
from tokenspec.conformance.play.memory import Memory, MissingValue
from tokenspec.conformance.play.pushing import NotTaken
from tokenspec.conformance.play.same_browser import see_who_signed_in
from tokenspec.conformance.play.sessions import session_of, valid_request
from tokenspec.conformance.play.side import Side
from tokenspec.conformance.play.transcript import Played, Sent, Transcript
from tokenspec.conformance.scenario.bases import SAME_BROWSER, SESSION_NEEDS
from tokenspec.conformance.scenario.changes import MOMENT, NEXT_SECOND
from tokenspec.conformance.scenario.edits import UnfitError
from tokenspec.conformance.scenario.model import (
    Answer,
    Setting,
    Step,
    StepKind,
    concurrent_groups,
)
from tokenspec.conformance.target.model import SIGNS_IN
from tokenspec.conformance.target.redirects import answered_at

EXPIRY_MARGIN = 2.0  # seconds waited beyond a lifetime
A_MOMENT = 2.0  # seconds, so that times given in whole seconds differ


def play(
    side: Side,
    setting: Setting,
    steps: Iterable[Step],
    *,
    own_sign_in: bool = False,
    in_turn: bool = False,
    apart: bool = False,
) -> Transcript:
    """Play `steps` in order until one lacks what it needs.

    With `own_sign_in` the user signs in anew, so that ending the session harms no other play. With
    `in_turn`, different requests sent together are sent one after the other. With `apart`, what
    has to be refused for its age is made when its like was shown, not beside it: it takes twice as
    long, and a server may keep one alone.

    Raises:
        LoginBlocked: the user could not be signed in, or a page that was not due not be passed.
        RateLimited: the target would not go on.
        HarnessError: the scenario asks for what cannot be made.
    """
    steps = tuple(steps)
    begin = partial(_Play, side, setting, own_sign_in=own_sign_in, in_turn=in_turn)
    expiry = expiry_of(steps)
    playing = (
        partial(_expire, begin(), begin(), expiry, apart=apart)
        if expiry
        else partial(begin().run, steps)
    )
    return contextvars.copy_context().run(playing)  # its time is its own


def _expire(main: _Play, other: _Play, expiry: Expiry, *, apart: bool) -> Transcript:
    """Play around a wait; `other` shows shortly before its end what is as old."""
    clock, lifetime = main.side.clock, main.lifetime(expiry.lifetime)
    began = clock()
    other.run(expiry.before)
    begun, ready = main.run(() if apart else expiry.before), clock()
    main.side.wait(max(began + lifetime - seconds_before(lifetime) - clock(), 0.0))
    refused = refused_early(other.run((expiry.valid,)).step(expiry.valid.name))
    if refused:
        early = f"{seconds_before(lifetime):g} s before the end of lifetimes.{expiry.lifetime}"
        return replace(begun, stopped=f"one as old was refused {early} as well: {refused}")
    if apart:
        begun, ready = main.run(expiry.before), clock()
    if any(played.answer is not Answer.GRANTED for played in begun.steps) or begun.stopped:
        return begun
    main.waited = clock() - ready
    rest = main.run(expiry.rest)
    return replace(rest, steps=(*begun.steps, *rest.steps))


class _Play:
    """One play: its memory, its recorder, the steps done so far."""

    def __init__(self, side: Side, setting: Setting, *, own_sign_in: bool, in_turn: bool) -> None:
        self.side = side
        self.setting = setting
        self.own_sign_in = own_sign_in
        self.in_turn = in_turn
        self.error_pages_due: set[str] = set()  # names of steps that may be answered with one
        self.waited = 0.0  # seconds, of those to be let pass
        self.own: Session | None = None  # of the first user, in this play
        self.memory = Memory.begin(side, setting)
        self.recorder = Recorder(side.connect())

    def run(self, steps: Iterable[Step]) -> Transcript:
        steps = tuple(steps)
        self.error_pages_due = {
            outcome.at or step.name
            for step in steps
            for outcome in step.expect
            if outcome.answer is Answer.ERROR_PAGE
        }
        done: list[Played] = []
        stopped = ""
        for together in concurrent_groups(steps):
            self.recorder.exchanges.clear()
            try:
                played = self._play_group(together)
            except (MissingValue, UnfitError) as missing:
                names = " and ".join(step.name for step in together)
                stopped = f"{names} could not be sent: {missing}"
                break
            done += played
            for one in played:
                self._remember(one)
            if any(one.missing for one in played):
                stopped = "it is not known what came of a request that got no answer"
                break
            if not all(one.answer is Answer.GRANTED or one.step.judged for one in played):
                break
        return Transcript(
            setting=self.setting,
            client_id=self.memory.client.client_id,
            issuer=self.side.issuer,
            steps=tuple(done),
            stopped=stopped,
            jkt=self.memory.dpop_key().jkt if self.memory.keys else "",
        )

    def _play_group(self, together: tuple[Step, ...]) -> list[Played]:
        """One step, or several that are sent at the same moment."""
        first = together[0]
        if first.raced:
            return self._at_once(together)
        authorizing = first.kind is StepKind.AUTHORIZE and not _without_browser(first)
        return [self._authorize(first) if authorizing else self._request(first)]

    def _remember(self, played: Played) -> None:
        sent = {name: values[0] for name, values in played.sent.items()}
        self.memory.remember(played.step.name, sent, played.received)

    def _authorize(self, step: Step) -> Played:
        written, sent, valid = requests.authorization(self.memory, step.changes)
        try:
            moment, url, by_push, result = self._authorization_result(step, written, sent)
        except NotTaken as refused:
            return self._not_taken(step, sent, valid, refused)
        except Unreachable as error:
            return self._unanswered(step, sent, valid, error)
        asked = wire.with_query(url, _query(sent))
        due = step.name in self.error_pages_due
        if result.blocked is not None and not due:
            raise result.blocked
        result = redirected.settled(result, sent, self.memory.client.redirect_uris)
        answer = authorization_answer(result, request=asked, error_page_due=due)
        username = self.side.seen_by(step.user).target.login.username
        see_who_signed_in(step, answer, username, self.recorder.exchanges)
        return Played(
            step=step,
            answer=answer,
            sent=sent,
            valid=valid,
            received=result.parameters,
            authorization=result,
            pushed=by_push,
            missing=int(result.status in OUT_OF_SERVICE),
            exchanges=tuple(self.recorder.exchanges),
            at=moment,
        )

    def _not_taken(self, step: Step, sent: Sent, valid: Sent, refused: NotTaken) -> Played:
        """An authorization request that was refused where it was pushed."""
        return Played(
            step=step,
            answer=refused.answer,
            sent=sent,
            valid=valid,
            received=refused.received,
            response=refused.response,
            pushed=len(self.recorder.exchanges),
            pushing=True,
            missing=int(refused.response.status in OUT_OF_SERVICE),
            exchanges=tuple(self.recorder.exchanges),
            at=self.side.clock(),
        )

    def _authorization_result(
        self, step: Step, written: requests.Parameters, sent: Sent
    ) -> tuple[float, str, int, AuthorizationResult]:
        """When an authorization request was sent, to which URL, after so many pushes; its end.

        Pages are acted on only for a user who is meant to be there.
        """
        live = self.setting.session != "none"
        browser = self.side.seen_by(step.user)
        prompts = " ".join(str(value) for value in sent.get("prompt", ())).split()
        interactive = live and "none" not in prompts and not _page_wanted(step)
        with self._session(browser, live=live, interactive=interactive) as lent:
            session = self.own if step.user == SAME_BROWSER else lent
            self.own = self.own if step.user else session
            if live and not interactive:
                self._warm_up(browser, session)
            if step.changes.http and step.changes.http.after:
                with browser.sessions.set_aside():
                    self._let_pass(step.changes.http.after)
                # a login now is of the time that this play has moved on to
                session = Session(lent.jar.copy()) if lent else None
            begun = pushing.begun(self.memory, self.recorder, step, written)
            by_push = len(self.recorder.exchanges)
            url = wire.with_query(requests.endpoint(self.memory, step.kind), _query(begun))
            at, where = self.side.clock(), self._redirect_uri(sent)
            result = self._driver(browser).authorize(
                url, where, session, self.recorder, interactive=interactive
            )
            return at, url, by_push, result

    def _driver(self, browser: Side) -> LoginDriver:
        if self.setting.session == "denied":
            return denying(browser.driver)
        return browser.driver

    def _session(
        self, browser: Side, *, live: bool, interactive: bool
    ) -> AbstractContextManager[Session | None]:
        if not live:
            return nullcontext()
        if self.setting.session in SESSION_NEEDS:
            return nullcontext(Session(CookieJar()))
        can_sign_in = browser.target.login.kind in SIGNS_IN
        if self.own_sign_in and interactive and can_sign_in:
            return nullcontext(Session(CookieJar()))
        return session_of(browser)

    def _warm_up(self, browser: Side, session: Session | None) -> None:
        """See that the session is alive, so that a silent request that fails says something."""
        url, redirect_uri = valid_request(browser, self.setting.client)
        browser.driver.authorize(url, redirect_uri, session, browser.connect())

    def _redirect_uri(self, sent: Sent) -> str:
        return answered_at(sent.get("redirect_uri", ()), self.memory.client.redirect_uris)

    def _request(self, step: Step) -> Played:
        self._let_pass_for(step)
        outgoing = wire.write(self.memory, step)
        at = self.side.clock()
        try:
            begun = pushing.begun(self.memory, self.recorder, step, dict(outgoing.sent))
            response = wire.send(self.memory, self.recorder, replace(outgoing, sent=begun))
        except NotTaken as refused:
            return self._not_taken(step, outgoing.sent, outgoing.valid, refused)
        except Unreachable as error:
            return self._unanswered(step, outgoing.sent, outgoing.valid, error)
        return _answered(outgoing, (response,), tuple(self.recorder.exchanges), at)

    def _at_once(self, steps: tuple[Step, ...]) -> list[Played]:
        """Every request is written before the first is sent, so none knows another's answer."""
        for step in steps:
            self._let_pass_for(step)
        written = [wire.write(self.memory, step) for step in steps]
        at = self.side.clock()
        in_turn = self.in_turn and len(written) > 1
        sent = wire.send_at_once(self.memory, self.recorder, written, in_turn=in_turn)
        return [_of_a_race(*one, at) for one in zip(written, sent, strict=True)]

    def _let_pass_for(self, step: Step) -> None:
        if step.changes.http:
            self._let_pass(step.changes.http.after)

    def _let_pass(self, after: str) -> None:
        """Wait until what lives so long has expired; `needs` saw to it that this is wanted."""
        if after == MOMENT:
            self.side.wait(A_MOMENT)
        elif after == NEXT_SECOND:
            self.side.wait(1 - self.side.clock() % 1)
        elif after:
            self.side.wait(max(self.lifetime(after) + EXPIRY_MARGIN - self.waited, 0.0))

    def lifetime(self, name: str) -> float:
        """How long it is that a code or token lives, in seconds."""
        return float(getattr(self.side.target.lifetimes, name.replace("-", "_")))

    def _unanswered(self, step: Step, sent: Sent, valid: Sent, error: Unreachable) -> Played:
        return Played(
            step=step,
            answer=Answer.NO_ANSWER,
            sent=sent,
            valid=valid,
            exchanges=tuple(self.recorder.exchanges),
            failure=error.message,
            closed=isinstance(error, BrokenOff),
            late=isinstance(error, TimedOut),
            missing=1,
            at=self.side.clock(),
        )


def _answered(
    outgoing: wire.OutgoingRequest,
    responses: Sequence[Response],
    exchanges: tuple[Exchange, ...],
    at: float,
) -> Played:
    """The step of a request; of several answers the first that grants it stands for all."""
    kind = outgoing.step.kind
    members = [read_members(kind, response) for response in responses]
    answers = tuple(map(partial(answered, kind, outgoing.method), responses, members))
    first = answers.index(Answer.GRANTED) if Answer.GRANTED in answers else 0
    return Played(
        step=outgoing.step,
        answer=answers[first],
        sent=outgoing.sent,
        valid=outgoing.valid,
        received=members[first],
        response=responses[first],
        together=_distinct_answers(kind, responses, answers) if outgoing.step.raced else (),
        missing=int(responses[first].status in OUT_OF_SERVICE),
        exchanges=exchanges,
        at=at,
    )


def _of_a_race(
    outgoing: wire.OutgoingRequest, exchanges: tuple[Exchange, ...], at: float
) -> Played:
    """A step that was sent at the same moment as others, or as its own copies."""
    responses = [one.response for one in exchanges if one.response is not None]
    missing = sum(not one.answered for one in exchanges)
    if responses:
        return replace(_answered(outgoing, responses, exchanges, at), missing=missing)
    return Played(
        step=outgoing.step,
        answer=Answer.NO_ANSWER,
        sent=outgoing.sent,
        valid=outgoing.valid,
        exchanges=exchanges,
        failure=exchanges[0].failure,
        missing=missing,
        at=at,
    )


def _distinct_answers(
    kind: StepKind, responses: Sequence[Response], answers: Sequence[Answer]
) -> tuple[Answer, ...]:
    """The answers to requests sent at once; refreshes answered by the same token count once.

    A server may give every one of them the tokens it gave the first: that wins nobody a second pair
    (RFC 9700 §4.14.2 does not speak of refreshes at the same moment).
    """
    if kind is not StepKind.REFRESH:
        return tuple(answers)
    seen: set[str] = set()
    kept = []
    for response, answer in zip(responses, answers, strict=True):
        token = str((response.json_object() or {}).get("access_token", ""))
        if answer is Answer.GRANTED and token in seen:
            continue
        seen.add(token)
        kept.append(answer)
    return tuple(kept)


def _page_wanted(step: Step) -> bool:
    """Whether a page for the user is itself what the step expects."""
    return any(outcome.answer is Answer.LOGIN_PAGE for outcome in step.expect)


def _without_browser(step: Step) -> bool:
    """Whether a request is sent by itself: a form, or the preflight of a script."""
    return step.changes.http is not None and step.changes.http.method in ("OPTIONS", "POST")


def _query(sent: Sent) -> str:
    return urlencode(requests.pairs(dict(sent)))
