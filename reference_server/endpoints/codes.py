"""The code that a granted authorization request gets, and the scope that comes with it."""

from __future__ import annotations

from collections.abc import Iterable

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.guards.openid import claims_asked
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Code, Grant, SignIn

GRANTED_SCOPE: Seam[tuple[str, ...], Authorization] = seam(
    "granted_scope", "the words of scope that a request is granted"
)
CODE_VALUE: Seam[str, Authorization] = seam("code_value", "a new authorization code")


def issue_code(request: Authorization, sign_in: SignIn) -> str:
    """A code for a request that passed its guards and its user."""
    core = request.core
    user = core.config.user(sign_in.username)
    scope = grantable(request, request.get("scope").split())
    grant = Grant(
        family=core.random_text(),
        client_id=request.get("client_id"),
        sub=user.sub if user else "",
        scope=core.tell(GRANTED_SCOPE, scope, request),
        audience=request.audience,
        auth_time=sign_in.auth_time,
        nonce=request.get("nonce"),
        claims=claims_asked(request),
    )
    code = Code(
        value=core.tell(CODE_VALUE, core.random_text(), request),
        grant=grant,
        redirect_uri=request.redirect_uri,
        redirect_uri_sent=bool(request.get("redirect_uri")),
        code_challenge=request.get("code_challenge"),
        code_challenge_method=request.get("code_challenge_method") or "plain",
        dpop_jkt=request.get("dpop_jkt"),
        expires_at=request.now + core.policy.code_lifetime,
    )
    core.store.add_code(code)
    return code.value


def grantable(request: Authorization, asked: Iterable[str]) -> tuple[str, ...]:
    """What is known of the scope asked for; offline_access only where the API allows it."""
    api = request.core.config.api(request.audience)
    forbidden = {"offline_access"} if api is not None and not api.allow_offline_access else set()
    known = set(request.core.config.offered_scopes) - forbidden
    return tuple(dict.fromkeys(word for word in asked if word in known))
