"""The authorization endpoint: guards, then the user, then a code.

A page carries the authorization request in the query of its form's action, so that the server keeps
no half-made requests. Signing in and consenting both end in the same decision as a plain request.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from tokenspec.reference_server.authorization import (
    Authorization,
    Parameters,
    read_authorization,
)
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints import callback, pages
from tokenspec.reference_server.endpoints.answers import why
from tokenspec.reference_server.endpoints.codes import issue_code
from tokenspec.reference_server.endpoints.interaction import Asked, asked, decide
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.grants import (
    AUTHORIZATION,
    BEFORE_REDIRECTING,
    BEFORE_THE_CODE,
)
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.messages import Refusal, Request, Response
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import SignIn

SESSION_COOKIE = "session"


@dataclass(frozen=True, slots=True)
class Login:
    """A right password, in a browser that had a session or none."""

    core: Core
    before: SignIn | None


SESSION: Seam[SignIn | None, Core] = seam(
    "session", "the session that the cookies of a request name, if there is one"
)
SIGNED_IN: Seam[SignIn, Login] = seam(
    "signed_in", "the session that a right password begins, beside the one the browser had"
)
LOGIN_ANSWER: Seam[Response, None] = seam(
    "login_answer", "the answer to a form with a right password"
)


class AuthorizeEndpoint:
    """Answers `/authorize`, and the forms of its pages at `/login` and `/consent`."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def authorize(self, request: Request) -> Response:
        """An authorization request, by GET or POST (OpenID Connect Core §3.1.2.1)."""
        parameters = request.form if request.method == "POST" else request.query
        return self._begin(request, parameters, self.sign_in(request))

    def login(self, request: Request) -> Response:
        """The login form, filled in."""
        form, parameters = dict(request.form), request.query
        user = self.core.config.user(form.get("username", ""))
        shown = form.get("password", "").encode()
        known = user is not None and hmac.compare_digest(shown, user.password.encode())
        if user is None or not known or not pages.csrf_agrees(request, form):
            return self.login_page(request, parameters, failed=True)
        begun = SignIn(self.core.random_text(), user.username, int(self.core.now()))
        sign_in = self.core.tell(SIGNED_IN, begun, Login(self.core, self.sign_in(request)))
        self.core.store.put_sign_in(sign_in)
        response = self._begin(request, parameters, sign_in, fresh=True)
        response = self.core.tell(LOGIN_ANSWER, response, None)
        cookie = ("Set-Cookie", f"{SESSION_COOKIE}={sign_in.identifier}; Path=/; HttpOnly")
        return replace(response, headers=(*response.headers, cookie))

    def consent(self, request: Request) -> Response:
        """The consent form, filled in."""
        form, sign_in = dict(request.form), self.sign_in(request)
        if sign_in is None or not pages.csrf_agrees(request, form):
            reason = Refusal(
                "consent.csrf", "RFC9700-2.1-no_open_redirector", "no form of this user"
            )
            return self._error_page("The form is out of date.", reason)
        authorization = read_authorization(self.core, request.query)
        if form.get("decision") != "accept":
            return self._denied(authorization)
        given = (authorization.get("client_id"), authorization.get("scope"))
        self.core.store.put_consent(sign_in.username, given)
        return self._begin(request, request.query, sign_in, fresh=True, consented=True)

    def _begin(
        self,
        request: Request,
        parameters: Parameters,
        sign_in: SignIn | None,
        *,
        fresh: bool = False,
        consented: bool = False,
    ) -> Response:
        authorization = read_authorization(self.core, parameters)
        try:
            run(BEFORE_REDIRECTING, authorization, self.core.checks)
        except Failed as failed:
            return self._invalid(failed)
        try:
            run(AUTHORIZATION, authorization, self.core.checks)
        except Failed as failed:
            return callback.error(authorization, failed.error, why(failed))
        return self._answer(
            request, asked(authorization, sign_in, fresh=fresh, consented=consented)
        )

    def _answer(self, request: Request, what: Asked) -> Response:
        """What a request that passed its guards gets."""
        decision, authorization = decide(what), what.request
        if decision.error:
            return callback.error(authorization, decision.error)
        if decision.page == "login" or what.sign_in is None:
            return self.login_page(request, authorization.parameters)
        if decision.page == "consent":
            return self._consent_page(request, authorization)
        try:
            run(BEFORE_THE_CODE, authorization, self.core.checks)
        except Failed as failed:
            return self._invalid(failed)
        return callback.success(authorization, issue_code(authorization, what.sign_in))

    def _denied(self, authorization: Authorization) -> Response:
        """The user said no; told to the client only where it may be redirected to."""
        try:
            run(BEFORE_REDIRECTING, authorization, self.core.checks)
        except Failed as failed:
            return self._invalid(failed)
        cause = "the user denied"
        reason = Refusal("consent.given", "RFC6749-4.1.2.1-access_denied", cause)
        return callback.error(authorization, OAuthError("access_denied", cause), reason)

    def _invalid(self, failed: Failed) -> Response:
        """RFC 6749 §4.1.2.1: a page, where nothing may be redirected."""
        return self._error_page(f"The request is invalid: {failed.error.cause}.", why(failed))

    def _error_page(self, text: str, reason: Refusal) -> Response:
        return replace(pages.page(self.core, 400, pages.error_page(text)), refusal=reason)

    def login_page(
        self, request: Request, parameters: Parameters, *, failed: bool = False
    ) -> Response:
        """The form by which the user signs in for a request with these parameters."""
        csrf = pages.csrf_of(self.core, request)
        action = f"{self.core.endpoint('login')}?{urlencode(parameters)}"
        return pages.page(self.core, 200, pages.login_page(action, csrf, failed=failed), csrf)

    def _consent_page(self, request: Request, authorization: Authorization) -> Response:
        csrf = pages.csrf_of(self.core, request)
        action = f"{self.core.endpoint('consent')}?{urlencode(authorization.parameters)}"
        given = (authorization.get("client_id"), authorization.get("scope"))
        return pages.page(self.core, 200, pages.consent_page(action, csrf, *given), csrf)

    def sign_in(self, request: Request) -> SignIn | None:
        """The session of this browser; None where it has none."""
        known = self.core.store.sign_in(pages.cookies(request).get(SESSION_COOKIE, ""))
        return self.core.tell(SESSION, known, self.core)
