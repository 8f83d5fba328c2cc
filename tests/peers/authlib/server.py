"""An OpenID provider built with Authlib and Flask, as Authlib's Flask guide lays it out.

This module is the application's part: sign-in, consent and remembered consent as plain forms, and
the routes, which hand each request to Authlib.
"""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import store
from authlib.oauth2 import OAuth2Error
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from flask import Flask, jsonify, redirect, render_template_string, request, session
from flask.typing import ResponseReturnValue
from openid import SIGNING_KEY
from provider import CLIENT_AUTH_METHODS, create_server
from store import ISSUER, PASSWORD, ROLES_CLAIM, USERNAME, User
from waitress import serve

SCOPES = ("openid", "profile", "email")

LOGIN_PAGE = """<!doctype html><title>Sign in</title>
{% if problem %}<p role="alert">{{ problem }}</p>{% endif %}
<form method="post">
<input type="hidden" name="csrf" value="{{ csrf }}">
<label>User name <input name="username" autocomplete="username" required></label>
<label>Password <input name="password" type="password" required></label>
<button type="submit">Sign in</button>
</form>"""

CONSENT_PAGE = """<!doctype html><title>Allow access</title>
<p>{{ client_id }} asks for: {{ scope }}</p>
<form method="post">
<input type="hidden" name="csrf" value="{{ csrf }}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form>"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=secrets.token_bytes(32),
    SESSION_COOKIE_SAMESITE="Lax",
    OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    OAUTH2_SCOPES_SUPPORTED=SCOPES,
)
server = create_server(app)


def csrf_token() -> str:
    """The token that the forms of this session carry."""
    return str(session.setdefault("csrf", secrets.token_urlsafe(16)))


def submitted(name: str, expected: str) -> bool:
    """Whether the field `name` of the submitted form is `expected`, compared in constant time."""
    return secrets.compare_digest(request.form.get(name, "").encode(), expected.encode())


@app.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign the user in, then go back to the authorization request."""
    problem = ""
    if request.method == "POST" and submitted("csrf", csrf_token()):
        if submitted("username", USERNAME) and submitted("password", PASSWORD):
            destination = session.get("after_login", "/")
            session.clear()
            session.update(sub=USERNAME, auth_time=int(time.time()))
            return redirect(destination)
        problem = "Wrong user name or password."
    return render_template_string(LOGIN_PAGE, csrf=csrf_token(), problem=problem)


def send_to_login() -> ResponseReturnValue:
    """Ask for a sign-in, and come back without what asked for it: it is then satisfied."""
    parameters = request.args.to_dict(flat=False)
    parameters.pop("max_age", None)
    prompt = [one for one in request.args.get("prompt", "").split() if one != "login"]
    parameters["prompt"] = [" ".join(prompt)] if prompt else []
    session["after_login"] = f"{request.path}?{urlencode(parameters, doseq=True)}"
    return redirect("/login")


def sign_in_needed(grant: Any, user: User | None) -> bool:
    """Whether nobody is signed in, or the request asks for a fresh sign-in (Core §3.1.2.1)."""
    if user is None or grant.prompt == "login":
        return True
    max_age = request.args.get("max_age", type=int)
    return max_age is not None and int(time.time()) - session["auth_time"] >= max_age


@app.route("/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    """The authorization endpoint: sign-in, then consent unless it was given before."""
    user = store.users.get(session.get("sub", ""))
    try:
        grant = server.get_consent_grant(end_user=user)
        silent = request.args.get("prompt") == "none"
        back = {"redirect_uri": grant.redirect_uri, "state": request.args.get("state")}
        if sign_in_needed(grant, user):
            if silent:
                raise LoginRequiredError(**back)
            return send_to_login()
        consent = (session["sub"], grant.client.client_id, grant.request.scope)
        given = consent in store.consents and grant.prompt != "consent"
        if request.method == "POST" and submitted("csrf", csrf_token()):
            given = request.form.get("decision") == "allow"
            if given:
                store.consents.add(consent)
            else:
                user = None
        elif not given:
            if silent:
                raise ConsentRequiredError(**back)
            return render_template_string(
                CONSENT_PAGE, client_id=consent[1], scope=consent[2], csrf=csrf_token()
            )
    except OAuth2Error as error:
        return server.handle_error_response(request, error)
    return server.create_authorization_response(grant=grant, grant_user=user)


@app.post("/token")
def token() -> ResponseReturnValue:
    return server.create_token_response()


@app.post("/revoke")
def revoke() -> ResponseReturnValue:
    return server.create_endpoint_response("revocation")


@app.post("/introspect")
def introspect() -> ResponseReturnValue:
    return server.create_endpoint_response("introspection")


@app.route("/userinfo", methods=["GET", "POST"])
def userinfo() -> ResponseReturnValue:
    return server.create_endpoint_response("userinfo")


@app.get("/jwks")
def jwks() -> ResponseReturnValue:
    return jsonify(keys=[SIGNING_KEY.as_dict(private=False)])


@app.get("/.well-known/openid-configuration")
@app.get("/.well-known/oauth-authorization-server")
def discovery() -> ResponseReturnValue:
    """The metadata of OpenID Connect Discovery and RFC 8414."""
    signing = {"token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256"]}
    return jsonify(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize",
        token_endpoint=f"{ISSUER}/token",
        userinfo_endpoint=f"{ISSUER}/userinfo",
        revocation_endpoint=f"{ISSUER}/revoke",
        introspection_endpoint=f"{ISSUER}/introspect",
        jwks_uri=f"{ISSUER}/jwks",
        scopes_supported=SCOPES,
        response_types_supported=["code"],
        response_modes_supported=["query"],
        grant_types_supported=["authorization_code", "refresh_token"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["RS256"],
        token_endpoint_auth_methods_supported=CLIENT_AUTH_METHODS,
        code_challenge_methods_supported=["plain", "S256"],
        prompt_values_supported=["none", "login", "consent"],
        claims_supported=["sub", "name", "email", "email_verified", ROLES_CLAIM],
        authorization_response_iss_parameter_supported=True,
        **signing,
    )


if __name__ == "__main__":
    place = urlsplit(ISSUER)
    serve(app, host=place.hostname, port=place.port, threads=4, ident=None)
