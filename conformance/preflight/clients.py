"""Does the server know a client, its redirect URI, and how it authenticates?

Two looks at the server settle it, and no code is spent: the page it shows for the valid
authorization request, and what the token endpoint says to a code that was never issued.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from tokenspec.conformance.errors import LoginBlocked, Unreachable
from tokenspec.conformance.http import COME_BACK, OUT_OF_SERVICE
from tokenspec.conformance.login.browse import Browser, Shown, origin_of
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.form import look
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.login.pages import read_page
from tokenspec.conformance.login.recipes import recognise
from tokenspec.conformance.play.sessions import valid_request
from tokenspec.conformance.preflight.clock import compare_clocks
from tokenspec.conformance.preflight.made_up_code import Said, ask
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.model import S256, Pkce
from tokenspec.conformance.target.discovery import allowed_origins
from tokenspec.conformance.target.rules import Decision
from tokenspec.conformance.texts import legible, shortened

OTHER_METHODS = {
    "client_secret_basic": ("none", "client_secret_post"),
    "client_secret_post": ("none", "client_secret_basic"),
}
USER_WANTED = ("login_required", "interaction_required", "consent_required")
SETTINGS = {
    "unauthorized_client": "allow the authorization code flow for {client} at the server",
    "invalid_scope": "check 'scope': the server does not grant it to {client}; where it is no "
    "OpenID Connect server, leave 'openid' out",
    "invalid_target": "check the audience of 'apis'",
    "unsupported_response_type": "allow response_type code for {client} at the server",
}
PUSHED = re.compile(r"\bPAR\b|\b[Pp]ushed [Aa]uthori[sz]ation")
HINT_PUSHED = (
    "the server takes pushed authorization requests alone (RFC 9126): name its endpoint for them, "
    "'endpoints: {{par: …}}', and say 'par_required: true' for {client}"
)
REFUSES_S256 = (
    "without a code_challenge the same request is taken: the server refuses PKCE with S256, which "
    "it has to support (RFC 7636 §4.2, RFC 9700 §2.1.1); turn it on for {client} at the server"
)
WANTS_CLIENT_ID = re.compile(
    r"\b(missing|required?s?|without|needs)\b[^.]{0,20}\bclient_id\b|"
    r"\bclient_id\b[^.]{0,20}\b(missing|required|absent)\b",
    re.IGNORECASE,
)
MADE_UP = "tokenspec-made-up-client"
NOT_LOOKED_AT = (
    "not told: with a made-up client_id the authorization endpoint begins as well, so that whether "
    "client and redirect URI are known shows after the sign-in"
)
NOTHING_THERE = (404, 405, 410)
OTHER_PLACE = (
    "is {url} the {endpoint} endpoint? Where the metadata is wrong, name the right one under "
    "'endpoints: {{{endpoint}: …}}'"
)
MISSES_SOMETHING = "invalid_request"  # RFC 6749 §5.2: perhaps a client_id beside the assertion
AUDIENCE, BESIDE = "assertion-audience-issuer", "assertion-client-id"
PAR = "par-required"


def probe_client(setup: Setup) -> Iterator[CheckStep]:
    """Clocks, main client, redirect URI, client authentication; ends at the first that is wrong."""
    try:
        said = ask(setup)
        yield _clocks(setup, said)
        authenticated = authentication(setup, said)
        setup = _taught(setup, authenticated)
        result, learned = _begun(setup)
    except Unreachable as error:
        yield CheckStep("client", passed=False, detail=error.message, hint=error.hint)
        return
    except LoginBlocked as blocked:
        if authenticated.passed:
            detail, hint = setup.redactor.text(blocked.message), blocked.hint
            yield CheckStep("authorization", passed=False, detail=detail, hint=hint)
        else:
            yield authenticated
        return
    main = setup.target.main
    refusal = why_refused(setup, result, said)
    if refusal is not None:
        if refusal.name == "redirect_uri":
            yield CheckStep("client", passed=True, detail=f"{main.client_id} is known")
        yield refusal
        return
    pushed = "; its authorization requests are pushed" if setup.side.pushes(main) else ""
    if learned and learned[PAR].present:
        pushed = "; its authorization requests have to be pushed (par-required)"
    told = authenticated.passed or not _begun_for_anybody(setup)
    detail = f"{main.client_id} is known{pushed}" if told else NOT_LOOKED_AT
    yield CheckStep("client", passed=True, detail=detail, learned=learned)
    if not told:
        hint = f"{authenticated.hint} And is {main.client_id} registered there at all?"
        yield replace(authenticated, hint=hint)
        return
    if main.redirect_uris:
        known = f"{main.redirect_uris[0]} is registered"
        yield CheckStep("redirect_uri", passed=True, detail=known)
    yield authenticated


def probe_without_code(setup: Setup) -> Iterator[CheckStep]:
    """Clocks, and how every client authenticates, where there is no way to a code."""
    try:
        said = ask(setup)
    except Unreachable as error:
        yield CheckStep("client", passed=False, detail=error.message, hint=error.hint)
        return
    yield _clocks(setup, said)
    yield authentication(setup, said)


def authentication(setup: Setup, said: Said) -> CheckStep:
    """What the answer to the made-up code tells of the client's authentication.

    An answer that is none of RFC 6749 §5.2 tells nothing: the valid exchange will. `learned` is
    how an assertion is taken, where it is taken in another way than the usual one.
    """
    if said.refuses_client:
        return _not_authenticated(setup, said)
    if setup.target.main.auth == "private_key_jwt" and said.error == MISSES_SOMETHING:
        found = _assertion_taken(setup, lambda answer: answer.error == "invalid_grant")
        if found is not None:
            return found
    detail = f"by {setup.target.main.auth}: a made-up code is answered {said.text}"
    if said.grants:
        detail += ", though nobody issued it; cases of a run report that"
    elif not said.knows_client:
        detail += ", which tells nothing of the client"
    return CheckStep("client auth", passed=True, detail=detail)


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


def diagnosed(setup: Setup) -> CheckStep | None:
    """What is wrong with the client, its redirect URI or its authentication; None if nothing is.

    A step that passed says how its assertions are taken.
    """
    said = ask(setup)
    refusal = why_refused(setup, _authorization(setup), said)
    if refusal is not None:
        return refusal
    found = authentication(setup, said)
    return None if found.passed and not found.learned else found


def _clocks(setup: Setup, said: Said) -> CheckStep:
    return compare_clocks(said.response, setup.side.clock(), setup.target.network.clock_offset)


def _authorization(setup: Setup) -> AuthorizationResult:
    """Where the valid authorization request leads a browser without a session."""
    return look(*_browser(setup))


def _taught(setup: Setup, authenticated: CheckStep) -> Setup:
    """`setup` with what was seen of how the client's assertions are taken: a push has one."""
    learned = authenticated.learned
    if not learned:
        return setup
    issuer, beside = learned[AUDIENCE].present, learned[BESIDE].present
    side = replace(setup.side, issuer_audience=issuer, assertion_client_id=beside)
    return replace(setup, side=side)


