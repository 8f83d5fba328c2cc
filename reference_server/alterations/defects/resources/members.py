"""Metadata members of the wrong type, and keys that cannot be read: RFC 8414 §2, RFC 7518 §6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tokenspec.reference_server.alterations.building import having, making, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.keys import base64url, base64url_decode

R_BOOLEAN, R_URL = "OIDCD-3-boolean_members", "RFC8414-2-url_members"
R_LOCALES, R_LISTS = "RFC8414-2-locales", "RFC8414-3.2-arrays"
R_RSA, R_EC, R_UINT = "RFC7518-6.3.1-rsa_members", "RFC7518-6.2.1-ec_members", "RFC7518-2-uint"
EC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "use": "sig",
    "alg": "ES256",
    "kid": "elliptic",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",  # RFC 7515 Appendix A.3
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


def _having(name: str, requirement: str, summary: str, **members: Any) -> Alteration:
    return telling(f"metadata.{name}", requirement, summary, metadata=having(**members))


def _listed(name: str) -> Alteration:
    return telling(
        f"metadata.{name}_as_text",
        R_LISTS,
        f"{name} is a text",
        metadata=making(lambda content, _request: {name: " ".join(content[name])}),
    )


def _less(key: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {n: value for n, value in key.items() if n != name}


def _key(name: str, requirement: str, summary: str, change: Callable[[Any], Any]) -> Alteration:
    """The key that signs, with other members."""
    return telling(
        f"jwks.{name}",
        requirement,
        summary,
        jwks=lambda content, _core: {"keys": [change(key) for key in content["keys"]]},
    )


def _beside(name: str, requirement: str, summary: str, **members: Any) -> Alteration:
    """A key on a curve beside the one that signs, with other members; None leaves one out."""
    key = {n: value for n, value in (EC_KEY | members).items() if value is not None}
    return telling(
        f"jwks.{name}",
        requirement,
        summary,
        jwks=lambda content, _core: {"keys": [*content["keys"], key]},
    )


DEFECTS: tuple[Alteration, ...] = (
    *(
        _having(f"{name}_as_text", R_BOOLEAN, f"{name} is a text", **{name: "true"})
        for name in (
            "claims_parameter_supported",
            "request_parameter_supported",
            "request_uri_parameter_supported",
            "require_request_uri_registration",
            "authorization_response_iss_parameter_supported",
        )
    ),
    _having(
        "iss_supported_as_number",
        R_BOOLEAN,
        "a member that is true or false is a number",
        authorization_response_iss_parameter_supported=1,
    ),
    *(
        _listed(name)
        for name in (
            "response_types_supported",
            "subject_types_supported",
            "code_challenge_methods_supported",
            "id_token_signing_alg_values_supported",
        )
    ),
    _having("list_of_numbers", R_LISTS, "a list holds a number", acr_values_supported=[1]),
    _having(
        "list_with_null", R_LISTS, "a list holds null", display_values_supported=["page", None]
    ),
    _having(
        "documentation_path",
        R_URL,
        "the address of the documentation is a path",
        service_documentation="/docs",
    ),
    _having("policy_object", R_URL, "the policy is named by an object", op_policy_uri={"en": ""}),
    _having("terms_words", R_URL, "the terms are named by words", op_tos_uri="on request"),
    _having(
        "registration_path",
        R_URL,
        "the registration endpoint is a path",
        registration_endpoint="/register",
    ),
    _having(
        "locales_underscored",
        R_LOCALES,
        "languages are written with an underscore",
        ui_locales_supported=["en_US", "de_CH"],
    ),
    _having(
        "claims_locales_in_words",
        R_LOCALES,
        "languages are written as words",
        claims_locales_supported=["English (UK)"],
    ),
    _key("no_modulus", R_RSA, "a key has no modulus", lambda k: _less(k, "n")),
    _key("no_exponent", R_RSA, "a key has no exponent", lambda k: _less(k, "e")),
    _key("exponent_number", R_RSA, "the exponent of a key is a number", lambda k: k | {"e": 65537}),
    _key(
        "modulus_in_base64",
        R_RSA,
        "the modulus of a key is not base64url",
        lambda k: k | {"n": f"+/{k['n'][2:]}=="},
    ),
    _key(
        "modulus_with_sign",
        R_UINT,
        "an octet of zeros stands before a modulus",
        lambda k: k | {"n": base64url(b"\0" + base64url_decode(k["n"]))},
    ),
    _key("not_objects", "RFC7517-5-keys_array", "keys are texts", lambda k: k["kid"]),
    _key("no_type", "RFC7517-4.1-kty", "a key has no type", lambda k: _less(k, "kty")),
    _beside("curve_unnamed", R_EC, "a key does not name its curve", crv=None),
    _beside("no_ordinate", R_EC, "a key on a curve has one coordinate", y=None),
    _beside(
        "coordinate_cut",
        "RFC7518-6.2.1.2-ec_coordinate_length",
        "a coordinate of a key is too short",
        x="AQAB",
    ),
    _beside("point_elsewhere", R_EC, "a key is a point beside its curve", y=EC_KEY["x"]),
)
