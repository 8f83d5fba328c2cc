"""What an authorization request has to fulfil.

The first group is checked before anything is redirected: a request whose client or redirect_uri is
wrong gets a page (RFC 6749 §4.1.2.1).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.guarding import guard

S256_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")
PLAIN_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
SCOPE = re.compile(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*")
CHALLENGE_NEEDED = "A code_challenge is required."
LOOPBACKS = {"127.0.0.1", "::1"}
METHOD_UNSUPPORTED = "The code_challenge_method is not supported."


def matches_registered(redirect_uri: str, registered: str) -> bool:
    """Character for character, but for the port of a loopback address (RFC 8252 §7.3)."""
    if redirect_uri == registered:
        return True
    try:
        asked, known = urlsplit(redirect_uri), urlsplit(registered)
        ported = f"{asked.scheme}://{asked.netloc}"
        hosts = asked.hostname == known.hostname and asked.hostname in LOOPBACKS
        host = f"[{asked.hostname}]" if ":" in (asked.hostname or "") else asked.hostname
        bare = ported == f"http://{host}:{asked.port}"
    except ValueError:
        return False
    rest = redirect_uri[len(ported) :]
    return (
        hosts and bare and known.scheme == "http" and registered == f"http://{known.netloc}{rest}"
    )


@guard("authorize.client_known", "RFC6749-4.1.2.1-bad_client_or_redirect_no_redirect")
def client_known(request: Authorization) -> None:
    """RFC 6749 §4.1.2.1: an unknown client is never redirected."""
    if request.client is None:
        raise invalid_request("unknown client")


@guard("authorize.redirect_uri_registered", "RFC9700-2.1-exact_redirect_match")
def redirect_uri_registered(request: Authorization) -> None:
    """RFC 9700 §2.1: redirect_uri equals a registered one."""
    if request.client is None:
        return  # the guard before this one
    registered = request.client.redirect_uris
    if not any(matches_registered(request.redirect_uri, uri) for uri in registered):
        raise invalid_request("redirect_uri not registered")


@guard("authorize.response_mode_known", "OIDCC-3.1.2.6-response_mode_unsupported")
def response_mode_known(request: Authorization) -> None:
    """OpenID Connect Core §3.1.2.6: any other response mode than query is refused on a page."""
    if request.get("response_mode") not in {"", "query"}:
        raise invalid_request(f"response_mode {request.get('response_mode')!r}")


@guard("authorize.no_repeats", "RFC6749-3.1-duplicate_param")
def no_repeats(request: Authorization) -> None:
    """RFC 6749 §3.1: a parameter comes at most once, but for resource (RFC 8707 §2)."""
    names = [name for name, _ in request.parameters if name != "resource"]
    if len(names) != len(set(names)):
        raise invalid_request("repeated parameter")


@guard("authorize.response_type_known", "RFC6749-4.1.2.1-unsupported_response_type")
def response_type_known(request: Authorization) -> None:
    """RFC 6749 §4.1.2.1: the response type is one the server supports."""
    if not request.get("response_type"):
        raise invalid_request("no response_type")
    if request.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", request.get("response_type"))


def _native(request: Authorization) -> bool:
    """Whether the client is an app of the user's device, by where its answer goes."""
    public = request.client is not None and request.client.auth_method == "none"
    return public and not request.redirect_uri.startswith("https:")


@guard("authorize.challenge_present", "RFC7636-4.4.1-challenge_missing")
def challenge_present(request: Authorization) -> None:
    """RFC 7636 §4.4.1: where PKCE is required, a challenge is."""
    needed = request.core.config.policy.pkce_required and not _native(request)
    if needed and not request.get("code_challenge"):
        raise OAuthError("invalid_request", "code challenge required", told=CHALLENGE_NEEDED)


@guard("authorize.native_challenge_present", "RFC8252-8.1-reject_without_pkce")
def native_challenge_present(request: Authorization) -> None:
    """RFC 8252 §8.1: an app of the user's device uses PKCE, whatever others may do without."""
    if _native(request) and not request.get("code_challenge"):
        raise OAuthError(
            "invalid_request", "native client without code challenge", told=CHALLENGE_NEEDED
        )


@guard("authorize.challenge_method_supported", "RFC7636-4.4.1-transform_unsupported")
def challenge_method_supported(request: Authorization) -> None:
    """RFC 7636 §4.3, §4.4.1: an absent method means plain; plain is refused unless allowed."""
    if not request.get("code_challenge"):
        return
    method = request.get("code_challenge_method") or "plain"
    allowed = {"S256", "plain"} if request.core.policy.plain_pkce else {"S256"}
    if method not in allowed:
        cause = "transform algorithm not supported"
        raise OAuthError("invalid_request", cause, told=METHOD_UNSUPPORTED)


@guard("authorize.challenge_form", "RFC7636-4.2-challenge_syntax")
def challenge_form(request: Authorization) -> None:
    """RFC 7636 §4.2: a challenge has the form its method gives it."""
    challenge = request.get("code_challenge")
    method = request.get("code_challenge_method")
    pattern = S256_CHALLENGE if method == "S256" else PLAIN_CHALLENGE
    if challenge and not pattern.fullmatch(challenge):
        raise invalid_request("malformed code_challenge")


@guard("authorize.scope_form", "RFC6749-4.1.2.1-invalid_scope")
def scope_form(request: Authorization) -> None:
    """RFC 6749 §3.3, §4.1.2.1: a scope is words of printable ASCII without quote and backslash."""
    if request.get("scope") and not SCOPE.fullmatch(request.get("scope")):
        raise OAuthError("invalid_scope", "malformed scope")


@guard("authorize.prompt_none_alone", "OIDCC-3.1.2.1-prompt_none_combined")
def prompt_none_alone(request: Authorization) -> None:
    """OpenID Connect Core §3.1.2.1: none is not combined with another prompt."""
    words = request.get("prompt").split()
    if "none" in words and len(words) > 1:
        raise invalid_request("prompt none with another value")


@guard("authorize.audience_known", "RFC8707-2-invalid_target")
def audience_known(request: Authorization) -> None:
    """RFC 8707 §2: an unknown audience is refused."""
    audience = request.get("audience")
    if audience and request.core.config.api(audience) is None:
        raise OAuthError("invalid_target", "unknown audience")


BEFORE_REDIRECTING = (client_known, redirect_uri_registered, response_mode_known)
REDIRECTED = (
    no_repeats,
    response_type_known,
    challenge_present,
    native_challenge_present,
    challenge_method_supported,
    challenge_form,
    scope_form,
    prompt_none_alone,
    audience_known,
)
