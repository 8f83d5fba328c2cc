"""Metadata and key sets that say more, or less, than they could: RFC 8414 §2, RFC 7517."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import having, lacking, less
from tokenspec.reference_server.alterations.liberties.model import Liberty, telling
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import AUTHORIZATION_SERVER, Route
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

METADATA = "RFC 8414 §2"
OPTIONAL = "The member is optional."
FORMER = {"kid": "of-last-year", "use": "sig", "alg": "ES256"}
EC_KEY = {
    "kty": "EC", "kid": "for-encryption", "use": "enc", "alg": "ECDH-ES", "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}  # fmt: skip

LATER_CURVE = {
    "kty": "EC",
    "kid": "later-curve",
    "use": "sig",
    "crv": "P-999",
    "x": "AQ",
    "y": "AQ",
}
LATER_TYPE = {"kty": "AKP", "kid": "later", "use": "sig", "alg": "ML-DSA-999", "pub": "AQ"}
OTHER_USE = {**EC_KEY, "kid": "for-attestation", "use": "attest"}


def _left_out(member: str) -> Liberty:
    return telling(
        f"metadata.no_{member}",
        METADATA,
        OPTIONAL,
        f"the metadata has no {member}",
        metadata=lacking(member),
    )


def _openid_alone(routes: dict[str, Route], _core: Core) -> dict[str, Route]:
    return {p: r for p, r in routes.items() if not p.startswith(AUTHORIZATION_SERVER)}


def _cached(answer: Response, _request: Request) -> Response:
    kept = less(answer.headers, "Cache-Control", "Pragma")
    return replace(
        answer, headers=(*kept, ("Cache-Control", "public, max-age=3600"), ("ETag", '"1"'))
    )


def _named_keys(content: dict[str, Any], _core: Core) -> dict[str, Any]:
    return {"keys": [key | {"nbf": 1, "iss": "us"} for key in content["keys"]]}


def _beside(key: dict[str, Any]) -> Alter:
    def keys(content: dict[str, Any], _core: Core) -> dict[str, Any]:
        return {"keys": [key, *content["keys"]]}

    return keys


def _without_endpoint(name: str) -> Liberty:
    members = (
        f"{name}_endpoint",
        f"{name}_endpoint_auth_methods_supported",
        f"{name}_endpoint_auth_signing_alg_values_supported",
    )
    return telling(
        f"metadata.no_{name}_endpoint",
        METADATA,
        OPTIONAL,
        f"the metadata names no {name} endpoint",
        metadata=lacking(*members),
        takes_away=True,
    )


def _more_methods(content: dict[str, Any], _request: Request) -> dict[str, Any]:
    name = "token_endpoint_auth_methods_supported"
    return content | {name: [*content[name], "client_secret_jwt", "tls_client_auth"]}


def _more_grants(content: dict[str, Any], _request: Request) -> dict[str, Any]:
    more = ("client_credentials", "urn:ietf:params:oauth:grant-type:device_code")
    return content | {"grant_types_supported": [*content["grant_types_supported"], *more]}


def _key_operations(content: dict[str, Any], _core: Core) -> dict[str, Any]:
    bare = [{n: v for n, v in key.items() if n != "use"} for key in content["keys"]]
    return {"keys": [key | {"key_ops": ["verify"]} for key in bare]}


def _former_key(content: dict[str, Any], _core: Core) -> dict[str, Any]:
    return {"keys": [*content["keys"], EC_KEY | FORMER]}


def _without_in_keys(*names: str) -> Alter:
    def alter(content: dict[str, Any], _core: Core) -> dict[str, Any]:
        return {"keys": [{n: v for n, v in k.items() if n not in names} for k in content["keys"]]}

    return alter


def _as_key_set(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    path = urlsplit(core.endpoint("jwks")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        made = route.answer(request)
        media_type = ("Content-Type", "application/jwk-set+json")
        return replace(made, headers=(media_type, *less(made.headers, "Content-Type")))

    return routes | {path: replace(route, answer=answer)}


def _signed_too(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    def signed(route: Route) -> Route:
        def answer(request: Request) -> Response:
            made = route.answer(request)
            content = json.loads(made.body)
            copy = core.key.sign(content | {"iss": core.config.issuer}, {"typ": "JWT"})
            body = json.dumps(content | {"signed_metadata": copy})
            return replace(made, body=body.encode())

        return replace(route, answer=answer)

    places = (p for p in routes if ".well-known" in p and not p.endswith("jwks.json"))
    return routes | {path: signed(routes[path]) for path in places}


def _more_scopes(content: dict[str, Any], _request: Request) -> dict[str, Any]:
    more = ("admin", "urn:server.example:reports")
    return content | {"scopes_supported": [*content["scopes_supported"], *more]}


LIBERTIES = (
    *map(
        _left_out,
        (
            "response_modes_supported",
            "claims_supported",
            "claims_parameter_supported",
            "prompt_values_supported",
            "request_parameter_supported",
            "introspection_endpoint_auth_methods_supported",
        ),
    ),
    telling(
        "metadata.more_members",
        METADATA,
        "Further members may be used; whoever does not know one ignores it.",
        "the metadata has members of the server's own",
        metadata=having(
            service_documentation="https://server.example/docs",
            ui_locales_supported=["en", "de-CH"],
            check_session_iframe="https://server.example/session",
            tokenspec_member={"any": ["thing"]},
        ),
    ),
    telling(
        "metadata.part_of_the_scopes",
        "RFC 8414 §2",
        "A server may leave out scopes that it supports.",
        "the metadata lists the scope openid alone",
        metadata=having(scopes_supported=["openid"]),
    ),
    telling(
        "metadata.other_order",
        "RFC 8259 §4",
        "The members of an object have no order.",
        "the members of the metadata come in another order",
        metadata=lambda content, _request: dict(reversed(content.items())),
    ),
    telling(
        "metadata.cached",
        "RFC 9111 §5.2.2",
        "What may be kept, and for how long, is for the server to say.",
        "the metadata may be kept by caches for an hour",
        metadata_answer=_cached,
    ),
    telling(
        "metadata.openid_place_alone",
        "RFC 8414 §3",
        "An application may publish its metadata at a well-known place of its own.",
        "the metadata is where OpenID Connect Discovery has it, and nowhere else",
        group="metadata places",
        routes=_openid_alone,
    ),
    telling(
        "metadata.openid_place_and_members",
        "OpenID Connect Discovery 1.0 §3",
        "The list of algorithms of client assertions is optional.",
        "the metadata is that of OpenID Connect Discovery alone and lists no such algorithms",
        group="metadata places",
        routes=_openid_alone,
        metadata=lacking(
            *(
                f"{name}_endpoint_auth_signing_alg_values_supported"
                for name in ("token", "revocation", "introspection")
            )
        ),
    ),
    telling(
        "jwks.key_for_encryption",
        "RFC 8414 §2",
        "A key set may hold keys for encryption, if every key then says its use.",
        "a key for encryption stands beside the one that signs",
        group="keys",
        jwks=_beside(EC_KEY),
    ),
    telling(
        "jwks.later_curve",
        "RFC 7517 §5",
        "A key whose values are beyond what a reader supports is one that it ought to ignore.",
        "a key on a curve that is not known yet stands beside the one that signs",
        group="keys",
        forbidden_by=("fapi-2.0",),
        jwks=_beside(LATER_CURVE),
    ),
    telling(
        "jwks.later_type",
        "RFC 7517 §5",
        "A key of a type that a reader does not understand is one that it ought to ignore.",
        "a key of a type that is not known yet stands beside the one that signs",
        group="keys",
        jwks=_beside(LATER_TYPE),
    ),
    telling(
        "jwks.use_of_its_own",
        "RFC 7517 §4.2",
        "Other uses of a key than the two that are defined may be named.",
        "a key for a use of the server's own stands beside the one that signs",
        group="keys",
        jwks=_beside(OTHER_USE),
    ),
    telling(
        "jwks.more_members",
        "RFC 7517 §4",
        "Further members may be in a key; whoever does not know one ignores it.",
        "a key has members of the server's own",
        jwks=_named_keys,
    ),
    *map(_without_endpoint, ("revocation", "introspection")),
    telling(
        "metadata.more_methods",
        METADATA,
        "The list has the methods the endpoint supports, whoever may use them.",
        "the metadata lists methods that no client of the run has",
        metadata=_more_methods,
    ),
    telling(
        "metadata.more_grants",
        METADATA,
        "The list has the grants the server supports, whoever may use them.",
        "the metadata lists grants that no client of the run has",
        metadata=_more_grants,
    ),
    telling(
        "metadata.no_dpop_algorithms",
        "RFC 9449 §5.1",
        "The member signals DPoP to those who look for it.",
        "the metadata does not speak of DPoP",
        metadata=lacking("dpop_signing_alg_values_supported"),
    ),
    telling(
        "metadata.more_scopes",
        "RFC 8414 §2",
        "The list has scopes that the server supports, whoever may have them.",
        "the metadata lists scopes that no client of the run may have",
        metadata=_more_scopes,
    ),
    telling(
        "metadata.signed_too",
        "RFC 8414 §2.1",
        "The metadata may be there as a signed JWT as well.",
        "the metadata has a signed copy of itself",
        routes=_signed_too,
    ),
    telling(
        "metadata.aliases",
        "RFC 8705 §5",
        "Endpoints for clients with certificates may have addresses of their own.",
        "the metadata has other addresses for clients with certificates",
        metadata=having(
            mtls_endpoint_aliases={"token_endpoint": "https://mtls.server.example/token"},
            tls_client_certificate_bound_access_tokens=True,
        ),
    ),
    telling(
        "jwks.key_operations",
        "RFC 7517 §4.3",
        "key_ops says what a key is for; it and use should not stand together.",
        "a key says by key_ops that it verifies",
        group="keys",
        jwks=_key_operations,
    ),
    telling(
        "jwks.former_key",
        "OpenID Connect Core §10.1.1",
        "Keys that were in use stay in the set for a while.",
        "a key that signs no more stands beside the one that does",
        group="keys",
        jwks=_former_key,
    ),
    telling(
        "jwks.no_use_and_algorithm",
        "RFC 7517 §4.2",
        "use is optional, unless keys for signing and encryption stand together; so is alg.",
        "a key says neither its use nor its algorithm",
        group="keys",
        jwks=_without_in_keys("use", "alg"),
    ),
    telling(
        "jwks.own_media_type",
        "RFC 7517 §8.5.2",
        "A key set has a media type of its own.",
        "the media type of the key set is application/jwk-set+json",
        routes=_as_key_set,
    ),
)
