"""What the metadata lists, and whether it is true: RFC 8414 §2, OpenID Connect Discovery §3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenspec.conformance.checks.id_token import read_jwt, verified
from tokenspec.conformance.checks.id_token_claims import is_issuer
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import StepKind

# Members that are arrays of texts (RFC 8414 §2, OpenID Connect Discovery §3).
LISTS = (
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "acr_values_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "dpop_signing_alg_values_supported",
    "display_values_supported",
    "claim_types_supported",
    "claims_supported",
    "ui_locales_supported",
    "prompt_values_supported",
)
BY_JWT = ("private_key_jwt", "client_secret_jwt")
OTHER_ENDPOINTS = ("revocation_endpoint", "introspection_endpoint")


def _listed(played: Played, name: str) -> list[Any]:
    value = played.received.get(name)
    return value if isinstance(value, list) else []


@check("metadata-issuer-form", Subject.METADATA)
def metadata_issuer_form(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`issuer` is an https URL without query and fragment (RFC 8414 §2)."""
    if not is_issuer(played.received.get("issuer")):
        yield "issuer is not an https URL, or has a query or fragment"


@check("metadata-lists", Subject.METADATA)
def metadata_lists(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Members with several values are arrays of texts (RFC 8414 §3.2)."""
    for name in LISTS:
        value = played.received.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield f"{name} is not an array of strings"


@check("metadata-no-empty-lists", Subject.METADATA)
def metadata_no_empty_lists(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A list without elements is left out (RFC 8414 §3.2)."""
    yield from (f"{name} is an empty list" for name, v in played.received.items() if v == [])


@check("metadata-subject-types", Subject.METADATA)
def metadata_subject_types(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`subject_types_supported` lists public, pairwise or both (OpenID Connect Core §8)."""
    if not set(_listed(played, "subject_types_supported")) & {"public", "pairwise"}:
        yield "subject_types_supported lists neither public nor pairwise"


@check("metadata-id-token-algs", Subject.METADATA)
def metadata_id_token_algs(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The algorithms of ID tokens are listed, RS256 among them (OpenID Connect Discovery §3)."""
    if "RS256" not in _listed(played, "id_token_signing_alg_values_supported"):
        yield "id_token_signing_alg_values_supported does not list RS256"


@check("metadata-scope-openid", Subject.METADATA)
def metadata_scope_openid(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """If scopes are listed, openid is among them (OpenID Connect Discovery §3)."""
    scopes = _listed(played, "scopes_supported")
    if scopes and "openid" not in scopes:
        yield "scopes_supported does not list openid"


def _lacks_algorithms(played: Played, endpoint: str) -> Iterator[str]:
    methods = _listed(played, f"{endpoint}_auth_methods_supported")
    algorithms = f"{endpoint}_auth_signing_alg_values_supported"
    if set(methods) & set(BY_JWT) and not _listed(played, algorithms):
        yield f"{algorithms} is missing, though clients may authenticate by JWT"


@check("metadata-token-auth-algs", Subject.METADATA)
def metadata_token_auth_algs(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Where clients may authenticate by JWT, the algorithms are listed (RFC 8414 §2)."""
    yield from _lacks_algorithms(played, "token_endpoint")


@check("metadata-other-auth-algs", Subject.METADATA)
def metadata_other_auth_algs(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The same for revocation and introspection (RFC 8414 §2)."""
    for endpoint in OTHER_ENDPOINTS:
        yield from _lacks_algorithms(played, endpoint)


@check("metadata-auth-algs-not-none", Subject.METADATA)
def metadata_auth_algs_not_none(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The algorithm none is not listed for client authentication (RFC 8414 §2)."""
    for endpoint in ("token_endpoint", *OTHER_ENDPOINTS):
        name = f"{endpoint}_auth_signing_alg_values_supported"
        if "none" in _listed(played, name):
            yield f"{name} lists none"


@check("metadata-dpop-algs-asymmetric", Subject.METADATA)
def metadata_dpop_algs_asymmetric(
    played: Played, _t: Transcript, _s: CheckContext
) -> Iterator[str]:
    """No algorithm for proofs goes without signature, or by a shared secret (RFC 9449 §5.1)."""
    listed = map(str, _listed(played, "dpop_signing_alg_values_supported"))
    wrong = [name for name in listed if name.lower() == "none" or name.upper().startswith("HS")]
    if wrong:
        yield f"dpop_signing_alg_values_supported lists {', '.join(wrong)[:80]}"


@check("metadata-token-auth-rs256", Subject.METADATA)
def metadata_token_auth_rs256(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """RS256 is among the algorithms for client authentication (RFC 8414 §2)."""
    algorithms = _listed(played, "token_endpoint_auth_signing_alg_values_supported")
    if algorithms and "RS256" not in algorithms:
        yield "token_endpoint_auth_signing_alg_values_supported does not list RS256"


@check("metadata-signature", Subject.METADATA)
def metadata_signature(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """`signed_metadata`, where given, is a JWT of a published key, with iss (RFC 8414 §2.1)."""
    signed = played.received.get("signed_metadata")
    if signed is None:
        return
    token = read_jwt(signed)
    if token is None or not verified(token, context.keys):
        yield "signed_metadata is not a JWT that a key of the key set verifies"
    elif not token.claims.get("iss"):
        yield "signed_metadata has no iss"


@check("metadata-signed-not-nested", Subject.METADATA)
def metadata_signed_not_nested(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Signed metadata holds no signed_metadata (RFC 8414 §2.1)."""
    token = read_jwt(played.received.get("signed_metadata"))
    if token and "signed_metadata" in token.claims:
        yield "signed_metadata holds signed_metadata"


@check("metadata-same-as-before", Subject.METADATA)
def metadata_same_as_before(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """Issuer, endpoints and key set are those of the document fetched first (RFC 8414 §3)."""
    first = transcript.step("metadata")
    if first is None or not first.received:
        return
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
        if played.received.get(name) != first.received.get(name):
            yield f"{name} differs from that of the other document"


@check("metadata-lists-grant", Subject.TOKENS)
def metadata_lists_grant(_p: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """A grant that works is listed; refresh_token is none of the defaults (RFC 8414 §2)."""
    grants = context.metadata.get("grant_types_supported", ["authorization_code", "implicit"])
    if "refresh_token" not in grants:
        yield "grant_types_supported does not list refresh_token"


@check("metadata-lists-s256", Subject.TOKENS)
def metadata_lists_s256(_p: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """S256, which worked, is listed (RFC 8414 §2)."""
    if "S256" not in context.metadata.get("code_challenge_methods_supported", []):
        yield "code_challenge_methods_supported does not list S256"


@check("metadata-lists-auth-method", Subject.TOKENS, Subject.REVOCATION)
def metadata_lists_auth_method(
    played: Played, play: Transcript, context: CheckContext
) -> Iterator[str]:
    """The authentication method that worked is listed, or is the default (RFC 8414 §2)."""
    revoking = played.step.kind is StepKind.REVOKE
    endpoint = "revocation_endpoint" if revoking else "token_endpoint"
    listed = context.metadata.get(f"{endpoint}_auth_methods_supported", ["client_secret_basic"])
    client = context.clients.get(play.client_id)
    if client and client.auth not in listed:
        yield f"{endpoint}_auth_methods_supported does not list {client.auth}"


@check("metadata-tied-tokens", Subject.METADATA)
def metadata_tied_tokens(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The metadata names a way to tie tokens to a key: DPoP or certificates (RFC 9700 §2.2.1)."""
    by_certificate = played.received.get("tls_client_certificate_bound_access_tokens") is True
    if not (by_certificate or played.received.get("dpop_signing_alg_values_supported")):
        yield "neither DPoP nor tokens bound to a certificate are named"


@check("metadata-key-authentication", Subject.METADATA)
def metadata_key_authentication(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Clients can authenticate with a key of their own (RFC 9700 §2.5)."""
    listed = played.received.get("token_endpoint_auth_methods_supported")
    methods = listed if isinstance(listed, list) else []
    if not {"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"} & set(methods):
        yield "no method with a key is listed"


@check("metadata-authorization-no-fragment", Subject.METADATA)
def metadata_authorization_no_fragment(
    played: Played, _t: Transcript, _s: CheckContext
) -> Iterator[str]:
    """The address of the authorization endpoint has no fragment (RFC 6749 §3.1)."""
    if "#" in str(played.received.get("authorization_endpoint", "")):
        yield "authorization_endpoint has a fragment"


@check("jwks-use-when-mixed", Subject.KEY_SET)
def jwks_use_when_mixed(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Where a key is for encryption, each says what it is for (RFC 8414 §2)."""
    keys = [key for key in _listed(played, "keys") if isinstance(key, dict)]
    if any(key.get("use") == "enc" for key in keys):
        yield from (f"key {n} does not say use" for n, key in enumerate(keys) if "use" not in key)


@check("cors-open", Subject.CROSS_ORIGIN)
def cors_open(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The browser may show the answer to a script of the client's origin (Fetch standard)."""
    asked, allowed = _origins(played)
    if allowed not in ("*", asked):
        yield (
            "Access-Control-Allow-Origin names another origin"
            if allowed
            else ("there is no Access-Control-Allow-Origin")
        )


@check("cors-closed", Subject.CROSS_ORIGIN)
def cors_closed(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No script of another origin may read the answer (RFC 9700 §2.6)."""
    asked, allowed = _origins(played)
    if allowed in ("*", asked):
        yield f"Access-Control-Allow-Origin is {allowed}"


@check("cors-closed-before", Subject.CROSS_ORIGIN)
def cors_closed_before(played: Played, play: Transcript, context: CheckContext) -> Iterator[str]:
    """No script of another origin may read the answer before this one either."""
    before = [one for one in play.steps if one.step.kind is played.step.kind and one is not played]
    for one in before[:1]:
        yield from cors_closed(one, play, context)


@check("cors-exposes-nonce", Subject.CROSS_ORIGIN)
def cors_exposes_nonce(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A script of the client's origin may read DPoP-Nonce (RFC 9449 §8)."""
    yield from _hidden(played, "DPoP-Nonce")


@check("cors-exposes-challenge", Subject.CROSS_ORIGIN)
def cors_exposes_challenge(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A script of the client's origin may read WWW-Authenticate (RFC 9449 §7.1)."""
    yield from _hidden(played, "WWW-Authenticate")


def _hidden(played: Played, name: str) -> Iterator[str]:
    response = played.exchanges[-1].response
    values = response.header_all("Access-Control-Expose-Headers") if response else ()
    exposed = {word.strip().lower() for value in values for word in value.split(",")}
    if not exposed & {"*", name.lower()}:
        yield f"Access-Control-Expose-Headers does not list {name}"


def _origins(played: Played) -> tuple[str, str]:
    """The origin that asked, and the one that the answer allows."""
    exchange = played.exchanges[-1]
    allowed = exchange.response.header("Access-Control-Allow-Origin") if exchange.response else ""
    return exchange.request.header("Origin") or "", allowed or ""


@check("password-grant-not-listed", Subject.REFUSAL)
def password_grant_not_listed(
    _played: Played, _t: Transcript, context: CheckContext
) -> Iterator[str]:
    """The metadata does not list the grant `password` (RFC 9700 §2.4)."""
    listed = context.metadata.get("grant_types_supported")
    if isinstance(listed, list) and "password" in listed:
        yield "the metadata lists the grant password"
