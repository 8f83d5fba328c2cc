"""The target that fits the bundled reference server's demonstration set-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from tokenspec.reference_server.demo import (
    demo_config,
    demo_private_key,
    demo_rsa_key,
    with_rsa_key,
)
from tokenspec.reference_server.nonces import NONCE_SECONDS
from tokenspec.reference_server.policies import FAPI, with_policies

# What the bundled server is set to where it is held to a profile: switches turned, dialect spoken.
SETTINGS: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "oauth-2.1": (("redirect-uri-once",), "rfc"),
        "fapi-2.0": (FAPI, "rfc"),
        "auth0": (("no-dpop-nonce",), "auth0"),
    }
)
BY_RSA = ("fapi-2.0",)  # where the client that signs assertions has an RSA key


def bundled_config(issuer: str, profile: str = "") -> ServerConfig:
    """The bundled server at `issuer`, as it has to be to conform to `profile`."""
    switches, dialect = SETTINGS.get(profile, ((), "rfc"))
    config = demo_config(issuer)
    config = with_policies(with_rsa_key(config) if profile in BY_RSA else config, switches)
    return replace(config, dialect=dialect)


def bundled_target(issuer: str, profile: str = "") -> Target:
    """The target for `bundled_config(issuer, profile)`."""
    target = target_of(bundled_config(issuer, profile), bundled_keys(profile))
    return replace(target, profile=profile or target.profile)


def bundled_keys(profile: str = "") -> Mapping[str, PrivateKeyTypes]:
    """The keys of the clients that sign assertions, by client_id."""
    return {"tokenspec-jwt": demo_rsa_key() if profile in BY_RSA else demo_private_key()}


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
