"""How a capability is known: rules over the target file and what discovery found.

Each gives a decision with its reason; rows that differ in a word are made by a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote_plus, urlsplit

from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import SIGNS_IN, Target
from tokenspec.conformance.target.redirects import has_origin, has_path, on_the_web, registered


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the target has a capability, and how that is known.

    `open`: nothing says so, and the target has not been asked yet (see `preflight.sequence`).
    """

    present: bool
    reason: str
    open: bool = False


Rule = Callable[[Target, Discovered], Decision]


def default(present: bool, reason: str) -> Rule:  # noqa: FBT001 - a cell of the table
    return lambda _t, _d: Decision(present, reason)


def role(role: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        found = target.client(role)
        if found is None:
            return Decision(False, f"the target file has no client for the role {role}")
        return Decision(True, f"client {found.client_id}")

    return rule


def rsa_assertions(target: Target, _: Discovered) -> Decision:
    client = target.client("private_key_jwt")
    if client is None:
        return Decision(False, "the target file has no client for the role private_key_jwt")
    kind = "an" if client.has_rsa_key else "no"
    return Decision(client.has_rsa_key, f"client {client.client_id} has {kind} RSA key")


def endpoint(name: str) -> Rule:
    def rule(_: Target, discovered: Discovered) -> Decision:
        url = getattr(discovered.endpoints, name)
        return Decision(bool(url), f"at {url}" if url else f"no {name} endpoint is known")

    return rule


def listed(member: str, value: str) -> Rule:
    """Present if the metadata's list holds the value; a missing list lists nothing."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        listed = _list(discovered, member)
        present = value in listed
        return Decision(present, f"metadata {'lists' if present else 'does not list'} {value}")

    return rule


def _list(discovered: Discovered, member: str) -> list[object]:
    value = discovered.metadata.get(member)
    return value if isinstance(value, list) else []


def scope(word: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        present = word in target.scope.split()
        return Decision(present, f"{word} is {'' if present else 'not '}in the target file's scope")

    return rule


def openid(target: Target, discovered: Discovered) -> Decision:
    """The scope of the file; where it was said or seen that the server knows none, not even so."""
    if target.capabilities.get("openid") is False:
        return Decision(False, "there is no OpenID Connect here (openid: false)")
    return scope("openid")(target, discovered)


def claims_openid(discovered: Discovered) -> bool:
    """Whether metadata speaks of ID tokens, as OpenID Connect Discovery §3 demands of providers."""
    algorithms = "id_token_signing_alg_values_supported"
    return bool(_list(discovered, algorithms)) or "openid" in _list(discovered, "scopes_supported")


def pkce(_: Target, discovered: Discovered) -> Decision:
    methods = _list(discovered, "code_challenge_methods_supported")
    if discovered.metadata and methods and "S256" not in methods:
        return Decision(False, "metadata lists challenge methods without S256")
    return Decision(True, "metadata lists S256" if methods else "assumed: RFC 9700 §2.1.1 asks it")


def plain_off(_: Target, discovered: Discovered) -> Decision:
    methods = _list(discovered, "code_challenge_methods_supported")
    if "plain" in methods:
        return Decision(False, "metadata lists the method plain")
    if not methods:
        return Decision(False, "metadata lists no challenge methods, so plain may be offered")
    return Decision(True, "metadata does not list the method plain")


def dpop(_: Target, discovered: Discovered) -> Decision:
    listed = _list(discovered, "dpop_signing_alg_values_supported")
    if not listed:
        return Decision(False, "metadata lists no dpop_signing_alg_values_supported")
    if "ES256" not in listed:
        return Decision(False, "metadata lists no ES256 for DPoP proofs")
    return Decision(True, "metadata lists ES256 for DPoP proofs")


def untold(reason: str) -> Rule:
    """Absent, until the target is asked."""
    return lambda _t, _d: Decision(False, reason, open=True)


def told(reason: str) -> Rule:
    """Present, until the target is asked."""
    return lambda _t, _d: Decision(True, reason, open=True)


def without_nonce(target: Target, discovered: Discovered) -> Decision:
    if target.capabilities.get("dpop-nonce"):
        return Decision(False, "the server asks for nonces in proofs")
    return dpop(target, discovered)


def dpop_optional(target: Target, discovered: Discovered) -> Decision:
    if target.capabilities.get("dpop-required"):
        return Decision(False, "the server asks the main client for proofs (dpop-required)")
    return dpop(target, discovered)


def bearer(target: Target, _: Discovered) -> Decision:
    if target.capabilities.get("dpop-required"):
        return Decision(False, "every token is asked for with a proof (dpop-required)")
    return Decision(True, "assumed: RFC 6750")


def bound(target: Target, discovered: Discovered) -> Decision:
    """RFC 9449 §5: a server may answer a proof with a bearer token, and then says so."""
    proofs = dpop(target, discovered)
    if proofs.present or target.capabilities.get("dpop"):
        return Decision(True, "not stated in the target file, and not seen yet", open=True)
    return proofs


def jkt(target: Target, discovered: Discovered) -> Decision:
    """RFC 9449 §10 lays down what dpop_jkt does; §10.1 demands it of who takes pushed requests."""
    proofs = dpop(target, discovered)
    if not proofs.present and not target.capabilities.get("dpop"):
        return proofs
    if discovered.metadata.get("pushed_authorization_request_endpoint"):
        return Decision(True, "metadata names an endpoint for pushed requests (RFC 9449 §10.1)")
    return Decision(False, "not stated in the target file", open=True)


def proof_algorithms(_: Target, discovered: Discovered) -> Decision:
    listed = bool(_list(discovered, "dpop_signing_alg_values_supported"))
    return Decision(listed, f"metadata lists {'some' if listed else 'none'}")


def default_port(target: Target, discovered: Discovered) -> Decision:
    address = target.network.htu or discovered.endpoints.token
    port = urlsplit(address).port
    return Decision(port is None, f"{address} names {'no' if port is None else 'a'} port")


def nonce_offered(target: Target, _: Discovered) -> Decision:
    if target.capabilities.get("dpop-nonce"):
        return Decision(True, "the server asks for nonces in proofs")
    return Decision(False, "not stated in the target file", open=True)


def window(target: Target, discovered: Discovered) -> Decision:
    if target.capabilities.get("dpop-nonce"):
        return Decision(False, "with nonces a server may check those instead of the time")
    proofs = dpop(target, discovered)
    return replace(proofs, open=proofs.present or bool(target.capabilities.get("dpop")))


def refresh(target: Target, discovered: Discovered) -> Decision:
    if "offline_access" in target.scope.split():
        return Decision(True, "offline_access is in the target file's scope")
    if "offline_access" in _list(discovered, "scopes_supported"):
        return Decision(False, "the server lists offline_access, which is not in 'scope'")
    return listed("grant_types_supported", "refresh_token")(target, discovered)


def both_refresh_tokens(target: Target, _: Discovered) -> Decision:
    if target.capabilities.get("refresh-only-offline"):
        return Decision(False, "none comes without offline_access (refresh-only-offline)")
    return Decision(False, "not stated in the target file", open=True)


def offline_access(target: Target, discovered: Discovered) -> Decision:
    in_scope = scope("offline_access")(target, discovered)
    return in_scope if in_scope.present else Decision(False, in_scope.reason)


def says(member: str) -> Rule:
    """Present if the metadata says so; what it does not say does not hold."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        present = discovered.metadata.get(member) is True
        return Decision(present, f"metadata {'says' if present else 'does not say'} {member}")

    return rule


def not_listed(member: str, value: str) -> Rule:
    """Present if there is a list, and it does not hold the value."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        listed = _list(discovered, member)
        present = bool(listed) and value not in listed
        return Decision(present, f"metadata {'does not list' if present else 'may offer'} {value}")

    return rule


def says_not(member: str) -> Rule:
    """Present if the metadata says so in as many words."""

    def rule(_: Target, discovered: Discovered) -> Decision:
        present = discovered.metadata.get(member) is False
        return Decision(present, f"metadata {'says' if present else 'does not say'} no {member}")

    return rule


def session(target: Target, _: Discovered) -> Decision:
    kind = target.login.kind
    repeatable = kind in (*SIGNS_IN, "cookie")
    return Decision(repeatable, f"login kind {kind} {'has' if repeatable else 'has no'} session")


def second_user(target: Target, _: Discovered) -> Decision:
    if target.second_login is None:
        return Decision(False, "the target file names one user; 'login' may be a list of two")
    who = target.second_login.username
    return Decision(True, f"the second of 'login' is {who or 'another user'}")


def code(target: Target, _: Discovered) -> Decision:
    kind = target.login.kind
    return Decision(kind != "none", f"login kind {kind} has {'no' if kind == 'none' else 'a'} way")


def redirect(which: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        fitting = registered(which, target.main, target.client("second"))
        whose = "the second client" if which == "of-second" else "clients[0]"
        held = (
            f"{whose} has {fitting[0]}"
            if fitting
            else f"{whose} has no redirect URI of this kind ({which})"
        )
        return Decision(bool(fitting), held)

    return rule


def shared_redirect(target: Target, _: Discovered) -> Decision:
    second = target.client("second")
    first = next(iter(target.main.redirect_uris), "")
    present = second is not None and first in second.redirect_uris
    return Decision(present, f"the second client has {'' if present else 'no '}{first or 'such'}")


def web_redirect(target: Target, _: Discovered) -> Decision:
    first = next(iter(target.main.redirect_uris), "")
    present = on_the_web(first)
    return Decision(present, f"the first of clients[0] is {'' if present else 'not '}on the web")


def native(target: Target, _: Discovered) -> Decision:
    """RFC 8252 §7.3, §8.1 and §8.4 speak of native apps alone, which have no secret.

    A client without one may as well be a script in a browser; an address that no browser opens
    is a native app's.
    """
    auth = target.main.auth
    if auth != "none":
        return Decision(False, f"the method of clients[0] is {auth}")
    own = registered("private-scheme", target.main)
    if own:
        return Decision(True, f"clients[0] has {own[0]}")
    return Decision(
        False,
        "not stated, and clients[0] has no address with a scheme of its own; a native app may come "
        "with any loopback port: if it is one, say 'capabilities: {native-client: true}'",
    )


def redirect_path(target: Target, _: Discovered) -> Decision:
    """RFC 3986 §6.2.3: without a path, a slash behind the host makes no other address."""
    first = next(iter(target.main.redirect_uris), "")
    present = has_path(first)
    return Decision(present, f"the first of clients[0] has {'a' if present else 'no'} path")


def web_origin(target: Target, _: Discovered) -> Decision:
    """Of both clients whose scripts are played: the main one, and one without a secret."""
    clients = [target.main, *filter(None, [target.client("public")])]
    native = [c.client_id for c in clients if not any(map(has_origin, c.redirect_uris[:1]))]
    if native:
        return Decision(False, f"the first redirect URI of {native[0]} has no origin")
    return Decision(True, "the first redirect URI of each client has an origin")


def https_redirect(target: Target, _: Discovered) -> Decision:
    first = next(iter(target.main.redirect_uris), "")
    present = first.startswith("https:")
    return Decision(present, f"the first of clients[0] is {'' if present else 'not '}https")


def sign_in(target: Target, _: Discovered) -> Decision:
    kind = target.login.kind
    present = kind in ("form", "reference")
    return Decision(present, f"login kind {kind} fills in {'' if present else 'no '}forms")


def code_only(_: Target, discovered: Discovered) -> Decision:
    listed = _list(discovered, "response_types_supported")
    present = listed == ["code"]
    return Decision(present, f"metadata {'lists code alone' if present else 'lists others too'}")


def plain(target: Target, discovered: Discovered) -> Decision:
    """RFC 7636 §4.4.1: what the server lists, it may refuse to a client."""
    offered = listed("code_challenge_methods_supported", "plain")(target, discovered)
    return replace(offered, open=offered.present)


def api(wanted: bool | None) -> Rule:  # noqa: FBT001 - a cell of the table
    def rule(target: Target, _: Discovered) -> Decision:
        for api in target.apis:
            if wanted is None or api.offline_access is wanted:
                return Decision(True, f"API {api.audience}")
        return Decision(False, "the target file names no such API")

    return rule


def lifetime(name: str) -> Rule:
    def rule(target: Target, _: Discovered) -> Decision:
        seconds = getattr(target.lifetimes, name)
        if seconds is None:
            return Decision(False, f"the target file gives no lifetimes.{name} to wait for")
        return Decision(True, f"lifetimes.{name} is {seconds:g} s")

    return rule


def rotation(target: Target, _: Discovered) -> Decision:
    if target.main.auth == "none":
        return Decision(True, "assumed: clients[0] is public (RFC 9700 §2.2.2)")
    return Decision(False, "clients[0] is confidential, so rotation is left to the server")


def special_secret(target: Target, _: Discovered) -> Decision:
    client = target.client("client_secret_basic")
    if client is None:
        return Decision(False, "the target file has no client with client_secret_basic")
    special = quote_plus(client.secret) != client.secret
    held = "has" if special else "has no"
    return Decision(special, f"the secret of {client.client_id} {held} characters to encode")


def letters_in_secret(target: Target, _: Discovered) -> Decision:
    client = target.client("client_secret_basic")
    if client is None:
        return Decision(False, "the target file has no client with client_secret_basic")
    present = client.secret.swapcase() != client.secret
    held = "has" if present else "has no"
    return Decision(present, f"the secret of {client.client_id} {held} letters")


def userinfo(target: Target, discovered: Discovered) -> Decision:
    known = openid(target, discovered)
    return endpoint("userinfo")(target, discovered) if known.present else known


def metadata(_: Target, discovered: Discovered) -> Decision:
    found = bool(discovered.source)
    return Decision(found, f"at {discovered.source}" if found else "none was found")
