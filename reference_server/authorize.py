"""The authorization endpoint: guards, then the user, then a code.

A page carries the authorization request in the query of its form's action, so that the server keeps
no half-made requests. Signing in and consenting both end in the same decision as a plain request.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tokenspec.reference_server import callback, pages
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guarding import Failed, behaviour, run
from tokenspec.reference_server.guards.authorization import (
    BEFORE_REDIRECTING,
    LOOPBACKS,
    REDIRECTED,
    Authorization,
)
from tokenspec.reference_server.guards.openid import OPENID, claims_asked, subjects_asked
from tokenspec.reference_server.guards.targets import REQUESTED
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.messages import Refusal, Request, Response
from tokenspec.reference_server.store import Code, Grant, SignIn

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

SESSION_COOKIE = "session"
SILENT = behaviour(
    "authorize.silent", "OIDCC-3.1.2.1-prompt_none_no_ui", "prompt=none never shows a page"
)
SILENT_SESSION = behaviour(
    "authorize.silent_session",
    "AUTH0-Remarks-silent_new_token",
    "prompt=none succeeds while the session lives",
)
PROMPT_LOGIN = behaviour(
    "authorize.prompt_login",
    "OIDCC-3.1.2.3-prompt_login_reauthenticates",
    "prompt=login makes the user sign in again",
)
MAX_AGE = behaviour(
    "authorize.max_age",
    "OIDCC-3.1.2.1-max_age_reauth",
    "max_age makes a user whose login is older sign in again",
)
API_ALLOWS = behaviour(
    "offline_access.api_allows",
    "AUTH0-Remarks-offline_access_disabled",
    "no offline access to an API that does not allow it",
)
CODE_SYNTAX = behaviour("code.syntax", "RFC6749-A.11-code_syntax", "it is printable ASCII")
SCOPE_CASE = behaviour(
    "authorize.scope_case",
    "RFC6749-3.3-case_sensitive",
    "words of scope differ in the case of their letters",
)
BY_POST = behaviour(
    "authorize.by_post", "OIDCC-3.1.2.1-get_and_post", "a request may come as a form"
)
UNPROVEN_ASKED = behaviour(
    "authorize.unproven_asked",
    "RFC8252-8.6-no_automatic_processing",
    "a client that any program could be is not approved without the user",
)
IDENTIFIED = behaviour(
    "authorize.user_identified",
    "RFC6749-3.1-authenticates_owner",
    "nothing is granted to a browser nobody has signed in to",
)
CHALLENGE_HIDDEN = behaviour(
    "authorize.challenge_hidden",
    "RFC7636-4.4-challenge_not_exposed",
    "a code does not tell its challenge",
)
RANDOM_CODES = behaviour(
    "code.random", "RFC6749-10.10-guess_probability", "one code does not tell the next"
)
LONG_CODES = behaviour(
    "code.room_for_128_bits", "RFC6749-10.10-guess_probability", "a code is not to be guessed"
)
LONGER_CODES = behaviour(
    "code.room_for_160_bits",
    "RFC6749-10.10-guess_probability_recommended",
    "a code has more random bits than it must have",
)


class AuthorizeEndpoint:
    """Answers `/authorize`, and the forms of its pages at `/login` and `/consent`."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def authorize(self, request: Request) -> Response:
        """An authorization request, by GET or POST (OpenID Connect Core §3.1.2.1)."""
        if request.method == "POST" and not self.server.behaves(BY_POST):
            return Response(405, (("Allow", "GET"),))
        parameters = request.form if request.method == "POST" else request.query
        return self._begin(request, parameters, self._sign_in(request))

    def login(self, request: Request) -> Response:
        """The login form, filled in."""
        form, parameters = dict(request.form), request.query
        user = self.server.config.user(form.get("username", ""))
        shown = form.get("password", "").encode()
        known = user is not None and hmac.compare_digest(shown, user.password.encode())
        if user is None or not known or not self._csrf_agrees(request, form):
            return self._login_page(request, parameters, failed=True)
        sign_in = SignIn(self.server.random_text(), user.username, int(self.server.now()))
        self.server.store.put_sign_in(sign_in)
        response = pages.answer_to_password(
            self.server, self._begin(request, parameters, sign_in, fresh=True)
        )
        cookie = ("Set-Cookie", f"{SESSION_COOKIE}={sign_in.identifier}; Path=/; HttpOnly")
        return replace(response, headers=(*response.headers, cookie))

    def consent(self, request: Request) -> Response:
        """The consent form, filled in."""
        form, sign_in = dict(request.form), self._sign_in(request)
        if sign_in is None or not self._csrf_agrees(request, form):
            why = Refusal("consent.csrf", "RFC9700-2.1-no_open_redirector", "no form of this user")
            page = pages.page(self.server, 400, pages.error_page("The form is out of date."))
            return replace(page, refusal=why)
        authorization = self.read(request.query)
        if form.get("decision") != "accept":
            return self._denied(authorization)
        given = (authorization.get("client_id"), authorization.get("scope"))
        self.server.store.put_consent(sign_in.username, given)
        return self._begin(request, request.query, sign_in, fresh=True, consented=True)

    def _denied(self, authorization: Authorization) -> Response:
        """The user said no; told to the client only where it may be redirected to."""
        try:
            run(BEFORE_REDIRECTING, authorization, self.server.defects)
        except Failed as failed:
            return self._invalid(failed)
        cause = "the user denied"
        why = Refusal("consent.given", "RFC6749-4.1.2.1-access_denied", cause)
        return callback.error(authorization, OAuthError("access_denied", cause), why)

    def read(self, parameters: tuple[tuple[str, str], ...]) -> Authorization:
        """An authorization request, read without being believed."""
        authorization = Authorization(self.server, parameters, self.server.now())
        for name, value in parameters:
            if value:
                authorization.values.setdefault(name, value)
        authorization.client = self.server.config.client(authorization.get("client_id"))
        return authorization

    def issue_code(self, authorization: Authorization, sign_in: SignIn) -> str:
        """A code for a request that passed its guards."""
        user = self.server.config.user(sign_in.username)
        grant = Grant(
            family=self.server.random_text(),
            client_id=authorization.get("client_id"),
            sub=user.sub if user else "",
            scope=self._granted_scope(authorization),
            audience=authorization.audience,
            auth_time=sign_in.auth_time,
            nonce=authorization.get("nonce"),
            claims=claims_asked(authorization),
        )
        code = Code(
            value=self._code_value(authorization),
            grant=grant,
            redirect_uri=authorization.redirect_uri,
            redirect_uri_sent=bool(authorization.get("redirect_uri")),
            code_challenge=authorization.get("code_challenge"),
            code_challenge_method=authorization.get("code_challenge_method") or "plain",
            dpop_jkt=authorization.get("dpop_jkt"),
            expires_at=authorization.now + self.server.policy.code_lifetime,
        )
        self.server.store.add_code(code)
        return code.value

    def _code_value(self, authorization: Authorization) -> str:
        value, behaves = self.server.random_text(), self.server.behaves
        if not behaves(CODE_SYNTAX):
            return f"c\u00f6de-{value}"
        if not behaves(RANDOM_CODES):
            return f"{'a' * 40}{value[:3]}"
        if not behaves(LONG_CODES):
            return str(int.from_bytes(value.encode()) % 10**8)
        if not behaves(LONGER_CODES):
            return value[:24]
        if not behaves(CHALLENGE_HIDDEN):
            return f"{value}.{base64url(authorization.get('code_challenge').encode())}"
        return value

    def _granted_scope(self, authorization: Authorization) -> tuple[str, ...]:
        """What is known of the scope asked for; offline_access only where the API allows it."""
        asked = authorization.get("scope").split()
        if not self.server.behaves(SCOPE_CASE):
            asked = [word.lower() for word in asked]
        api = self.server.config.api(authorization.audience)
        forbidden = api is not None and not api.allow_offline_access
        if forbidden and self.server.behaves(API_ALLOWS):
            asked = [word for word in asked if word != "offline_access"]
        known = self.server.config.scopes
        return tuple(dict.fromkeys(word for word in asked if word in known))

    def _begin(
        self,
        request: Request,
        parameters: tuple[tuple[str, str], ...],
        sign_in: SignIn | None,
        *,
        fresh: bool = False,
        consented: bool = False,
    ) -> Response:
        authorization = self.read(parameters)
        try:
            run(BEFORE_REDIRECTING, authorization, self.server.defects)
        except Failed as failed:
            return self._invalid(failed)
        try:
            run((*REDIRECTED, *OPENID, *REQUESTED), authorization, self.server.defects)
        except Failed as failed:
            return callback.error(authorization, failed.error, _why(failed))
        asked = set(authorization.get("prompt").split())
        if unproven(authorization) and self.server.behaves(UNPROVEN_ASKED):
            asked.add("consent")
        done = ({"login", "select_account"} if fresh else set()) | (
            {"consent"} if consented else set()
        )
        return self._decide(request, authorization, sign_in, asked - done, fresh=fresh)

    def _decide(
        self,
        request: Request,
        authorization: Authorization,
        sign_in: SignIn | None,
        prompt: set[str],
        *,
        fresh: bool,
    ) -> Response:
        """What a request that passed its guards gets; `prompt` is what is still to be asked."""
        silent = prompt - {"consent"} == {"none"} and self.server.behaves(SILENT)
        if "none" in prompt and not self.server.behaves(SILENT_SESSION):
            return callback.error(authorization, OAuthError("login_required", "always"))
        prompt = prompt if self.server.behaves(PROMPT_LOGIN) else prompt - {"login"}
        aged = not fresh and self.server.behaves(MAX_AGE)
        too_old = aged and sign_in is not None and _too_old(authorization, sign_in)
        anew = "login" in prompt or "select_account" in prompt or too_old
        if sign_in is None or anew or self._somebody_else(authorization, sign_in):
            if silent or fresh:
                return callback.error(authorization, OAuthError("login_required", "not signed in"))
            return self._login_page(request, authorization.parameters)
        given = (authorization.get("client_id"), authorization.get("scope"))
        if not self.server.store.consented(sign_in.username, given) or "consent" in prompt:
            if silent:
                return callback.error(authorization, OAuthError("consent_required", "no consent"))
            return self._consent_page(request, authorization.parameters, given)
        return callback.redirect(authorization, {"code": self.issue_code(authorization, sign_in)})

    def _somebody_else(self, authorization: Authorization, sign_in: SignIn) -> bool:
        """OpenID Connect Core §3.1.2.2: the user is not the one that was asked for."""
        user, asked = self.server.config.user(sign_in.username), subjects_asked(authorization)
        return bool(asked) and asked != {user.sub if user else ""}

    def _invalid(self, failed: Failed) -> Response:
        """RFC 6749 §4.1.2.1: a page, where nothing may be redirected."""
        text = f"The request is invalid: {failed.error.cause}."
        page = pages.page(self.server, 400, pages.error_page(text))
        return replace(page, refusal=_why(failed))

    def _login_page(
        self, request: Request, parameters: tuple[tuple[str, str], ...], *, failed: bool = False
    ) -> Response:
        csrf = self._csrf(request)
        action = f"{self.server.endpoint('login')}?{urlencode(parameters)}"
        return pages.page(self.server, 200, pages.login_page(action, csrf, failed=failed), csrf)

    def _consent_page(
        self,
        request: Request,
        parameters: tuple[tuple[str, str], ...],
        given: tuple[str, str],
    ) -> Response:
        csrf = self._csrf(request)
        action = f"{self.server.endpoint('consent')}?{urlencode(parameters)}"
        return pages.page(self.server, 200, pages.consent_page(action, csrf, *given), csrf)

    def _csrf(self, request: Request) -> str:
        return _cookies(request).get(pages.CSRF_COOKIE) or self.server.random_text()

    def _csrf_agrees(self, request: Request, form: Mapping[str, str]) -> bool:
        kept = _cookies(request).get(pages.CSRF_COOKIE, "")
        return bool(kept) and hmac.compare_digest(kept.encode(), form.get("csrf", "").encode())

    def _sign_in(self, request: Request) -> SignIn | None:
        known = self.server.store.sign_in(_cookies(request).get(SESSION_COOKIE, ""))
        if known is None and not self.server.behaves(IDENTIFIED):
            return SignIn("", self.server.config.users[0].username, int(self.server.now()))
        return known


def _cookies(request: Request) -> dict[str, str]:
    try:
        return {name: m.value for name, m in SimpleCookie(request.header("Cookie")).items()}
    except CookieError:
        return {}


def unproven(authorization: Authorization) -> bool:
    """RFC 8252 §8.6: any program on the machine can take a loopback address of a public client."""
    host = urlsplit(authorization.redirect_uri).hostname
    client = authorization.client
    return client is not None and client.auth_method == "none" and host in LOOPBACKS


def _too_old(authorization: Authorization, sign_in: SignIn) -> bool:
    """OpenID Connect Core §3.1.2.1: a login older than max_age seconds is not good enough."""
    asked = authorization.get("max_age")
    if not (asked.isascii() and asked.isdecimal()):
        return False
    oldest = float(asked)  # of more digits than an int may have it is infinite
    return oldest == 0 or authorization.now - sign_in.auth_time > oldest


def _why(failed: Failed) -> Refusal:
    return Refusal(failed.guard.name, failed.guard.requirement, failed.error.cause)
