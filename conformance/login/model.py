"""What a login driver is, and where an authorization request can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import Transport
from tokenspec.conformance.login.cookies import CookieJar


class Ending(StrEnum):
    """Where an authorization request ended."""

    CALLBACK = "callback"  # a redirect to the redirect_uri of the request
    ELSEWHERE = "elsewhere"  # a redirect to another place outside the target
    LOGIN_PAGE = "login-page"  # a page that wants the user to act (sign in, consent)
    ERROR_PAGE = "error-page"  # a page that says no: by its status, or unlike any that signs in
    UNKNOWN_PAGE = "unknown-page"  # one that may be either, as pages made by scripts are


UNPASSED = (Ending.LOGIN_PAGE, Ending.UNKNOWN_PAGE)  # pages that somebody may still pass


@dataclass(frozen=True, slots=True)
class AuthorizationResult:
    """The end of one authorization request.

    `parameters` are those of the callback (query of the redirect, or fields of a form_post page);
    `location` is the redirect's target for CALLBACK and ELSEWHERE; `status` and `page` describe the
    last response otherwise (`page` holds at most the first 2,000 characters of its text). `blocked`
    says why an unknown page could not be passed, where that was tried.
    """

    ending: Ending
    status: int = 0
    location: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()  # callback parameters that came more than once
    page: str = ""
    words: str = ""  # what a person reads on that page, shortened
    blocked: LoginBlocked | None = None
    at_registered: bool = False  # a redirect_uri nobody registered led to one that somebody did


@dataclass(frozen=True, slots=True)
class Session:
    """A user's session at the target: the cookies it left. In one authorization at a time."""

    jar: CookieJar


class LoginDriver(Protocol):
    """Carries one authorization request to its end.

    The driver gets the transport to use (it records every exchange) and sends credentials only to
    the origins it was built with. It never follows a redirect to the request's redirect_uri or to
    an origin it was not told of: such a redirect is the end of the request.
    """

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """Sign the user in by performing the authorization request `url`; once a run.

        Raises:
            LoginBlocked: the page could not be passed; the message says why and what to change.
            Unreachable: the target did not answer.
        """
        ...

    def authorize(
        self,
        url: str,
        redirect_uri: str,
        session: Session | None,
        transport: Transport,
        *,
        interactive: bool = True,
    ) -> AuthorizationResult:
        """Perform the authorization request `url` with `session` (None: no cookies).

        With `interactive` false no page is acted on: a login or consent page is an ending of its
        own (`LOGIN_PAGE`). Otherwise pages are filled in; one that wants what is never done here
        raises, and one that nothing can be told of is an `UNKNOWN_PAGE`.

        Raises:
            LoginBlocked: a login or consent page could not be passed.
            Unreachable: the target did not answer.
        """
        ...
