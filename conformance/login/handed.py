"""Authorization requests that something else carries to their callback: a program, a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import Transport
from tokenspec.conformance.login.browse import Browser, callback, is_callback
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.form import look
from tokenspec.conformance.login.model import UNPASSED, AuthorizationResult, Ending, Session
from tokenspec.conformance.target.model import Limits
from tokenspec.conformance.texts import legible, shortened

# authorization URL and redirect URI to callback URL, or to ERROR_PAGE and what the page says
Carry = Callable[[str, str], str]
ERROR_PAGE = "error-page:"  # no URL has this scheme


class HandedDriver:
    """Asks `carry` where a page has to be passed, and the server itself where none has.

    Args:
        carry: brings an authorization request to its callback; raises LoginBlocked.
        origins: the origins of the target.
        limits: how many redirects are followed.
        trial: whether `sign_in` tries it once.
        stop: ends what `carry` still waits for.
    """

    def __init__(
        self,
        carry: Carry,
        origins: frozenset[str],
        limits: Limits,
        *,
        trial: bool = True,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._carry = carry
        self._origins = origins
        self._limits = limits
        self._trial = trial
        self.stop = stop

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """See that it works; whatever carries the requests keeps its own session.

        Raises:
            LoginBlocked: it failed or did not yield a code.
        """
        session = Session(CookieJar())
        if self._trial:
            result = self.authorize(url, redirect_uri, session, transport)
            if not result.parameters.get("code"):
                answered = result.parameters.get("error") or result.location or result.words
                said = shortened(answered) or result.ending
                raise LoginBlocked(
                    f"the login did not yield a code: {said}", "try it by hand", "code"
                )
        return session

    def authorize(
        self,
        url: str,
        redirect_uri: str,
        session: Session | None,
        transport: Transport,
        *,
        interactive: bool = True,
    ) -> AuthorizationResult:
        """Have the request carried; one without a user goes straight to the server.

        Raises:
            LoginBlocked: it could not be carried.
            Unreachable: the target did not answer.
        """
        limits = self._limits
        browser = Browser(CookieJar(), transport, self._origins, redirect_uri, limits.hops)
        result = look(browser, url)
        if session is None or not interactive or result.ending not in UNPASSED:
            return result  # refused before any page: nobody has to be asked
        location = self._carry(url, redirect_uri)
        if location.startswith(ERROR_PAGE):
            said = legible(shortened(location.removeprefix(ERROR_PAGE).strip()))
            return replace(result, ending=Ending.ERROR_PAGE, page=said, words=said, blocked=None)
        if is_callback(location, redirect_uri):
            return callback(location, (), redirect_uri)
        return AuthorizationResult(Ending.ELSEWHERE, 0, location)
