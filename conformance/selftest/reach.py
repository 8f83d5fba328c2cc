"""Which defects a case can notice at all: those that change something on the way of its play.

As mutation testers prune by coverage: a play at the conforming server is watched from outside. At
each guard and seam it passes, every defect that stands there is asked as well, beside the right
one, and without effect. A defect that never answered otherwise would have left the play as it was.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, cast

from tokenspec.reference_server import ServerConfig
from tokenspec.reference_server.alterations.catalogue import dialect_of, liberty_named
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.routes import ROUTES
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guarding import GUARDS, Check
from tokenspec.reference_server.seams import SEAMS, Alter
from tokenspec.reference_server.store import Store

# What a store answers without being changed, of one entry: the same wherever it is asked.
LOOKUPS = ("code", "token", "sign_in", "consented", "replaced_since", "ended")
COPIED = ("values", "exchange", "request")  # what may be changed of what a function is given


class _Effect(Exception):  # noqa: N818 - no error: what was asked does more than answer
    """The store would be changed, or looked at as a whole."""


def everywhere() -> frozenset[str]:
    """The defects that any play may notice: of configuration, store, clock, routes, or served."""
    return frozenset(
        name
        for name, it in DEFECTS.items()
        if it.configures or it.store or it.clock or it.served or ROUTES.name in it.tells
    )


class Watching:
    """Watches plays at a reference server; `reached` has the defects that could change them."""

    def __init__(self, config: ServerConfig, liberties: Collection[str] = ()) -> None:
        self.reached: set[str] = set(everywhere())
        self._dry = threading.local()
        in_place: dict[str, Check] = {name: guard.check for name, guard in GUARDS.items()}
        for item in (*dialect_of(config).alterations(), *map(liberty_named, liberties)):
            in_place |= item.guards
        checks = {name: self._watched_check(name, check) for name, check in in_place.items()}
        tells = {name: self._watched_seam(name) for name in SEAMS}
        self.alteration = Alteration("watching", "", "", checks, tells, store=self._watched_store)

    def _watched_check(self, name: str, right: Check) -> Check:
        wrong = {d: one.guards[name] for d, one in DEFECTS.items() if name in one.guards}

        def check(request: Any) -> None:
            for defect in () if self._is_dry else wrong.keys() - self.reached:
                before, after = _copied(request), _copied(request)
                if self._differ(_asked(right, before), _asked(wrong[defect], after), before, after):
                    self.reached.add(defect)
            right(request)

        return check

    def _watched_seam(self, name: str) -> Alter:
        wrong = {d: one.tells[name] for d, one in DEFECTS.items() if name in one.tells}

        def alter(value: Any, about: Any) -> Any:
            for defect in () if self._is_dry else wrong.keys() - self.reached:
                before, after = _copied(about), _copied(about)
                told = _asked(wrong[defect], _copied(value), after)
                if self._differ(lambda: _plain(value), told, before, after):
                    self.reached.add(defect)
            return value

        return alter

    def _watched_store(self, store: Store) -> Store:
        watching = self

        class Watched:
            def __getattr__(self, name: str) -> Any:
                if watching._is_dry and name not in LOOKUPS:
                    raise _Effect
                return getattr(store, name)

        return cast("Store", Watched())

    @property
    def _is_dry(self) -> bool:
        return getattr(self._dry, "on", False)

    @contextmanager
    def _without_effect(self) -> Iterator[None]:
        self._dry.on = True
        try:
            yield
        finally:
            self._dry.on = False

    def _differ(
        self, right: Callable[[], Any], wrong: Callable[[], Any], before: Any, after: Any
    ) -> bool:
        with self._without_effect():
            try:
                return bool(right() != wrong() or before != after)
            except Exception:  # noqa: BLE001 - whatever it is, the right one did not raise it
                return True


def _asked(function: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    """What comes of a function: a value, or a refusal as text."""

    def ask() -> Any:
        try:
            return _plain(function(*given))
        except OAuthError as error:
            return "refused", _plain(error)

    return ask


def _plain(value: Any) -> Any:
    """A value that can be compared: of a refusal what a client gets to see."""
    if isinstance(value, OAuthError):
        return value.error, value.status, value.told
    return value


def _copied(about: Any) -> Any:
    """A copy, of which what a function may change is a copy too."""
    if isinstance(about, OAuthError):
        return OAuthError(about.error, about.cause, about.status, about.told)
    made = copy.copy(about)
    for name in COPIED:
        if hasattr(made, "__dataclass_fields__") and name in made.__dataclass_fields__:
            inner: Any = getattr(made, name)
            object.__setattr__(made, name, copy.copy(inner) if name == "values" else _copied(inner))
    return made
