"""Login drivers: ways to carry an authorization request to its code."""

from __future__ import annotations

from tokenspec.conformance.login.chromium import BrowserDriver
from tokenspec.conformance.login.command import by_command
from tokenspec.conformance.login.cookie import CookieDriver
from tokenspec.conformance.login.form import FormDriver
from tokenspec.conformance.login.handed import Carry, HandedDriver
from tokenspec.conformance.login.hook import by_function
from tokenspec.conformance.login.manual import by_hand
from tokenspec.conformance.login.model import LoginDriver
from tokenspec.conformance.login.nobody import by_nobody
from tokenspec.conformance.target.model import Login, Target


def driver_for(login: Login, target: Target, origins: frozenset[str]) -> LoginDriver:
    """The driver for a user of a target; `origins` are those of the target."""
    limits = target.limits
    if login.kind == "manual":
        prompt = by_hand()
        return HandedDriver(prompt.ask, origins, limits, trial=False, stop=prompt.stop)
    carry = _carry(login)
    if carry is not None:
        return HandedDriver(carry, origins, limits)
    if login.kind == "browser":
        verify = target.verify_tls
        return BrowserDriver(login, origins, limits, target.network, verify_tls=verify)
    if login.kind == "cookie":
        return CookieDriver(login, origins, limits)
    return FormDriver(login, origins, limits)


def _carry(login: Login) -> Carry | None:
    """What carries requests for kinds that hand them over."""
    match login.kind:
        case "command":
            return by_command(login.command)
        case "python":
            return by_function(login.function)
        case "none":
            return by_nobody()
        case _:
            return None
