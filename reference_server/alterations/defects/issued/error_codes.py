"""Refusals that are told by another error code than the one laid down: RFC 6749 §5.2, RFC 9449."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.seams import Alter

# The guard that refuses, the error that is told in its place, and the requirement broken.
WRONG: tuple[tuple[str, str, str], ...] = (
    ("code.issued", "invalid_request", "RFC6749-4.1.3-code_valid"),
    ("code.of_this_client", "unauthorized_client", "RFC6749-4.1.3-code_issued_to_public_client_id"),
    ("code.unused", "invalid_request", "RFC6749-4.1.2-code_reuse_denied"),
    ("code.unexpired", "expired_token", "RFC6749-4.1.2-code_expires"),
    ("redirect_uri.same", "invalid_request", "RFC6749-4.1.3-redirect_uri_identical"),
    ("pkce.verifier_matches", "invalid_request", "RFC7636-4.6-mismatch_invalid_grant"),
    ("refresh.issued", "invalid_request", "RFC6749-6-validate_token"),
    ("refresh.of_this_client", "invalid_client", "RFC6749-6-bound_to_client"),
    ("refresh.unexpired", "expired_token", "RFC6749-6-validate_token"),
    ("request.grant_type_known", "invalid_request", "RFC6749-5.2-unsupported_grant_type"),
    ("request.grant_type_present", "unsupported_grant_type", "RFC6749-4.1.3-grant_type_required"),
    ("request.no_repeats", "invalid_grant", "RFC6749-3.2-duplicate_param"),
    ("request.code_present", "invalid_grant", "RFC6749-4.1.3-code_required"),
    (
        "request.refresh_token_present",
        "invalid_grant",
        "RFC6749-6-grant_type_and_token_required",
    ),
    ("client.secret", "invalid_grant", "RFC6749-5.2-invalid_client-unknown"),
    ("client.registered_method", "invalid_grant", "RFC6749-3.2.1-confidential_authenticates"),
    ("client.grant_allowed", "invalid_grant", "RFC6749-5.2-unauthorized_client"),
    ("dpop.well_formed", "invalid_request", "RFC9449-5-invalid_dpop_proof"),
    ("dpop.nonce", "invalid_dpop_proof", "RFC9449-8-use_dpop_nonce_400"),
    ("managing.token_present", "invalid_token", "RFC7009-2.1-token_required"),
)


def _instead(guard: str, wrong: str) -> Alter:
    def alter(error: OAuthError, about: Refused) -> OAuthError:
        if about.guard.name != guard:
            return error
        return OAuthError(wrong, error.cause, error.status, error.told)

    return alter


DEFECTS: tuple[Alteration, ...] = tuple(
    telling(
        f"error.{wrong}_of_{guard.replace('.', '_')}",
        requirement,
        f"what {guard} refuses is told as {wrong}",
        error=_instead(guard, wrong),
    )
    for guard, wrong, requirement in WRONG
)
