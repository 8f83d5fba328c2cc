"""What a target can do, as a table: the file's word, the profile's, what it holds, metadata.

A capability decides whether a scenario applies. Each decision carries its reason for the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import quote_plus, urlsplit

from conformance.target.discovery import Discovered
from conformance.target.model import SIGNS_IN, Target
from conformance.target.redirects import on_the_web, registered


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the target has a capability, and how that is known.

    `open`: nothing says so, and the target has not been asked yet (see `conformance.run.learning`).
    """

    present: bool
    reason: str
    open: bool = False


Rule = Callable[[Target, Discovered], Decision]


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


def _default(present: bool, reason: str) -> Rule:  # noqa: FBT001 - a cell of the table
    return lambda _t, _d: Decision(present, reason)


def _role(role: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        found = target.client(role)
        if found is None:
            return Decision(False, f"the target file has no client for the role {role}")
        return Decision(True, f"client {found.client_id}")

    return rule


def _endpoint(name: str) -> Rule:
    def rule(_: Target, discovered: Discovered) -> Decision:
        url = getattr(discovered.endpoints, name)
        return Decision(bool(url), f"at {url}" if url else f"no {name} endpoint is known")

    return rule


def _listed(member: str, value: str) -> Rule:
    """Present if the metadata's list holds the value; a missing list lists nothing."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        listed = _list(discovered, member)
        present = value in listed
        return Decision(present, f"metadata {'lists' if present else 'does not list'} {value}")

    return rule


def _list(discovered: Discovered, member: str) -> list[object]:
    value = discovered.metadata.get(member)
    return value if isinstance(value, list) else []


def _scope(word: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        present = word in target.scope.split()
        return Decision(present, f"{word} is {'' if present else 'not '}in the target file's scope")

    return rule


def _pkce(_: Target, discovered: Discovered) -> Decision:
    methods = _list(discovered, "code_challenge_methods_supported")
    if discovered.metadata and methods and "S256" not in methods:
        return Decision(False, "metadata lists challenge methods without S256")
    return Decision(True, "metadata lists S256" if methods else "assumed: RFC 9700 §2.1.1 asks it")


def _plain_off(_: Target, discovered: Discovered) -> Decision:
    methods = _list(discovered, "code_challenge_methods_supported")
    if "plain" in methods:
        return Decision(False, "metadata lists the method plain")
    if not methods:
        return Decision(False, "metadata lists no challenge methods, so plain may be offered")
    return Decision(True, "metadata does not list the method plain")


def _dpop(_: Target, discovered: Discovered) -> Decision:
    listed = _list(discovered, "dpop_signing_alg_values_supported")
    if not listed:
        return Decision(False, "metadata lists no dpop_signing_alg_values_supported")
    if "ES256" not in listed:
        return Decision(False, "metadata lists no ES256 for DPoP proofs")
    return Decision(True, "metadata lists ES256 for DPoP proofs")


def _untold(reason: str) -> Rule:
    """Absent, until the target is asked."""
    return lambda _t, _d: Decision(False, reason, open=True)


def _without_nonce(target: Target, discovered: Discovered) -> Decision:
    if target.capabilities.get("dpop-nonce"):
        return Decision(False, "proofs hold nonces")
    return _dpop(target, discovered)


def _bound(target: Target, discovered: Discovered) -> Decision:
    """RFC 9449 §5: a server may answer a proof with a bearer token, and then says so."""
    proofs = _dpop(target, discovered)
    if proofs.present or target.capabilities.get("dpop"):
        return Decision(True, "not stated in the target file, and not seen yet", open=True)
    return proofs


def _jkt(target: Target, discovered: Discovered) -> Decision:
    """RFC 9449 §10 lays down what dpop_jkt does; §10.1 demands it of who takes pushed requests."""
    proofs = _dpop(target, discovered)
    if not proofs.present and not target.capabilities.get("dpop"):
        return proofs
    if discovered.metadata.get("pushed_authorization_request_endpoint"):
        return Decision(True, "metadata names an endpoint for pushed requests (RFC 9449 §10.1)")
    return Decision(False, "not stated in the target file", open=True)


def _proof_algorithms(_: Target, discovered: Discovered) -> Decision:
    listed = bool(_list(discovered, "dpop_signing_alg_values_supported"))
    return Decision(listed, f"metadata lists {'some' if listed else 'none'}")


def _default_port(target: Target, discovered: Discovered) -> Decision:
    address = target.network.htu or discovered.endpoints.token
    port = urlsplit(address).port
    return Decision(port is None, f"{address} names {'no' if port is None else 'a'} port")


def _window(target: Target, discovered: Discovered) -> Decision:
    if target.capabilities.get("dpop-nonce"):
        return Decision(False, "with nonces a server may check those instead of the time")
    return _dpop(target, discovered)


def _refresh(target: Target, discovered: Discovered) -> Decision:
    if "offline_access" in target.scope.split():
        return Decision(True, "offline_access is in the target file's scope")
    if "offline_access" in _list(discovered, "scopes_supported"):
        return Decision(False, "the server lists offline_access, which is not in 'scope'")
    return _listed("grant_types_supported", "refresh_token")(target, discovered)


def _offline_access(target: Target, discovered: Discovered) -> Decision:
    in_scope = _scope("offline_access")(target, discovered)
    return in_scope if in_scope.present else Decision(False, in_scope.reason)


def _says(member: str) -> Rule:
    """Present if the metadata says so; what it does not say does not hold."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        present = discovered.metadata.get(member) is True
        return Decision(present, f"metadata {'says' if present else 'does not say'} {member}")

    return rule


def _not_listed(member: str, value: str) -> Rule:
    """Present if there is a list, and it does not hold the value."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        listed = _list(discovered, member)
        present = bool(listed) and value not in listed
        return Decision(present, f"metadata {'does not list' if present else 'may offer'} {value}")

    return rule


def _says_not(member: str) -> Rule:
    """Present if the metadata says so in as many words."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        present = discovered.metadata.get(member) is False
        return Decision(present, f"metadata {'says' if present else 'does not say'} no {member}")

    return rule


def _session(target: Target, _: Discovered) -> Decision:
    kind = target.login.kind
    repeatable = kind in (*SIGNS_IN, "cookie")
    return Decision(repeatable, f"login kind {kind} {'has' if repeatable else 'has no'} session")


def _code(target: Target, _: Discovered) -> Decision:
    kind = target.login.kind
    return Decision(kind != "none", f"login kind {kind} has {'no' if kind == 'none' else 'a'} way")


def _redirect(which: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        fitting = registered(which, target.main, target.client("second"))
        whose = "the second client" if which == "of-second" else "clients[0]"
        held = f"{whose} has {fitting[0]}" if fitting else f"{whose} has none ({which})"
        return Decision(bool(fitting), held)

    return rule


def _web_redirect(target: Target, _: Discovered) -> Decision:
    first = next(iter(target.main.redirect_uris), "")
    present = on_the_web(first)
    return Decision(present, f"the first of clients[0] is {'' if present else 'not '}on the web")


def _https_redirect(target: Target, _: Discovered) -> Decision:
    first = next(iter(target.main.redirect_uris), "")
    present = first.startswith("https:")
    return Decision(present, f"the first of clients[0] is {'' if present else 'not '}https")


def _sign_in(target: Target, _: Discovered) -> Decision:
    kind = target.login.kind
    present = kind in ("form", "reference")
    return Decision(present, f"login kind {kind} fills in {'' if present else 'no '}forms")


def _code_only(_: Target, discovered: Discovered) -> Decision:
    listed = _list(discovered, "response_types_supported")
    present = listed == ["code"]
    return Decision(present, f"metadata {'lists code alone' if present else 'lists others too'}")


def _plain(target: Target, discovered: Discovered) -> Decision:
    return _listed("code_challenge_methods_supported", "plain")(target, discovered)


def _api(wanted: bool | None) -> Rule:  # noqa: FBT001 - a cell of the table
    def rule(target: Target, _: Discovered) -> Decision:
        for api in target.apis:
            if wanted is None or api.offline_access is wanted:
                return Decision(True, f"API {api.audience}")
        return Decision(False, "the target file names no such API")

    return rule


def _lifetime(name: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        seconds = getattr(target.lifetimes, name)
        if seconds is None:
            return Decision(False, f"the target file gives no lifetimes.{name} to wait for")
        return Decision(True, f"lifetimes.{name} is {seconds:g} s")

    return rule


def _rotation(target: Target, _: Discovered) -> Decision:
    if target.main.auth == "none":
        return Decision(True, "assumed: clients[0] is public (RFC 9700 §2.2.2)")
    return Decision(False, "clients[0] is confidential, so rotation is left to the server")


def _special_secret(target: Target, _: Discovered) -> Decision:
    client = target.client("client_secret_basic")
    if client is None:
        return Decision(False, "the target file has no client with client_secret_basic")
    special = quote_plus(client.secret) != client.secret
    held = "has" if special else "has no"
    return Decision(special, f"the secret of {client.client_id} {held} characters to encode")


def _letters_in_secret(target: Target, _: Discovered) -> Decision:
    client = target.client("client_secret_basic")
    if client is None:
        return Decision(False, "the target file has no client with client_secret_basic")
    present = client.secret.swapcase() != client.secret
    held = "has" if present else "has no"
    return Decision(present, f"the secret of {client.client_id} {held} letters")


def _userinfo(target: Target, discovered: Discovered) -> Decision:
    openid = _scope("openid")(target, discovered)
    return _endpoint("userinfo")(target, discovered) if openid.present else openid


def _metadata(_: Target, discovered: Discovered) -> Decision:
    found = bool(discovered.source)
    return Decision(found, f"at {discovered.source}" if found else "none was found")


CAPABILITIES: dict[str, Capability] = {
    "code": Capability("a way to an authorization code", _code),
    "openid": Capability("OpenID Connect: scope openid", _scope("openid")),
    "pkce-s256": Capability("PKCE with S256", _pkce),
    "pkce-plain-off": Capability("PKCE without the method plain", _plain_off),
    "pkce-plain": Capability("PKCE with the method plain", _plain),
    "pkce-optional": Capability(
        "the main client may do without PKCE", _default(False, "not stated in the target file")
    ),
    "pkce-required": Capability(
        "PKCE demanded of the main client", _default(False, "not stated in the target file")
    ),
    "dpop": Capability("DPoP with ES256", _dpop),
    "dpop-algorithms": Capability("a list of algorithms for proofs", _proof_algorithms),
    "dpop-bound": Capability("a token asked for with a proof is bound to its key", _bound),
    "dpop-jkt": Capability("the parameter dpop_jkt", _jkt),
    "dpop-nonce": Capability("nonces in DPoP proofs", _untold("not stated in the target file")),
    "dpop-without-nonce": Capability("DPoP without nonces", _without_nonce),
    "token-at-default-port": Capability(
        "the token endpoint's address names no port", _default_port
    ),
    "dpop-window": Capability("the time of a proof is checked, as no nonce stands for it", _window),
    "dpop-alg-es384": Capability(
        "DPoP with ES384", _listed("dpop_signing_alg_values_supported", "ES384")
    ),
    "dpop-alg-rs256": Capability(
        "DPoP with RS256", _listed("dpop_signing_alg_values_supported", "RS256")
    ),
    "dpop-alg-ps256": Capability(
        "DPoP with PS256", _listed("dpop_signing_alg_values_supported", "PS256")
    ),
    "dpop-alg-eddsa": Capability(
        "DPoP with EdDSA", _listed("dpop_signing_alg_values_supported", "EdDSA")
    ),
    "dpop-required": Capability(
        "every token is asked for with a proof", _default(False, "not stated in the target file")
    ),
    "fapi": Capability(
        "the rules of FAPI 2.0", _default(False, "neither profile nor target file says so")
    ),
    "auth0": Capability(
        "the rules of Auth0's page", _default(False, "neither profile nor target file says so")
    ),
    "oauth-2.1": Capability(
        "the rules of OAuth 2.1", _default(False, "neither profile nor target file says so")
    ),
    "assertion-audience-issuer": Capability(
        "client assertions are addressed to the issuer alone",
        _default(False, "not stated in the target file"),
    ),
    "refresh": Capability("refresh tokens", _refresh),
    "refresh-rotation": Capability("refresh tokens are replaced at each use", _rotation),
    "refresh-only-offline": Capability(
        "no refresh token without the scope offline_access",
        _default(False, "not stated in the target file"),
    ),
    "offline-access": Capability("the scope offline_access", _offline_access),
    "userinfo": Capability("the UserInfo endpoint, with scope openid", _userinfo),
    "revocation": Capability("the revocation endpoint", _endpoint("revocation")),
    "introspection": Capability("the introspection endpoint", _endpoint("introspection")),
    "jwks": Capability("a key set", _endpoint("jwks")),
    "metadata": Capability("a metadata document", _metadata),
    "iss-parameter": Capability(
        "iss in authorization responses", _says("authorization_response_iss_parameter_supported")
    ),
    "prompt-none": Capability("silent authentication", _scope("openid")),
    "claims-parameter": Capability("the parameter claims", _says("claims_parameter_supported")),
    "no-implicit": Capability(
        "no response type token", _not_listed("response_types_supported", "token")
    ),
    "no-request-object": Capability(
        "the parameter request is not supported", _says_not("request_parameter_supported")
    ),
    "no-request-uri": Capability(
        "the parameter request_uri is not supported", _says_not("request_uri_parameter_supported")
    ),
    "session": Capability("a session that outlives one authorization", _session),
    "jwt-access-token": Capability(
        "access tokens for an API are JWTs of RFC 9068, and userinfo takes them",
        _default(False, "not stated in the target file"),
    ),
    "custom-claims": Capability(
        "a namespaced custom claim is set up", _default(False, "not stated in the target file")
    ),
    "form-only": Capability(
        "token requests are form-encoded only", _default(True, "assumed: RFC 6749 §4.1.3")
    ),
    "code-lifetime": Capability("waiting until a code has expired", _lifetime("code")),
    "access-token-lifetime": Capability(
        "waiting until an access token has expired", _lifetime("access_token")
    ),
    "refresh-token-lifetime": Capability(
        "waiting until a refresh token has expired", _lifetime("refresh_token")
    ),
    "dpop-nonce-lifetime": Capability(
        "waiting until a nonce is good no more", _lifetime("dpop_nonce")
    ),
    "second-client": Capability("another client", _role("second")),
    "public-client": Capability("a public client", _role("public")),
    "confidential-client": Capability("a confidential client", _role("confidential")),
    "client-secret-basic": Capability("a client with Basic", _role("client_secret_basic")),
    "client-secret-post": Capability(
        "a client with its secret in the body", _role("client_secret_post")
    ),
    "private-key-jwt": Capability("a client with assertions", _role("private_key_jwt")),
    "second-redirect-uri": Capability(
        "another redirect URI of the main client", _redirect("other")
    ),
    "loopback-redirect": Capability("a loopback redirect URI", _redirect("loopback")),
    "loopback-ipv6-redirect": Capability("a redirect URI at [::1]", _redirect("loopback-ipv6")),
    "localhost-redirect": Capability("a redirect URI at localhost", _redirect("localhost")),
    "private-scheme-redirect": Capability(
        "a redirect URI with a scheme of its own", _redirect("private-scheme")
    ),
    "redirect-uri-of-second": Capability(
        "a redirect URI that only the second client has", _redirect("of-second")
    ),
    "single-redirect-client": Capability("a client with one redirect URI", _role("single")),
    "web-redirect": Capability(
        "the main client's redirect URI is at a host of its own", _web_redirect
    ),
    "https-redirect": Capability("the main client's redirect URI is https", _https_redirect),
    "sign-in": Capability("a new sign-in, by forms, whenever one is wanted", _sign_in),
    "code-only": Capability("no response type but code", _code_only),
    "redirect-uri-with-query": Capability("a redirect URI with a query", _redirect("with-query")),
    "code-only-client": Capability(
        "a client that may not use the refresh grant", _role("code_only")
    ),
    "secret-with-special-characters": Capability(
        "a client with Basic whose secret form encoding changes", _special_secret
    ),
    "secret-with-letters": Capability(
        "a client with Basic whose secret has letters", _letters_in_secret
    ),
    "rs256": Capability(
        "the algorithm RS256, which OpenID Connect demands and FAPI 2.0 forbids",
        _default(True, "assumed: OpenID Connect Core §15.1"),
    ),
    "resource-indicators": Capability(
        "the parameter resource, which names an API",
        _default(False, "not stated in the target file"),
    ),
    "api": Capability("an API", _api(None)),
    "api-with-offline-access": Capability("an API with offline access", _api(True)),
    "api-without-offline-access": Capability("an API without offline access", _api(False)),
}
