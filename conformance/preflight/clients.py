"""Does the server know the client, its redirect URI, and how it authenticates?

Two looks at the server settle it, and no code is spent: the page it shows for the valid
authorization request, and what the token endpoint says to a code that was never issued.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Request
from tokenspec.conformance.login.browse import Browser, Shown, origin_of
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.form import look, words_of
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.login.pages import read_page
from tokenspec.conformance.login.recipes import recognise
from tokenspec.conformance.oauth.client_authentication import AssertionInputs, credentials
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.play.player import valid_request
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.model import ClientAuthChanges, Setting
from tokenspec.conformance.target.discovery import allowed_origins

UNAUTHORIZED = 401
MADE_UP = "tokenspec-check-code-that-was-never-issued"
OTHER_METHODS = {
    "client_secret_basic": ("none", "client_secret_post"),
    "client_secret_post": ("none", "client_secret_basic"),
}
USER_WANTED = ("login_required", "interaction_required", "consent_required")
SETTINGS = {
    "unauthorized_client": "allow the authorization code flow for clients[0] at the server",
    "invalid_scope": "check 'scope': the server does not grant it to clients[0]",
    "invalid_target": "check the audience of 'apis'",
    "unsupported_response_type": "allow response_type code for clients[0] at the server",
}


@dataclass(frozen=True, slots=True)
class _Said:
    """The token endpoint's answer to the made-up code."""

    status: int
    error: str
    described: str

    @property
    def refuses_client(self) -> bool:
        """RFC 6749 §5.2: invalid_client, or the 401 that goes with it."""
        return self.error == "invalid_client" or self.status == UNAUTHORIZED

    @property
    def text(self) -> str:
        """In words."""
        more = f" ({self.described[:150]})" if self.described else ""
        return f"{self.status} {self.error or 'without an error code'}{more}"


def probe_client(setup: Setup) -> Iterator[CheckStep]:
    """Client, redirect URI, client authentication; ends at the first that is not known."""
    try:
        result, said = _authorization(setup), _token(setup, "")
    except Unreachable as error:
        yield CheckStep("client", passed=False, detail=error.message, hint=error.hint)
        return
    main = setup.target.main
    refusal = _unknown(setup, result, said)
    if refusal is not None:
        if refusal.name == "redirect_uri":
            yield CheckStep("client", passed=True, detail=f"{main.client_id} is known")
        yield refusal
        return
    yield CheckStep("client", passed=True, detail=f"{main.client_id} is known")
    yield CheckStep("redirect_uri", passed=True, detail=f"{main.redirect_uris[0]} is registered")
    if said.refuses_client:
        yield _not_authenticated(setup, said)
    else:
        detail = f"by {main.auth}: a made-up code is answered {said.text}"
        yield CheckStep("client auth", passed=True, detail=detail)


def login_page(setup: Setup) -> str:
    """What the login page is, in words; empty where there is none to see."""
    browser, url = _browser(setup)
    shown = browser.get(url)
    if not isinstance(shown, Shown):
        return ""
    page = read_page(shown.url, shown.response.text)
    known = recognise(page, setup.target.login.recipe)
    title = f", titled {page.title!r}" if page.title else ""
    if known is not None:
        return f"that of {known.recipe.product} (recipe {known.recipe.name}){title}"
    return f"recognised by its form: {page.kind}{title}"


def _authorization(setup: Setup) -> AuthorizationResult:
    """Where the valid authorization request leads a browser without a session."""
    return look(*_browser(setup))


def _browser(setup: Setup) -> tuple[Browser, str]:
    url, redirect_uri = valid_request(setup.side, "main")
    origins = allowed_origins(setup.target, setup.discovered)
    hops = setup.target.limits.hops
    return Browser(CookieJar(), setup.side.connect(), origins, redirect_uri, hops), url