def _begun(setup: Setup) -> tuple[AuthorizationResult, Mapping[str, Decision]]:
    """Where the valid authorization request leads, and whether it was seen that it must be pushed.

    Raises:
        LoginBlocked: it has to be pushed, and was not taken where it was.
        Unreachable: no answer came.
    """
    result = _authorization(setup)
    if not setup.decisions[PAR].open or not setup.side.endpoints.par:
        return result, {}
    if not _refused(result):
        why = "seen: an authorization request that was not pushed is gone on with"
        return result, {PAR: Decision(False, why)}
    try:
        pushed = _authorization(replace(setup, side=replace(setup.side, always_push=True)))
    except LoginBlocked:
        if _speaks_of_pushing(result):
            raise
        return result, {}
    if _refused(pushed) or _begins_without_proof_key(setup):
        return result, {}
    told = result.parameters.get("error") or f"an error page, status {result.status}"
    why = f"seen: not pushed, the valid authorization request is answered with {legible(told)}; "
    return pushed, {PAR: Decision(True, f"{why}pushed, it is gone on with")}


def _error_by_redirect(result: AuthorizationResult) -> str:
    """The error that the client was told; empty for none, or for one that asks for the user."""
    error = result.parameters.get("error", "")
    return error if result.ending is Ending.CALLBACK and error not in USER_WANTED else ""


