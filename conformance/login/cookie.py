"""A session that was stored elsewhere: its cookies are sent with prompt=none."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode, urlsplit

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import Response, Transport, query_parameters
from tokenspec.conformance.login.browse import Browser
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.form import look
from tokenspec.conformance.login.model import AuthorizationResult, Ending, Session
from tokenspec.conformance.target.model import Limits, Login


class CookieDriver:
    """Answers authorization requests with a stored session and no page."""

    def __init__(self, login: Login, origins: frozenset[str], limits: Limits) -> None:
        self._login = login
        self._origins = origins
        self._limits = limits

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """Try the stored session.

        Raises:
            LoginBlocked: the server does not know it any more, or `login.cookies` is no Cookie
                header.
        """
        jar = CookieJar()
        for name, value in self._cookies():
            jar.store(url, Response(200, (("Set-Cookie", f"{name}={value}; Path=/"),)))
        session = Session(jar)
        result = self.authorize(url, redirect_uri, session, transport)
        if result.ending is not Ending.CALLBACK or not result.parameters.get("code"):
            said = result.parameters.get("error") or f"{result.ending}, status {result.status}"
            raise LoginBlocked(
                f"the stored session did not yield a code: {said}",
                "sign in with a browser, copy its Cookie header anew into login.cookies, and see "
                "that clients[0] has the user's consent",
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
        """Perform the request silently: prompt=none is added for a user who is meant to be there.

        Raises:
            Unreachable: the target did not answer.
        """
        jar = session.jar if session else CookieJar()
        browser = Browser(jar, transport, self._origins, redirect_uri, self._limits.hops)
        names = {name for name, _ in query_parameters(url)}
        if interactive and session is not None and "prompt" not in names:
            url += ("&" if urlsplit(url).query else "?") + urlencode({"prompt": "none"})
        return look(browser, url)

    def _cookies(self) -> list[tuple[str, str]]:
        try:
            read = SimpleCookie(self._login.cookies)
        except CookieError as error:
            raise LoginBlocked(
                "login.cookies is no Cookie header", "name=value; name=value"
            ) from error
        if not read:
            raise LoginBlocked("login.cookies holds no cookie", "give it as name=value; name=value")
        return [(name, morsel.coded_value) for name, morsel in read.items()]
