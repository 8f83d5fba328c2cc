"""What a target can do, as a table: the file's word, the profile's, what it holds, metadata.

A capability decides whether a scenario applies. Each decision carries its reason for the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from tokenspec.conformance.http import origin
from tokenspec.conformance.target import pushing, request_objects, rules
from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.target.rules import Decision, Rule


@dataclass(frozen=True, slots=True)
class Capability:
    """A word of `needs`."""

    summary: str
    rule: Rule


NOTHING: Mapping[str, Decision] = MappingProxyType({})


def decide(
    target: Target, discovered: Discovered, defaults: Mapping[str, Decision] = NOTHING
) -> dict[str, Decision]:
    """A decision for every capability: the file's word, then `defaults`, then the rule."""
    said = {name: decision.present for name, decision in defaults.items()}
    informed = replace(target, capabilities=said | dict(target.capabilities))
    return {
        name: _stated(target, name) or defaults.get(name) or capability.rule(informed, discovered)
        for name, capability in CAPABILITIES.items()
    }


def _stated(target: Target, name: str) -> Decision | None:
    if name not in target.capabilities:
        return None
    present = target.capabilities[name]
    return Decision(present, f"the target file says {name}: {str(present).lower()}")


def _any_audience(target: Target, _: Discovered) -> Decision:
    if target.capabilities.get("assertion-audience-issuer"):
        return Decision(False, "client assertions are addressed to the issuer alone")
    return Decision(True, "assumed: RFC 7523 §3, RFC 9126 §2")


def _password_shown(target: Target, discovered: Discovered) -> Decision:
    """The user's password goes where the login page has it from, and nowhere else."""
    login, endpoints = target.login, discovered.endpoints
    if not login.password:
        return Decision(False, f"login kind {login.kind} names no password of the user")
    if login.hosts or origin(endpoints.token) != origin(endpoints.authorization):
        return Decision(False, "users sign in at another origin than the token endpoint's")
    return Decision(True, "the token endpoint is of the origin that users sign in at")