def _refused(result: AuthorizationResult) -> bool:
    return bool(_error_by_redirect(result)) or result.ending is Ending.ERROR_PAGE


def _speaks_of_pushing(result: AuthorizationResult) -> bool:
    """Whether the server says itself that the request should have been pushed."""
    return bool(PUSHED.search(result.parameters.get("error_description", "") or result.words))


def _begins_without_proof_key(setup: Setup) -> bool:
    """Whether the same authorization request begins where it has no code_challenge."""
    result = look(*_browser(setup, Pkce("none")))
    return result.ending is not Ending.ERROR_PAGE and not result.parameters.get("error")


def _browser(setup: Setup, pkce: Pkce = S256) -> tuple[Browser, str]:
    url, redirect_uri = valid_request(setup.side, "main", pkce)
    origins = allowed_origins(setup.target, setup.discovered)
    hops = setup.target.limits.hops
    return Browser(CookieJar(), setup.side.connect(), origins, redirect_uri, hops), url


def _begun_for_anybody(setup: Setup) -> bool:
    """Whether the authorization endpoint goes on for a client_id that nobody registered."""
    browser, url = _browser(setup)
    address, _, query = url.partition("?")
    asked = dict(parse_qsl(query)) | {"client_id": MADE_UP}
    return not _refused(look(browser, f"{address}?{urlencode(asked)}"))


def why_refused(setup: Setup, result: AuthorizationResult, said: Said) -> CheckStep | None:
    """The step that failed where the authorization endpoint did not begin; None where it did."""
    main, error = setup.target.main, _error_by_redirect(result)
    place = setup.place
    if result.ending is Ending.ELSEWHERE:
        led = origin_of(result.location)
        return CheckStep(
            "login page",
            passed=False,
            detail=f"the authorization request leads to {led}, which the target file does not name",
            hint=_elsewhere(setup, led),
        )
    if error:
        described = shortened(result.parameters.get("error_description", ""))
        text = f"refused: {error}{f' ({described})' if described else ''}"
        hint = SETTINGS.get(error, "check 'scope', 'authorize' and {client} in the target file")
        if PUSHED.search(described):
            hint = HINT_PUSHED
        elif error not in SETTINGS and _begins_without_proof_key(setup):
            hint = REFUSES_S256
        hint = hint.format(client=place)
        return CheckStep("authorization", passed=False, detail=setup.redactor.text(text), hint=hint)
    if result.ending is not Ending.ERROR_PAGE:
        return None
    words = setup.redactor.text(result.words)
    page = f"the authorization endpoint shows an error page, status {result.status}: {words!r}"
    evidence = f"{page}; the token endpoint says {said.text}"
    uri = main.redirect_uris[0]
    if {result.status, said.status} & set(OUT_OF_SERVICE):  # which tells nothing of the client
        name, hint = "authorization", COME_BACK
    elif PUSHED.search(words):
        name, hint = "authorization", HINT_PUSHED.format(client=place)
    elif "redirect" in words.lower() or (said.error == "invalid_grant" and "client" not in words):
        name, hint = "redirect_uri", f"register {uri} for {main.client_id} at the server, "
        hint += f"character for character, or put a registered one first in {place}.redirect_uris"
    else:
        name, hint = "client", f"is {place}.client_id {main.client_id!r} registered at this issuer"
        hint += f", and is {uri} registered for it?" if not said.refuses_client else "?"
    if result.status in NOTHING_THERE:
        where = OTHER_PLACE.format(endpoint="authorization", url=setup.side.endpoints.authorization)
        name, hint = "authorization", f"{where}; if it is: {hint}"
    return CheckStep(name, passed=False, detail=evidence, hint=hint)