def _token(setup: Setup, method: str) -> _Said:
    """What the token endpoint says to a code that was never issued."""
    side = setup.side
    memory = Memory.begin(side, Setting())
    now = int(side.clock())
    inputs = AssertionInputs(
        side.endpoints.token, now, memory.identifier(), memory.unregistered_key
    )
    shown = credentials(memory.client, ClientAuthChanges(method=method), inputs, memory)
    pairs = [
        ("grant_type", "authorization_code"),
        ("code", MADE_UP),
        ("redirect_uri", setup.target.main.redirect_uris[0]),
        ("code_verifier", memory.proof_key.code_verifier),
        *shown.parameters,
    ]
    headers = [
        ("Accept", "application/json"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    if shown.authorization:
        headers.append(("Authorization", shown.authorization))
    body = urlencode(pairs).encode()
    response = side.connect().send(Request("POST", side.endpoints.token, tuple(headers), body))
    received = response.json_object() or {}
    return _Said(
        response.status,
        str(received.get("error", "")),
        setup.redactor.text(str(received.get("error_description", ""))),
    )


def _unknown(setup: Setup, result: AuthorizationResult, said: _Said) -> CheckStep | None:
    """The step that failed where the authorization endpoint did not begin; None where it did."""
    main, error = setup.target.main, result.parameters.get("error", "")
    if result.ending is Ending.ELSEWHERE:
        place = origin_of(result.location)
        return CheckStep(
            "login page",
            passed=False,
            detail=f"the authorization request leads to {place}, which the target file does not "
            "name",
            hint=f"if the login page lives there, add it:  login: {{hosts: [{place}]}}",
        )
    if result.ending is Ending.CALLBACK and error and error not in USER_WANTED:
        described = result.parameters.get("error_description", "")[:200]
        text = f"refused: {error}{f' ({described})' if described else ''}"
        hint = SETTINGS.get(error, "check 'scope', 'authorize' and clients[0] in the target file")
        return CheckStep("authorization", passed=False, detail=setup.redactor.text(text), hint=hint)
    if result.ending is not Ending.ERROR_PAGE:
        return None
    words = setup.redactor.text(words_of(result.page))
    page = f"the authorization endpoint shows an error page, status {result.status}: {words!r}"
    evidence = f"{page}; the token endpoint says {said.text}"
    uri = main.redirect_uris[0]
    if "redirect" in words.lower() or (said.error == "invalid_grant" and "client" not in words):
        hint = f"register {uri} for {main.client_id} at the server, character for character, or "
        hint += "put a registered one first in clients[0].redirect_uris"
        return CheckStep("redirect_uri", passed=False, detail=evidence, hint=hint)
    hint = f"is clients[0].client_id {main.client_id!r} registered at this issuer"
    hint += f", and is {uri} registered for it?" if not said.refuses_client else "?"
    return CheckStep("client", passed=False, detail=evidence, hint=hint)


def _not_authenticated(setup: Setup, said: _Said) -> CheckStep:
    """Why the client's authentication is refused, by trying its other ways."""
    main = setup.target.main
    detail = f"authentication by {main.auth} is refused: {said.text}"
    for method in OTHER_METHODS.get(main.auth, ()):
        other = _token(setup, method)
        if other.refuses_client:
            continue
        detail += f"; with {method} a made-up code is answered {other.text}, as it should be"
        hint = f"say 'auth: {method}' for clients[0]"
        if method == "none":
            hint = "the server has it as a public client: say 'auth: none' for clients[0] and take "
            hint += "'secret' out, or make it confidential at the server"
        return CheckStep("client auth", passed=False, detail=detail, hint=hint)
    if main.auth == "none":
        hint = "the server has it as a confidential client: give clients[0] 'auth' and 'secret', "
        hint += "or make it public at the server"
    elif main.auth.startswith("client_secret"):
        hint = "check clients[0].secret: does the environment variable hold this client's secret?"
    elif main.auth == "private_key_jwt":
        hint = "check clients[0].private_key and key_id: is its public key registered?"
    else:
        hint = "check network.client_certificate: is it registered for this client?"
    return CheckStep("client auth", passed=False, detail=detail, hint=hint)