CAPABILITIES: dict[str, Capability] = {
    "code": Capability("a way to an authorization code", rules.code),
    "openid": Capability("OpenID Connect: scope openid", rules.openid),
    "pkce-s256": Capability("PKCE with S256", rules.pkce),
    "pkce-plain-off": Capability("PKCE without the method plain", rules.plain_off),
    "pkce-plain": Capability("PKCE with the method plain", rules.plain),
    "pkce-optional": Capability(
        "the main client may do without PKCE", rules.untold("not stated in the target file")
    ),
    "pkce-required": Capability(
        "PKCE demanded of the main client", rules.untold("not stated in the target file")
    ),
    "dpop": Capability("DPoP with ES256", rules.dpop),
    "dpop-algorithms": Capability("a list of algorithms for proofs", rules.proof_algorithms),
    "dpop-bound": Capability("a token asked for with a proof is bound to its key", rules.bound),
    "dpop-bound-unsaid": Capability(
        "a bound token is announced as a bearer token",
        rules.default(False, "not stated in the target file, and not seen"),
    ),
    "dpop-jkt": Capability("the parameter dpop_jkt", rules.jkt),
    "dpop-nonce": Capability(
        "nonces demanded in DPoP proofs", rules.untold("not stated in the target file")
    ),
    "dpop-nonce-offered": Capability("nonces for DPoP proofs are given out", rules.nonce_offered),
    "dpop-without-nonce": Capability("DPoP without nonces", rules.without_nonce),
    "token-at-default-port": Capability(
        "the token endpoint's address names no port", rules.default_port
    ),
    "dpop-window": Capability(
        "the time of a proof is checked, as no nonce stands for it", rules.window
    ),
    "dpop-alg-es384": Capability(
        "DPoP with ES384", rules.listed("dpop_signing_alg_values_supported", "ES384")
    ),
    "dpop-alg-rs256": Capability(
        "DPoP with RS256", rules.listed("dpop_signing_alg_values_supported", "RS256")
    ),
    "dpop-alg-ps256": Capability(
        "DPoP with PS256", rules.listed("dpop_signing_alg_values_supported", "PS256")
    ),
    "dpop-alg-eddsa": Capability(
        "DPoP with EdDSA", rules.listed("dpop_signing_alg_values_supported", "EdDSA")
    ),
    "dpop-optional": Capability("DPoP, and the main client may do without it", rules.dpop_optional),
    "bearer-tokens": Capability("tokens that need no proof", rules.bearer),
    "dpop-required": Capability(
        "every token is asked for with a proof",
        rules.default(False, "not stated in the target file"),
    ),
    "fapi": Capability(
        "the rules of FAPI 2.0", rules.default(False, "neither profile nor target file says so")
    ),
    "auth0": Capability(
        "the rules of Auth0's page", rules.default(False, "neither profile nor target file says so")
    ),
    "oauth-2.1": Capability(
        "the rules of OAuth 2.1", rules.default(False, "neither profile nor target file says so")
    ),
    "assertion-audience-issuer": Capability(
        "client assertions are addressed to the issuer alone",
        rules.default(False, "not stated in the target file"),
    ),
    "assertion-audiences": Capability(
        "client assertions may be addressed to each endpoint that takes them", _any_audience
    ),
    "assertion-client-id": Capability(
        "a client_id goes beside client assertions",
        rules.default(False, "not stated in the target file"),
    ),
    "refresh": Capability("refresh tokens", rules.refresh),
    "refresh-rotation": Capability("refresh tokens are replaced at each use", rules.rotation),
    "refresh-only-offline": Capability(
        "no refresh token without the scope offline_access",
        rules.default(False, "not stated in the target file"),
    ),
    "both-refresh-tokens": Capability(
        "refresh tokens with and without the scope offline_access", rules.both_refresh_tokens
    ),
    "offline-access": Capability("the scope offline_access", rules.offline_access),
    "userinfo": Capability("the UserInfo endpoint, with scope openid", rules.userinfo),
    "revocation": Capability("the revocation endpoint", rules.endpoint("revocation")),
    "revocation-by-main": Capability(
        "clients[0] may revoke its tokens", rules.told("assumed: RFC 7009 §2.1 excludes no client")
    ),
    "introspection": Capability("the introspection endpoint", rules.endpoint("introspection")),
    "par": Capability("the endpoint for pushed authorization requests", rules.endpoint("par")),
    "par-required": Capability("authorization requests have to be pushed", pushing.required),
    "unpushed-requests": Capability(
        "an authorization request need not be pushed", pushing.optional
    ),
    "logout": Capability(
        "the logout endpoint: OpenID Connect RP-Initiated Logout", rules.endpoint("logout")
    ),
    "jwks": Capability("a key set", rules.endpoint("jwks")),
    "metadata": Capability("a metadata document", rules.metadata),
    "iss-parameter": Capability(
        "iss in authorization responses",
        rules.says("authorization_response_iss_parameter_supported"),
    ),
    "prompt-none": Capability("silent authentication", rules.openid),
    "claims-parameter": Capability(
        "the parameter claims", rules.says("claims_parameter_supported")
    ),
    "no-implicit": Capability(
        "no response type token", rules.not_listed("response_types_supported", "token")
    ),
    "no-request-object": Capability(
        "the parameter request is not supported", rules.says_not("request_parameter_supported")
    ),
    "request-object": Capability(
        "a client with a key can send signed request objects", request_objects.supported
    ),
    "request-object-signed": Capability(
        "request objects have to be signed",
        rules.not_listed("request_object_signing_alg_values_supported", "none"),
    ),
    "no-request-uri": Capability(
        "the parameter request_uri is not supported",
        rules.says_not("request_uri_parameter_supported"),
    ),
    "session": Capability("a session that outlives one authorization", rules.session),
    "jwt-access-token": Capability(
        "access tokens for an API are JWTs of RFC 9068, and userinfo takes them",
        rules.default(False, "not stated in the target file"),
    ),
    "custom-claims": Capability(
        "a namespaced custom claim is set up", rules.default(False, "not stated in the target file")
    ),
    "form-only": Capability(
        "token requests are form-encoded only", rules.default(True, "assumed: RFC 6749 §4.1.3")
    ),
    "code-lifetime": Capability("waiting until a code has expired", rules.lifetime("code")),
    "access-token-lifetime": Capability(
        "waiting until an access token has expired", rules.lifetime("access_token")
    ),
    "refresh-token-lifetime": Capability(
        "waiting until a refresh token has expired", rules.lifetime("refresh_token")
    ),
    "request-uri-lifetime": Capability(
        "waiting until a pushed request has expired", rules.lifetime("request_uri")
    ),
    "dpop-nonce-lifetime": Capability(
        "waiting until a nonce is good no more", rules.lifetime("dpop_nonce")
    ),
    "second-client": Capability("another client", rules.role("second")),
    "public-client": Capability("a public client", rules.role("public")),
    "confidential-client": Capability("a confidential client", rules.role("confidential")),
    "client-secret-basic": Capability("a client with Basic", rules.role("client_secret_basic")),
    "client-secret-post": Capability(
        "a client with its secret in the body", rules.role("client_secret_post")
    ),
    "rsa-assertions": Capability(
        "a client whose assertions are signed with an RSA key", rules.rsa_assertions
    ),
    "private-key-jwt": Capability("a client with assertions", rules.role("private_key_jwt")),
    "second-redirect-uri": Capability(
        "another redirect URI of the main client", rules.redirect("other")
    ),
    "loopback-redirect": Capability("a loopback redirect URI", rules.redirect("loopback")),
    "native-client": Capability(
        "the main client is a native app: without a secret, as the file or a private scheme says",
        rules.native,
    ),
    "loopback-ipv6-redirect": Capability(
        "a redirect URI at [::1]", rules.redirect("loopback-ipv6")
    ),
    "localhost-redirect": Capability("a redirect URI at localhost", rules.redirect("localhost")),
    "private-scheme-redirect": Capability(
        "a redirect URI with a scheme of its own", rules.redirect("private-scheme")
    ),
    "redirect-uri-of-second": Capability(
        "a redirect URI that only the second client has", rules.redirect("of-second")
    ),
    "shared-redirect-uri": Capability(
        "the main client's first redirect URI is the second client's as well",
        rules.shared_redirect,
    ),
    "single-redirect-client": Capability("a client with one redirect URI", rules.role("single")),
    "web-redirect": Capability(
        "the main client's redirect URI is at a host of its own", rules.web_redirect
    ),
    "redirect-uri-with-path": Capability(
        "the main client's redirect URI has a path", rules.redirect_path
    ),
    "web-origin": Capability(
        "scripts come from the origin of the client's redirect URI", rules.web_origin
    ),
    "https-redirect": Capability("the main client's redirect URI is https", rules.https_redirect),
    "user-password": Capability(
        "the user's password may be shown to the token endpoint", _password_shown
    ),
    "second-user": Capability("another user", rules.second_user),
    "sign-in": Capability("a new sign-in, by forms, whenever one is wanted", rules.sign_in),
    "code-only": Capability("no response type but code", rules.code_only),
    "redirect-uri-with-query": Capability(
        "a redirect URI with a query", rules.redirect("with-query")
    ),
    "code-only-client": Capability(
        "a client that may not use the refresh grant", rules.role("code_only")
    ),
    "secret-with-special-characters": Capability(
        "a client with Basic whose secret form encoding changes", rules.special_secret
    ),
    "secret-with-letters": Capability(
        "a client with Basic whose secret has letters", rules.letters_in_secret
    ),
    "rs256": Capability(
        "the algorithm RS256, which OpenID Connect demands and FAPI 2.0 forbids",
        rules.default(True, "assumed: OpenID Connect Core §15.1"),
    ),
    "resource-indicators": Capability(
        "the parameter resource, which names an API",
        rules.default(False, "not stated in the target file"),
    ),
    "resource": Capability("a resource that access tokens open", rules.endpoint("resource")),
    "resource-audience": Capability(
        "tokens for an API of `apis` are not meant for the resource",
        rules.default(False, "not stated in the target file"),
    ),
    "api": Capability("an API", rules.api(None)),
    "api-with-offline-access": Capability("an API with offline access", rules.api(True)),
    "api-without-offline-access": Capability("an API without offline access", rules.api(False)),
}
