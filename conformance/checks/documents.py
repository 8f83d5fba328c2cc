"""The discovery document and the key set: RFC 8414, OpenID Connect Discovery, RFC 7517."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tokenspec.conformance.checks.authorization import encrypted
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "jwks_uri",
)
# Members that are true or false (OpenID Connect Discovery §3, RFC 9207 §3 and others).
BOOLEANS = (
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "authorization_response_iss_parameter_supported",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "tls_client_certificate_bound_access_tokens",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
)
ADDRESSES = ("registration_endpoint", "service_documentation", "op_policy_uri", "op_tos_uri")
LOCALES = ("ui_locales_supported", "claims_locales_supported")
LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")  # RFC 5646 §2.1, in outline


@check("metadata-is-json", Subject.METADATA)
def metadata_is_json(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The document comes as application/json (RFC 8414 §3.2)."""
    if played.response is not None and played.response.media_type != "application/json":
        yield f"the media type is {played.response.media_type or 'absent'}"


@check("metadata-issuer", Subject.METADATA)
def metadata_issuer(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """`issuer` is the identifier the document was asked for with (RFC 8414 §3.3)."""
    if played.received.get("issuer") != context.issuer:
        yield "issuer is not the one the document belongs to"


@check("metadata-endpoints", Subject.METADATA)
def metadata_endpoints(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Every endpoint is an absolute https URL (RFC 8414 §2; http is let pass on the loopback)."""
    for name in ENDPOINTS:
        if name in played.received and not _secure(played.received[name]):
            yield f"{name} is not an absolute https URL"
    for name in ("authorization_endpoint", "token_endpoint"):
        if name not in played.received:
            yield f"{name} is missing"


@check("metadata-booleans", Subject.METADATA)
def metadata_booleans(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """What is true or false is a JSON boolean (OpenID Connect Discovery §3)."""
    for name in BOOLEANS:
        if not isinstance(played.received.get(name) or False, bool):
            yield f"{name} is not a boolean"


@check("metadata-addresses", Subject.METADATA)
def metadata_addresses(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Further endpoints, documentation, policy and terms are named by URLs (RFC 8414 §2)."""
    for name in ADDRESSES:
        if played.received.get(name) is not None and not _absolute(played.received[name]):
            yield f"{name} is not a URL"


@check("metadata-locales", Subject.METADATA)
def metadata_locales(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Languages are named by tags of BCP 47 (RFC 8414 §2, OpenID Connect Discovery §3)."""
    for name in LOCALES:
        for tag in _list(played.received.get(name)):
            if isinstance(tag, str) and not LANGUAGE_TAG.fullmatch(tag):
                yield f"{name} holds {tag[:40]!r}, which is no language tag"


@check("token-endpoint-no-fragment", Subject.METADATA)
def token_endpoint_no_fragment(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The address of the token endpoint has no fragment (RFC 6749 §3.2)."""
    if "#" in str(played.received.get("token_endpoint", "")):
        yield "token_endpoint has a fragment"


@check("metadata-response-types", Subject.METADATA)
def metadata_response_types(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`response_types_supported` is a list that holds code (RFC 8414 §2)."""
    if "code" not in _list(played.received.get("response_types_supported")):
        yield "response_types_supported does not list code"


@check("metadata-pkce", Subject.METADATA)
def metadata_pkce(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`code_challenge_methods_supported` lists S256 (RFC 9700 §2.1.1)."""
    if "S256" not in _list(played.received.get("code_challenge_methods_supported")):
        yield "code_challenge_methods_supported does not list S256"


@check("jwks-keys", Subject.KEY_SET)
def jwks_keys(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The key set holds keys, each with its type (RFC 7517 §4.1, §5.1)."""
    keys = _list(played.received.get("keys"))
    if not keys:
        yield "the key set holds no keys"
    for number, key in enumerate(keys):
        if not isinstance(key, dict) or not isinstance(key.get("kty"), str):
            yield f"key {number} has no kty"


@check("jwks-public-only", Subject.KEY_SET)
def jwks_public_only(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No key of the set holds a private or symmetric part (OpenID Connect Discovery §3)."""
    for number, key in enumerate(_list(played.received.get("keys"))):
        held = [name for name in PRIVATE_MEMBERS if isinstance(key, dict) and name in key]
        if held:
            yield f"key {number} holds the private member {', '.join(held)}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _secure(value: Any) -> bool:
    return isinstance(value, str) and encrypted(value)


def _absolute(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))
