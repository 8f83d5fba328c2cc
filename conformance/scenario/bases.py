"""The valid exchanges a scenario starts from, as a table.

The last step of a base is the one whose request `headers`, `dpop`, `client_auth` and `http` change
and whose answer `expect` speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokenspec.conformance.scenario.model import StepKind

_A, _T, _R, _P = StepKind.AUTHORIZE, StepKind.TOKEN, StepKind.REFRESH, StepKind.PUSH


@dataclass(frozen=True, slots=True)
class Base:
    """A valid exchange: its steps in order, and the capabilities without which it cannot be had."""

    steps: tuple[StepKind, ...]
    summary: str
    dpop: bool = False
    needs: tuple[str, ...] = ()
    request_object: bool = False


BASES: dict[str, Base] = {
    "authorization": Base((_A,), "an authorization request that gets a code"),
    "authorization-page": Base(
        (StepKind.PAGE,), "an authorization request of a stranger, as it is answered first"
    ),
    "code-exchange": Base((_A, _T), "a code, exchanged with its verifier"),
    "code-exchange-dpop": Base((_A, _T), "the same with a DPoP proof", dpop=True, needs=("dpop",)),
    "push": Base((_P,), "an authorization request, pushed", needs=("par",)),
    "push-dpop": Base((_P,), "the same with a DPoP proof", dpop=True, needs=("par", "dpop")),
    "pushed-authorization": Base(
        (_P, _A), "an authorization request that was pushed and gets a code", needs=("par",)
    ),
    "par": Base((_P, _A, _T), "the same, its code exchanged", needs=("par",)),
    "par-dpop": Base((_P, _A, _T), "the same with DPoP proofs", dpop=True, needs=("par", "dpop")),
    "request-object": Base(
        (_A,),
        "an authorization request whose parameters are in a signed JWT",
        needs=("request-object",),
        request_object=True,
    ),
    "refresh": Base((_A, _T, _R), "a refresh token, used once", needs=("refresh",)),
    "refresh-dpop": Base(
        (_A, _T, _R), "the same, bound to a key", dpop=True, needs=("dpop", "refresh")
    ),
    "userinfo": Base(
        (_A, _T, StepKind.USERINFO), "an access token, shown at userinfo", needs=("userinfo",)
    ),
    "userinfo-dpop": Base(
        (_A, _T, StepKind.USERINFO),
        "the same, bound to a key",
        dpop=True,
        needs=("dpop", "dpop-bound", "userinfo"),
    ),
    "resource": Base(
        (_A, _T, StepKind.RESOURCE), "an access token, shown at a resource", needs=("resource",)
    ),
    "resource-dpop": Base(
        (_A, _T, StepKind.RESOURCE),
        "the same, bound to a key",
        dpop=True,
        needs=("dpop", "dpop-bound", "resource"),
    ),
    "revocation": Base(
        (_A, _T, StepKind.REVOKE), "an access token, revoked", needs=("revocation",)
    ),
    "introspection": Base(
        (_A, _T, StepKind.INTROSPECT), "an access token, introspected", needs=("introspection",)
    ),
    "introspection-dpop": Base(
        (_A, _T, StepKind.INTROSPECT),
        "the same of a token bound to a key",
        dpop=True,
        needs=("dpop", "dpop-bound", "introspection"),
    ),
    "metadata": Base((StepKind.METADATA,), "the discovery document", needs=("metadata",)),
    "jwks": Base((StepKind.JWKS,), "the key set", needs=("jwks",)),
}

# Needs that follow from a word used in a scenario, so that no author has to repeat them.
CLIENT_NEEDS: dict[str, str] = {
    "second": "second-client",
    "confidential": "confidential-client",
    "public": "public-client",
    "single": "single-redirect-client",
    "client_secret_basic": "client-secret-basic",
    "client_secret_post": "client-secret-post",
    "private_key_jwt": "private-key-jwt",
    "code_only": "code-only-client",
    "revoking": "code",
}
SESSION_NEEDS: dict[str, str] = {"new": "sign-in", "denied": "sign-in"}
SAME_BROWSER = "second-in-the-same-browser"
USER_NEEDS: dict[str, str] = {"second": "second-user", SAME_BROWSER: "second-user"}
STEP_NEEDS: dict[StepKind, str] = {
    StepKind.AUTHORIZE: "code",
    StepKind.PUSH: "par",
    StepKind.REFRESH: "refresh",
    StepKind.USERINFO: "userinfo",
    StepKind.RESOURCE: "resource",
    StepKind.REVOKE: "revocation",
    StepKind.INTROSPECT: "introspection",
    StepKind.LOGOUT: "logout",
    StepKind.METADATA: "metadata",
    StepKind.JWKS: "jwks",
}
OPERATOR_NEEDS: dict[tuple[str, str], str] = {
    ("registered", "other"): "second-redirect-uri",
    ("registered", "loopback"): "loopback-redirect",
    ("registered", "loopback-ipv6"): "loopback-ipv6-redirect",
    ("registered", "localhost"): "localhost-redirect",
    ("registered", "private-scheme"): "private-scheme-redirect",
    ("registered", "of-second"): "redirect-uri-of-second",
    ("registered", "with-query"): "redirect-uri-with-query",
    ("client", "second"): "second-client",
    ("client", "public"): "public-client",
    ("client", "client_secret_post"): "client-secret-post",
    ("client", "private_key_jwt"): "private-key-jwt",
    ("api", "with-offline-access"): "api-with-offline-access",
    ("api", "without-offline-access"): "api-without-offline-access",
    ("api", "any"): "api",
    ("copy", "login.username"): "sign-in",
    ("copy", "login.password"): "user-password",
}
