"""What a guard raises. The public half is generic, the private half is the oracle's explanation."""

from __future__ import annotations

PUBLIC_TEXTS = {
    "invalid_request": "The request is malformed.",
    "invalid_client": "Client authentication failed.",
    "invalid_grant": "The grant is invalid.",
    "unauthorized_client": "The client may not use this grant.",
    "unsupported_grant_type": "The grant type is not supported.",
    "unsupported_response_type": "The response type is not supported.",
    "invalid_scope": "The scope is invalid.",
    "invalid_target": "The audience is unknown.",
    "invalid_dpop_proof": "The DPoP proof is invalid.",
    "use_dpop_nonce": "A nonce is required in the DPoP proof.",
    "invalid_token": "The access token is invalid.",
    "login_required": "The user is not signed in.",
    "consent_required": "The user has not consented.",
    "invalid_request_object": "The request object is invalid.",
    "request_not_supported": "Request objects are not supported.",
    "request_uri_not_supported": "Request objects are not supported.",
    "access_denied": "The request was denied.",
}


class OAuthError(Exception):
    """A refusal: an error code of the protocol, a status, and the true cause.

    Args:
        error: the code (RFC 6749 §4.1.2.1, §5.2 and others).
        cause: what was wrong, for the oracle's explanation; never sent to a client.
        status: of HTTP; 400 unless said otherwise.
        told: the description a client gets to see; empty: a general text for the code.
    """

    def __init__(self, error: str, cause: str, status: int = 400, told: str = "") -> None:
        super().__init__(cause)
        self.error = error
        self.cause = cause
        self.status = status
        self.told = told

    @property
    def description(self) -> str:
        """The generic text a client gets to see."""
        return self.told or PUBLIC_TEXTS.get(self.error, "The request was refused.")


def invalid_request(cause: str) -> OAuthError:
    """RFC 6749 §5.2: the request is missing a parameter, repeats one, or is malformed."""
    return OAuthError("invalid_request", cause)


def invalid_grant(cause: str) -> OAuthError:
    """RFC 6749 §5.2: the code or refresh token is invalid, or not for this client or URI."""
    return OAuthError("invalid_grant", cause)


def invalid_client(cause: str) -> OAuthError:
    """RFC 6749 §5.2: client authentication failed."""
    return OAuthError("invalid_client", cause, 401)


def invalid_dpop_proof(cause: str) -> OAuthError:
    """RFC 9449 §5: the DPoP proof is invalid."""
    return OAuthError("invalid_dpop_proof", cause)