def _elsewhere(setup: Setup, led: str) -> str:
    """What to do where the login is at another origin: it is another host, or a scheme is wrong."""
    issuer = origin_of(setup.target.issuer)
    if led.partition("://")[2].rpartition(":")[0] == issuer.partition("://")[2].rpartition(":")[0]:
        return (
            f"the server takes itself to be at {led}, as behind a proxy that does not say which "
            "address was asked for: have the proxy send X-Forwarded-Proto and -Host; or, if the "
            f"login page lives there, add it:  login: {{hosts: [{led}]}}"
        )
    return f"if the login page lives there, add it:  login: {{hosts: [{led}]}}"


def _not_authenticated(setup: Setup, said: Said) -> CheckStep:
    """Why the client's authentication is refused, by trying its other ways."""
    main, place = setup.target.main, setup.place
    if main.auth == "private_key_jwt":
        return _assertion_refused(setup, said)
    detail = f"authentication by {main.auth} is refused: {said.text}"
    for method in OTHER_METHODS.get(main.auth, ()):
        other = ask(setup, method)
        if not other.knows_client:
            continue
        detail += f"; with {method} a made-up code is answered {other.text}, as it should be"
        hint = f"say 'auth: {method}' for {place}"
        if method == "none":
            hint = f"the server has it as a public client: say 'auth: none' for {place} and take "
            hint += "'secret' out, or make it confidential at the server"
        return CheckStep("client auth", passed=False, detail=detail, hint=hint)
    if main.auth == "none":
        hint = f"the server has it as a confidential client: give {place} 'auth' and 'secret', "
        hint += "or make it public at the server"
    elif main.auth == "client_secret_basic" and WANTS_CLIENT_ID.search(said.text):
        hint = "the server wants client_id in the body too, which is the client's to leave out "
        hint += f"(RFC 6749 §3.2.1); register {main.client_id} for client_secret_post there, "
        hint += f"or check {place}.secret"
    elif main.auth.startswith("client_secret"):
        hint = f"check {place}.secret: does the environment variable hold this client's secret?"
    else:
        hint = "check network.client_certificate: is it registered for this client?"
    return CheckStep("client auth", passed=False, detail=detail, hint=hint)


def _assertion_refused(setup: Setup, said: Said) -> CheckStep:
    found = _assertion_taken(setup, lambda answer: answer.knows_client)
    if found is not None:
        return found
    detail = f"authentication by {setup.target.main.auth} is refused: {said.text}"
    hint = f"check {setup.place}.private_key and key_id: is its public key registered?"
    return CheckStep("client auth", passed=False, detail=detail, hint=hint)


def _assertion_taken(setup: Setup, taken: Callable[[Said], bool]) -> CheckStep | None:
    """An assertion in the ways that servers want one: another audience, a client_id beside it."""
    main = setup.target.main
    endpoint, issuer = setup.side.endpoints.token, setup.side.issuer
    for audience, beside in ((endpoint, True), (issuer, False), (issuer, True)):
        if not taken(ask(setup, audience=audience, beside=beside)):
            continue
        how = [f"addressed to {audience}", *(["with client_id beside it"] if beside else [])]
        seen = f"seen: an assertion is taken {' and '.join(how)}"
        learned = {
            AUDIENCE: Decision(audience == issuer, seen),
            BESIDE: Decision(beside, seen),
        }
        text = f"by {main.auth}: {seen.removeprefix('seen: ')}"
        return CheckStep("client auth", passed=True, detail=text, learned=learned)
    return None
