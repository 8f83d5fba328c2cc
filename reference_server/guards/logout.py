"""What OpenID Connect RP-Initiated Logout 1.0 asks of a request that signs a user out."""

from __future__ import annotations

import jwt

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.config import Client
from tokenspec.reference_server.errors import invalid_request
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.guards.openid import hint_signed


@guard("logout.address_registered", "OIDCL-3-registered_address")
def address_registered(request: Authorization) -> None:
    """RP-Initiated Logout §3: a user is sent on only to an address registered for the client."""
    address, client = request.get("post_logout_redirect_uri"), hinted_client(request)
    if address and (client is None or address not in client.post_logout_redirect_uris):
        raise invalid_request("post_logout_redirect_uri")


def hinted_client(request: Authorization) -> Client | None:
    """RP-Initiated Logout §2: whom the hint was issued to, where it is this server's."""
    try:
        claims = hint_signed(request)
    except jwt.PyJWTError:
        return None
    named = request.get("client_id")
    audience = str(claims.get("aud"))
    return request.core.config.client(audience) if named in ("", audience) else None
