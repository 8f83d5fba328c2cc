"""Login pages of known products, imitated by their public markup, are known and passed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.login.form import FormDriver
from tokenspec.conformance.login.pages import read_page
from tokenspec.conformance.login.recipes import recipes, recognise
from tokenspec.conformance.target.model import Limits, Login

ISSUER = "https://login.example"
CALLBACK = "https://client.example/callback"
URL = f"{ISSUER}/authorize?client_id=a&state=s"
ALICE = {"username": "alice", "password": "wonderland"}
Page = Callable[[dict[str, str]], Response]


def html(text: str, status: int = 200) -> Response:
    return Response(status, (("Content-Type", "text/html; charset=utf-8"),), text.encode())


def to(place: str) -> Response:
    return Response(302, (("Location", place),))


DONE = to(f"{CALLBACK}?code=c0de&state=s")


@dataclass
class Site:
    """A page server: what each path shows, and what it was sent."""

    pages: dict[str, Page]
    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)

    def send(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        self.queries[path] = urlsplit(request.url).query
        text = request.body.decode()
        if request.method == "POST":
            is_json = "json" in (request.header("Content-Type") or "")
            self.sent[path] = json.loads(text) if is_json else dict(parse_qsl(text, True))
            return self.pages[f"POST {path}"](self.sent[path])
        return self.pages[path]({})


def shows(text: str) -> Page:
    return lambda _sent: html(text)


def wants(then: Response, again: str, **values: str) -> Page:
    """Goes on where the values are right, else shows the page again."""
    return lambda sent: then if values.items() <= sent.items() else html(again)


AUTH0 = """<html><head><meta name="ulp-version" content="1.110.0"></head>
<body><main class="_widget">
<form method="POST" class="c0 {form}" data-form-primary="true">
<input type="hidden" name="state" value="hKFo2SB">{fields}
<input class="hide" type="password" autocomplete="off" tabindex="-1" aria-hidden="true">
<input type="hidden" id="js-available" name="js-available" value="false">
<input type="hidden" id="webauthn-available" name="webauthn-available" value="false">
<button type="submit" name="action" value="default" class="c1 {form}">Continue</button></form>
<form method="post" data-provider="google"><input type="hidden" name="connection" value="google">
<button type="submit">Continue with Google</button></form>
<script src="/main.js"></script></main></body></html>"""
NAME = '<input inputMode="email" name="username" id="username" type="text" autocomplete="email">'
WORD = '<input name="password" id="password" type="password" autocomplete="current-password">'
BOTH = AUTH0.format(form="_form-login", fields=NAME + WORD)
FIRST = AUTH0.format(form="_form-login-id", fields=NAME)
SECOND = AUTH0.format(
    form="_form-login-password",
    fields='<input type="text" name="username" value="alice" readonly class="hide">' + WORD,
)
AUTH0_CONSENT = """<form method="POST" class="c0"><input type="hidden" name="state" value="st">
<input type="hidden" name="audience" value="a"><input type="hidden" name="scope" value="openid">
<button type="submit" name="action" value="decline">Decline</button>
<button type="submit" name="action" value="accept">Accept</button></form>"""
SETTINGS = base64.b64encode(
    json.dumps(
        {
            "clientID": "a",
            "callbackURL": CALLBACK,
            "auth0Tenant": "tenant",
            "internalOptions": {"state": "inner", "_csrf": "tok", "scope": "openid"},
        }
    ).encode()
).decode()
CLASSIC = f"""<html><body><script src="https://cdn.auth0.com/js/lock/11.30/lock.min.js"></script>
<script>var config = JSON.parse(decodeURIComponent(escape(window.atob('{SETTINGS}'))));</script>
</body></html>"""
WSFED = """<form method="post" name="hiddenform" action="https://login.example/login/callback">
<input type="hidden" name="wa" value="wsignin1.0"><input type="hidden" name="wresult" value="jwt">
<input type="hidden" name="wctx" value="&#123;}"><noscript><p>Script is disabled</p>
<input type="submit" value="Submit"></noscript></form>"""
KEYCLOAK = """<body id="keycloak-bg"><form id="kc-form-login" class="pf-v5-c-form" method="post"
 action="https://login.example/realms/r/login-actions/authenticate?session_code=x&amp;tab_id=t">
<input id="username" name="username" type="text" autocomplete="username">
<input id="password" name="password" type="password" autocomplete="current-password">
<input type="checkbox" id="rememberMe" name="rememberMe">
<input type="hidden" id="id-hidden-input" name="credentialId">
<button name="login" id="kc-login" type="submit">Sign In</button></form></body>"""
AGAIN = """<script>poll("/realms/r/login-actions/restart?tab_id=t&skip_logout=true")</script>
<form id="kc-form-login" method="post"
 action="https://login.example/realms/r/login-actions/authenticate?session_code=x">
<input id="kc-attempted-username" value="NAME" readonly><button id="reset-login" type="button"
 onclick="location.href='/realms/r/login-actions/restart?client_id=a&amp;tab_id=t'"></button>
