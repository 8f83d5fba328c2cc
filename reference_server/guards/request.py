"""How a token request has to be shaped."""

from __future__ import annotations

from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard


@guard("request.method_post", "RFC6749-3.2-post_only")
def method_post(exchange: Exchange) -> None:
    """RFC 6749 §3.2: the client uses POST."""
    if exchange.request.method != "POST":
        raise OAuthError("invalid_request", f"method {exchange.request.method}", 405)


@guard("request.form_encoded", "RFC6749-4.1.3-content_type_required")
def form_encoded(exchange: Exchange) -> None:
    """RFC 6749 §4.1.3: parameters come form-encoded in the body."""
    media_type = exchange.request.header("Content-Type").split(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise invalid_request(f"content type {media_type!r}")


@guard("request.no_repeats", "RFC6749-3.2-duplicate_param")
def no_repeats(exchange: Exchange) -> None:
    """RFC 6749 §3.2: a parameter comes at most once."""
    names = [name for name, _ in exchange.parameters]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise invalid_request(f"repeated: {', '.join(repeated)}")


@guard("request.grant_type_present", "RFC6749-4.1.3-grant_type_required")
def grant_type_present(exchange: Exchange) -> None:
    """RFC 6749 §5.2: grant_type is required."""
    if not exchange.get("grant_type"):
        raise invalid_request("no grant_type")


@guard("request.grant_type_known", "RFC6749-5.2-unsupported_grant_type")
def grant_type_known(exchange: Exchange) -> None:
    """RFC 6749 §5.2: the grant type is one the server supports."""
    if exchange.get("grant_type") not in {"authorization_code", "refresh_token"}:
        raise OAuthError("unsupported_grant_type", f"grant_type {exchange.get('grant_type')!r}")


@guard("request.code_present", "RFC6749-4.1.3-code_required")
def code_present(exchange: Exchange) -> None:
    """RFC 6749 §4.1.3: code is required."""
    if not exchange.get("code"):
        raise invalid_request("no code")


@guard("request.refresh_token_present", "RFC6749-6-grant_type_and_token_required")
def refresh_token_present(exchange: Exchange) -> None:
    """RFC 6749 §6: refresh_token is required."""
    if not exchange.get("refresh_token"):
        raise invalid_request("no refresh_token")
