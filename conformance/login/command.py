"""A command of the user's own carries the authorization request to its callback."""

from __future__ import annotations

import shlex
import subprocess

from conformance.errors import LoginBlocked
from conformance.http import Transport
from conformance.login.browse import Browser, callback, is_callback
from conformance.login.cookies import CookieJar
from conformance.login.form import look
from conformance.login.model import Ending, Landing, Session
from conformance.target.model import Limits, Login

SECONDS = 120  # that one command may take


class CommandDriver:
    """Runs `login.command` with the authorization URL as its last argument, without a shell.

    The command prints the callback URL as the last line of its output.
    """

    def __init__(self, login: Login, origins: frozenset[str], limits: Limits) -> None:
        self._command = login.command
        self._origins = origins
        self._limits = limits

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """Run the command once to see that it works; it keeps its own session.

        Raises:
            LoginBlocked: it failed or brought no code.
        """
        landing = self.authorize(url, redirect_uri, Session(CookieJar()), transport)
        if not landing.parameters.get("code"):
            said = landing.parameters.get("error") or landing.location[:200]
            raise LoginBlocked(f"the login command brought no code: {said}", "run it by hand")
        return Session(CookieJar())

    def authorize(
        self,
        url: str,
        redirect_uri: str,
        session: Session | None,
        transport: Transport,
        *,
        interactive: bool = True,
    ) -> Landing:
        """Run the command; a request without a user goes straight to the server.

        Raises:
            LoginBlocked: the command failed.
            Unreachable: the target did not answer.
        """
        if session is None or not interactive:
            limits = self._limits
            browser = Browser(CookieJar(), transport, self._origins, redirect_uri, limits.hops)
            return look(browser, url)
        location = self._run(url)
        if is_callback(location, redirect_uri):
            return callback(location, ())
        return Landing(Ending.ELSEWHERE, 0, location)

    def _run(self, url: str) -> str:
        name = shlex.join(self._command)
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
                [*self._command, url], capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LoginBlocked(
                f"the login command {name!r} failed: {error}", "check login.command"
            ) from error
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            told = done.stderr.strip()[-300:]
            raise LoginBlocked(
                f"the login command {name!r} ended with status {done.returncode}: {told}",
                "it has to print the callback URL as its last line",
            )
        return lines[-1].strip()
