"""What a request to the revocation or introspection endpoint has to fulfil."""

from __future__ import annotations

from tokenspec.reference_server.errors import invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard


@guard("managing.token_present", "RFC7009-2.1-token_required")
def token_present(exchange: Exchange) -> None:
    """RFC 7009 §2.1, RFC 7662 §2.1: the token is named."""
    if not exchange.get("token"):
        raise invalid_request("no token")