<input id="password" name="password" type="password">
<button name="login" id="kc-login" type="submit">Sign In</button></form>"""
GRANT = """<form class="form-actions" action="/realms/r/login-actions/consent?session_code=y"
 method="POST"><input type="hidden" name="code" value="z">
<input class="btn" name="accept" id="kc-login" type="submit" value="Yes">
<input class="btn" name="cancel" id="kc-cancel" type="submit" value="No"></form>"""
HYDRA = """<form action="/login" method="POST"><input type="hidden" name="_csrf" value="t">
<input type="hidden" name="challenge" value="ch"><input type="email" id="email" name="email">
<input type="password" id="password" name="password">
<input type="checkbox" id="remember" name="remember" value="1">
<input type="submit" id="accept" name="submit" value="Log in">
<input type="submit" id="reject" name="submit" value="Deny access"></form>"""
HYDRA_CONSENT = """<form action="/consent" method="POST">
<input type="hidden" name="challenge" value="ch2"><input type="hidden" name="_csrf" value="t">
<input class="grant_scope" type="checkbox" id="openid" value="openid" name="grant_scope">
<input type="checkbox" id="remember" name="remember" value="1">
<input type="submit" id="accept" name="submit" value="Allow access">
<input type="submit" id="reject" name="submit" value="Deny access"></form>"""
OIDC = """<div class="login-card"><h1>Sign-in</h1>
<form autocomplete="off" action="https://login.example/interaction/uid" method="post">
<input type="hidden" name="prompt" value="login"/>
<input required type="text" name="login" placeholder="Enter any login">
<input required type="password" name="password" placeholder="and password">
<button type="submit" class="login login-submit">Sign-in</button></form></div>"""
OIDC_CONSENT = """<form autocomplete="off" action="https://login.example/interaction/uid"
 method="post"><input type="hidden" name="prompt" value="consent"/>
