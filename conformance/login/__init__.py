"""Login drivers: ways to carry an authorization request to its code."""

from __future__ import annotations

from conformance.login.command import CommandDriver
from conformance.login.cookie import CookieDriver
from conformance.login.form import FormDriver
from conformance.login.model import LoginDriver
from conformance.target.model import Limits, Login


def driver_for(login: Login, origins: frozenset[str], limits: Limits) -> LoginDriver:
    """The driver for a `login` section; `origins` are those of the target."""
    match login.kind:
        case "cookie":
            return CookieDriver(login, origins, limits)
        case "command":
            return CommandDriver(login, origins, limits)
        case _:
            return FormDriver(login, origins, limits)
