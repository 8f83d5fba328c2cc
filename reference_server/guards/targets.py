"""Which APIs a token may be asked for: RFC 8707, and the parameter `audience` of some vendors."""

from __future__ import annotations

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard


def _resources(request: Authorization) -> list[str]:
    return [value for name, value in request.parameters if name == "resource" and value]


@guard("authorize.resource_known", "RFC8707-2-invalid_target")
def resource_known(request: Authorization) -> None:
    """RFC 8707 §2: a resource is one the server knows, so an absolute URI without fragment."""
    for resource in _resources(request):
        if request.core.config.api(resource) is None:
            raise OAuthError("invalid_target", "unknown resource")


REQUESTED = (resource_known,)


@guard("token.resource_granted", "RFC8707-2.2-token_request_subset")
def resource_granted(exchange: Exchange) -> None:
    """RFC 8707 §2.2: a token request names resources that were granted, or none."""
    shown = exchange.refresh_token if exchange.refreshing else exchange.code
    for name, value in exchange.parameters:
        if name == "resource" and shown and value != shown.grant.audience:
            raise OAuthError("invalid_target", "resource that was not granted")