<button autofocus type="submit" class="login login-submit">Continue</button></form>
<a href="/interaction/uid/abort">[ Abort ]</a>"""
DJANGO = """<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="t">
<input type="text" name="username" autofocus maxlength="150" required id="id_username">
<input type="password" name="password" required id="id_password">
<input type="hidden" name="next" value="/o/authorize/">
<button type="submit">Log in</button></form>"""
DOT = """<form id="authorizationForm" method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="t">
<input type="hidden" name="redirect_uri" value="https://client.example/callback" id="id_r">
<input type="hidden" name="client_id" value="a"><input type="hidden" name="state" value="s">
<input type="hidden" name="response_type" value="code"><input type="hidden" name="scope" value="x">
<input type="submit" class="btn btn-large" value="Cancel"/>
<input type="submit" class="btn btn-large btn-primary" name="allow" value="Authorize"/></form>"""

SITES: dict[str, dict[str, Page]] = {
    "auth0": {
        "/authorize": lambda _: to("/u/login?state=hKFo2SB"),
        "/u/login": shows(BOTH),
        "POST /u/login": wants(to("/u/consent?state=st"), BOTH, action="default", **ALICE),
        "/u/consent": shows(AUTH0_CONSENT),
        "POST /u/consent": wants(DONE, AUTH0_CONSENT, action="accept"),
    },
    "auth0 identifier first": {
        "/authorize": lambda _: to("/u/login/identifier?state=hKFo2SB"),
        "/u/login/identifier": shows(FIRST),
        "POST /u/login/identifier": wants(
            to("/u/login/password?state=x"), FIRST, username="alice", action="default"
        ),
        "/u/login/password": shows(SECOND),
        "POST /u/login/password": wants(DONE, SECOND, **ALICE),
    },
    "auth0-classic": {
        "/authorize": lambda _: to("/login?state=inner"),
        "/login": shows(CLASSIC),
        "POST /usernamepassword/login": wants(
            html(WSFED), "", _csrf="tok", state="inner", tenant="tenant", **ALICE
        ),
        "POST /login/callback": wants(DONE, "", wa="wsignin1.0", wctx="{}"),
    },
    "keycloak": {
        "/authorize": shows(KEYCLOAK),
        "POST /realms/r/login-actions/authenticate": wants(html(GRANT), KEYCLOAK, **ALICE),
        "POST /realms/r/login-actions/consent": wants(DONE, GRANT, accept="Yes", code="z"),
    },
    "hydra": {
        "/authorize": lambda _: to("/login?login_challenge=ch"),
        "/login": shows(HYDRA),
        "POST /login": wants(
            to("/consent"), HYDRA, email="alice", password="wonderland", submit="Log in"
        ),
        "/consent": shows(HYDRA_CONSENT),
        "POST /consent": wants(
            DONE, HYDRA_CONSENT, grant_scope="openid", submit="Allow access", challenge="ch2"
        ),
    },
    "oidc-provider": {
        "/authorize": lambda _: to("/interaction/uid"),
        "/interaction/uid": shows(OIDC),
        "POST /interaction/uid": lambda sent: (
            DONE if sent.get("prompt") == "consent" else html(OIDC_CONSENT)
        ),
    },
    "django": {
        "/authorize": lambda _: to("/accounts/login/"),
        "/accounts/login/": shows(DJANGO),
        "POST /accounts/login/": wants(to("/o/authorize/"), DJANGO, **ALICE),
        "/o/authorize/": shows(DOT),
        "POST /o/authorize/": wants(DONE, DOT, allow="Authorize", client_id="a"),
    },
}


def sign_in(site: Site, password: str = "wonderland", recipe: str = "") -> None:
    login = Login("form", username="alice", password=password, recipe=recipe)
    driver = FormDriver(login, frozenset({f"{ISSUER}:443"}), Limits())
    driver.sign_in(URL, CALLBACK, site)


@pytest.mark.parametrize("product", SITES)
@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_a_login_is_passed(product: str, named: bool) -> None:  # noqa: FBT001 - a case of the table
    sign_in(Site(SITES[product]), recipe=product.split(maxsplit=1)[0] if named else "")


@pytest.mark.parametrize("bound", ["Alice", "bob"])
def test_a_page_for_another_user_is_left_before_a_password_is_sent(bound: str) -> None:
    """Keycloak asks who was signed in for the password alone; its own user is never sent away."""
    pages = dict(SITES["keycloak"])
    pages["/authorize"] = shows(AGAIN.replace("NAME", bound))
    if bound == "bob":
        pages["/realms/r/login-actions/restart"] = shows(KEYCLOAK)
    else:
        authenticate = "POST /realms/r/login-actions/authenticate"
        pages[authenticate] = wants(html(GRANT), AGAIN, password=ALICE["password"])
    site = Site(pages)
    sign_in(site)
    assert ("client_id=a" in site.queries.get("/realms/r/login-actions/restart", "")) == (
        bound == "bob"
    )


def test_a_page_for_another_user_that_comes_again_is_not_left_for_ever() -> None:
    pages = dict(SITES["keycloak"])
    for path in ("/authorize", "/realms/r/login-actions/restart"):
        pages[path] = shows(AGAIN.replace("NAME", "bob"))
    authenticate = "POST /realms/r/login-actions/authenticate"
    pages[authenticate] = shows(AGAIN.replace("NAME", "bob"))
    with pytest.raises(LoginBlocked, match="came back"):
        sign_in(Site(pages))


@pytest.mark.parametrize("product", [p for p in SITES if p != "oidc-provider"])
def test_a_wrong_password_is_told_as_such(product: str) -> None:
    pages = dict(SITES[product])
    if product == "auth0-classic":
        told = json.dumps({"code": "invalid_user_password", "description": "Wrong email."})
        pages["POST /usernamepassword/login"] = lambda _sent: Response(401, (), told.encode())
    with pytest.raises(LoginBlocked, match=r"came back|Wrong email") as caught:
        sign_in(Site(pages), password="wrong")
    assert caught.value.stage == "credentials"
    assert "login.password" in caught.value.hint


def test_every_recipe_is_imitated_here_and_knows_its_own_pages() -> None:
    assert {recipe.name for recipe in recipes()} == {product.split()[0] for product in SITES}
    for text, name, page in (
        (BOTH, "auth0", "login"),
        (FIRST, "auth0", "login"),
        (AUTH0_CONSENT, "auth0", "consent"),
        (CLASSIC, "auth0-classic", "login"),
        (KEYCLOAK, "keycloak", "login"),
        (GRANT, "keycloak", "consent"),
        (HYDRA, "hydra", "login"),
        (HYDRA_CONSENT, "hydra", "consent"),
        (OIDC, "oidc-provider", "login"),
        (OIDC_CONSENT, "oidc-provider", "consent"),
        (DJANGO, "django", "login"),
        (DOT, "django", "consent"),
    ):
        found = recognise(read_page(ISSUER, text))
        assert found is not None, name
        assert (found.recipe.name, found.page.page) == (name, page)


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (KEYCLOAK.replace("kc-form-login", "kc-otp-login-form"), "one-time code"),
        ("<form method=post><input name=code autocomplete=one-time-code></form>", "one-time code"),
        ('<form id="webauth" method=post><input type=hidden name=challenge></form>', "passkey"),
        ("<p>Touch your key</p><script>navigator.credentials.get({})</script>", "passkey"),
        (BOTH.replace(WORD, WORD + "<div class=ulp-captcha></div>"), "captcha"),
        (DJANGO.replace("</form>", '<div class="h-captcha"></div></form>'), "captcha"),
    ],
)
def test_what_is_never_passed_is_named_and_the_mend_with_it(page: str, told: str) -> None:
    site = Site({"/authorize": shows(page)})
    with pytest.raises(LoginBlocked, match=told) as caught:
        sign_in(site)
    assert "test user" in caught.value.hint
    assert not site.sent


def test_credentials_go_to_no_other_place() -> None:
    page = DJANGO.replace("<form method", '<form action="https://elsewhere.example/" method')
    with pytest.raises(LoginBlocked, match="elsewhere"):
        sign_in(Site({"/authorize": shows(page)}))
