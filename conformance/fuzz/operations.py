"""What may follow an exchange: the operations of a sequence, in the words of the scenario format.

Those a well-meaning client would do cost nothing; the others are deviations, of which a generated
case has few. `{"earlier": name}` stands for a value received at any earlier step that has it, the
same throughout an operation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.conformance.scenario.loader import TOGETHER

Steps = tuple[Mapping[str, Any], ...]
OTHER_CLIENT = {"client_auth": {"client": "second"}}
OTHER_KEY: Mapping[str, Any] = {"dpop": {"key": "other"}}
NO_PROOF: Mapping[str, Any] = {"headers": {"DPoP": {"omit": True}}}
OLD_PROOF: Mapping[str, Any] = {"dpop": {"reuse": True}}
NO_NONCE: Mapping[str, Any] = {"dpop": {"claims": {"nonce": {"omit": True}}}}
STALE_NONCE: Mapping[str, Any] = {"dpop": {"claims": {"nonce": "never-given-out"}}}
AT_ONCE: Mapping[str, Any] = {"http": {"at_once": 2}}


@dataclass(frozen=True, slots=True)
class Operation:
    """One or more requests, as they stand under `then`.

    `deviations` counts the steps a well-meaning client would not send; `proven` where tokens have
    to be bound to a key for it.
    """

    name: str
    steps: Steps
    deviations: int = 1
    proven: bool = False

    @property
    def looks_back(self) -> bool:
        """Whether a request of it shows a value received earlier."""
        requests = [one for step in self.steps for one in members(step)]
        return any(
            is_earlier(value)
            for request in requests
            for changes in request.values()
            for value in changes.values()
        )


def _good(name: str, *steps: Mapping[str, Any]) -> Operation:
    return Operation(name, steps, deviations=0)


def _bad(name: str, step: Mapping[str, Any]) -> Operation:
    return Operation(name, (step,))


def _race(
    name: str,
    *steps: Mapping[str, Any],
    after: Steps = (),
    then: Steps = (),
    deviations: int = 1,
) -> Operation:
    """Requests sent together, and what shows how they left the tokens."""
    return Operation(name, (*after, {TOGETHER: steps}, *then), deviations)


def members(step: Mapping[str, Any]) -> Steps:
    """The requests of a step: one, or those that are sent together."""
    return tuple(step.get(TOGETHER, (step,)))


def is_earlier(value: Any) -> bool:
    """Whether it stands for a value received at an earlier step."""
    return isinstance(value, Mapping) and "earlier" in value


def _unproven(name: str, step: Mapping[str, Any]) -> Operation:
    return Operation(name, (step,), proven=True)


CODE: Mapping[str, Any] = {"token": {}}
WRONG_VERIFIER: Mapping[str, Any] = {"token": {"code_verifier": {"change_last": 1}}}
AUTHORIZE: Mapping[str, Any] = {"authorize": {}}
FIRST_CODE: Mapping[str, Any] = {"token": {"code": {"copy": "authorize.code"}}}
REFRESH: Mapping[str, Any] = {"refresh": {}}
EARLIER_REFRESH: Mapping[str, Any] = {"refresh": {"refresh_token": {"earlier": "refresh_token"}}}
USERINFO: Mapping[str, Any] = {"userinfo": {}}
EARLIER_USERINFO: Mapping[str, Any] = {"userinfo": {"access_token": {"earlier": "access_token"}}}
INTROSPECT: Mapping[str, Any] = {"introspect": {}}
EARLIER_INTROSPECT: Mapping[str, Any] = {"introspect": {"token": {"earlier": "access_token"}}}
REVOKE: Mapping[str, Any] = {"revoke": {}}
REVOKE_REFRESH: Mapping[str, Any] = {"revoke": {"token": {"earlier": "refresh_token"}}}

OPERATIONS: tuple[Operation, ...] = (
    _good("authorize and exchange", AUTHORIZE, CODE),
    _good("refresh", REFRESH),
    _good("refresh for less", {"refresh": {"scope": "openid"}}),
    _good("userinfo", USERINFO),
    _good("userinfo by an earlier token", EARLIER_USERINFO),
    _good("introspect", INTROSPECT),
    _good("introspect an earlier token", EARLIER_INTROSPECT),
    _good("revoke the access token", REVOKE),
    _good("revoke a refresh token", REVOKE_REFRESH),
    _bad("the code again", CODE),
    _bad("the first code again", FIRST_CODE),
    _bad("the code again without verifier", {"token": {"code_verifier": {"omit": True}}}),
    _bad("the code again, wrong verifier", WRONG_VERIFIER),
    _bad("the code again by another client", {**CODE, **OTHER_CLIENT}),
    Operation("a code twice at once", (AUTHORIZE, {**CODE, **AT_ONCE})),  # one not spent before
    _bad("an earlier refresh token", EARLIER_REFRESH),
    _bad("a refresh by another client", {**REFRESH, **OTHER_CLIENT}),
    _bad("a refresh for more", {"refresh": {"scope": "openid email admin"}}),
    _bad("an altered refresh token", {"refresh": {"refresh_token": {"change_last": 3}}}),
    _bad("two refreshes at once", {**REFRESH, **AT_ONCE}),
    _bad(
        "userinfo by a refresh token", {"userinfo": {"access_token": {"earlier": "refresh_token"}}}
    ),
    _bad("introspection by another client", {**INTROSPECT, **OTHER_CLIENT}),
    _bad("revocation by another client", {**REVOKE, **OTHER_CLIENT}),
    _bad("a refresh token revoked by another client", {**REVOKE_REFRESH, **OTHER_CLIENT}),
    _bad("revocation with a wrong hint", {"revoke": {"token_type_hint": "refresh_token"}}),
    _race(
        "a refresh while a refresh token is revoked",
        *(REFRESH, REVOKE_REFRESH),
        then=(EARLIER_REFRESH,),
        deviations=2,
    ),
    _race(
        "a refresh while an earlier token comes back", *(REFRESH, EARLIER_REFRESH), then=(REFRESH,)
    ),
    _race("a refresh while another client tries", REFRESH, {**REFRESH, **OTHER_CLIENT}),
    _race("a code while a wrong verifier is shown", CODE, WRONG_VERIFIER, after=(AUTHORIZE,)),
    _race("a code while another client tries", CODE, {**CODE, **OTHER_CLIENT}, after=(AUTHORIZE,)),
    _unproven("the code again, another key", {**CODE, **OTHER_KEY}),
    _unproven("a refresh, another key", {**REFRESH, **OTHER_KEY}),
    _unproven("a refresh, no proof", {**REFRESH, **NO_PROOF}),
    _unproven("a refresh, an old proof", {**REFRESH, **OLD_PROOF}),
    _unproven("a refresh, no nonce", {**REFRESH, **NO_NONCE}),
    _unproven("a refresh, a stale nonce", {**REFRESH, **STALE_NONCE}),
    _unproven("userinfo, another key", {**USERINFO, **OTHER_KEY}),
    _unproven("userinfo, no proof", {**USERINFO, **NO_PROOF}),
    _unproven("userinfo, an old proof", {**USERINFO, **OLD_PROOF}),
    _unproven("userinfo as a bearer", {**USERINFO, "http": {"authorization_scheme": "Bearer"}}),
)
# What has run out: only where waiting takes no time.
EXPIRIES: tuple[Operation, ...] = (
    Operation("a refresh, expired", ({**REFRESH, "http": {"after": "refresh-token"}},)),
    Operation("userinfo, expired", ({**USERINFO, "http": {"after": "access-token"}},)),
    Operation("introspect, expired", ({**INTROSPECT, "http": {"after": "access-token"}},)),
    Operation("the code, expired", (AUTHORIZE, {**CODE, "http": {"after": "code"}})),
)
PLAIN = tuple(step for one in (*OPERATIONS, *EXPIRIES) if not one.deviations for step in one.steps)


def deviating_steps(sequence: Iterable[Mapping[str, Any]]) -> int:
    """How many steps of a sequence a well-meaning client would not send; a race counts as one."""
    return sum(itertools.starmap(_deviates, itertools.pairwise(({}, *sequence))))


def _deviates(before: Mapping[str, Any], step: Mapping[str, Any]) -> bool:
    again = "token" in step and "authorize" not in before  # a code that was used
    return TOGETHER in step or again or _unfilled(step) not in PLAIN


def _unfilled(step: Mapping[str, Any]) -> dict[str, Any]:
    """The step as an operation has it, with `earlier` for each token that is copied of it."""
    return {
        place: {name: _as_earlier(value) for name, value in changes.items()}
        for place, changes in step.items()
        if place != "expect"
    }


def _as_earlier(value: Any) -> Any:
    copied = str(value.get("copy", "")) if isinstance(value, Mapping) else ""
    name = copied.partition(".")[2]
    return {"earlier": name} if name.endswith("_token") else value
