"""The target that fits the bundled reference server's demonstration set-up."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from tokenspec import __version__
from tokenspec.conformance.target.model import (
    CLIENT_AUTH_METHODS,
    Api,
    Client,
    Endpoints,
    Lifetimes,
    Login,
    Product,
    Target,
)
from tokenspec.reference_server import Policy, ServerConfig
from tokenspec.reference_server.alterations.dialects import dialect_of
from tokenspec.reference_server.core import PATHS
from tokenspec.reference_server.demo import demo_config, demo_private_key
from tokenspec.reference_server.nonces import NONCE_SECONDS


def bundled_target(issuer: str) -> Target:
    """The target for `demo_config(issuer)`."""
    return target_of(demo_config(issuer), {"tokenspec-jwt": demo_private_key()})


def target_of(config: ServerConfig, private_keys: Mapping[str, PrivateKeyTypes]) -> Target:
    """The target for a reference server of this configuration, by its first two users.

    Args:
        config: the server's configuration.
        private_keys: client_id to the key of a client that signs assertions.
    """
    first, *others = (
        Login("reference", username=user.username, password=user.password) for user in config.users
    )
    return Target(
        issuer=config.issuer,
        clients=tuple(
            Client(
                client_id=client.client_id,
                auth=next(m for m in CLIENT_AUTH_METHODS if m == client.auth_method),
                secret=client.secret,
                private_key=private_keys.get(client.client_id),
                redirect_uris=client.redirect_uris,
                grant_types=client.grant_types,
                par_required=client.par_required,
            )
            for client in config.clients
        ),
        login=first,
        second_login=next(iter(others), None),
        product=Product("tokenspec", "reference server", __version__),
        endpoints=Endpoints(resource=config.issuer + PATHS["resource"]),
        scope=" ".join(config.offered_scopes),
        apis=tuple(Api(api.audience, api.allow_offline_access) for api in config.apis),
        lifetimes=lifetimes_of(config.policy),
        capabilities=MappingProxyType(_capabilities(config)),
    )


def _capabilities(config: ServerConfig) -> dict[str, bool]:
    """What a reference server can do that its metadata does not say."""
    policy = config.policy
    public = config.clients[0].auth_method == "none"
    of_public = dialect_of(config).has("nonce_for_public_clients") and public
    return {
        "pkce-required": policy.pkce_required,
        "pkce-optional": not policy.pkce_required,
        "custom-claims": True,
        "resource-indicators": bool(config.apis),
        "resource-audience": bool(config.apis),
        "jwt-access-token": not dialect_of(config).has("access_token_profile"),
        "refresh-only-offline": policy.refresh_requires_offline_access
        and not policy.refresh_without_offline_access,
        "both-refresh-tokens": policy.refresh_without_offline_access,
        "refresh-rotation": policy.rotate_refresh_tokens,
        "dpop-bound": True,
        "dpop-jkt": True,
        "dpop-nonce": policy.dpop_nonce or of_public,
        "dpop-required": policy.dpop_required,
        "dpop-window": True,  # this server checks the time of a proof beside its nonce
        "assertion-audience-issuer": policy.assertion_audience_issuer,
    }


def lifetimes_of(policy: Policy) -> Lifetimes:
    """The lifetimes of a reference server, whose clock can be moved on."""
    return Lifetimes(
        code=policy.code_lifetime,
        access_token=policy.access_token_lifetime,
        refresh_token=policy.refresh_token_lifetime,
        dpop_nonce=2 * NONCE_SECONDS,
        request_uri=policy.request_uri_lifetime,
    )
