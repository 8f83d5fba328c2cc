"""The error codes a token endpoint may tell: RFC 6749 §5.2 and the extensions registered."""

from __future__ import annotations

ERROR_CODES = frozenset({
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
    "unsupported_grant_type", "invalid_scope",
    # RFC 6749 §4.1.2.1, RFC 7009, RFC 8628, RFC 8707, RFC 9396, RFC 9449, RFC 9470,
    # OpenID Connect Core §3.1.2.6
    "invalid_target", "invalid_dpop_proof", "use_dpop_nonce", "unsupported_token_type",
    "authorization_pending", "slow_down", "expired_token", "insufficient_user_authentication",
    "login_required", "interaction_required", "consent_required", "account_selection_required",
    "access_denied", "server_error", "temporarily_unavailable", "invalid_authorization_details",
})  # fmt: skip
