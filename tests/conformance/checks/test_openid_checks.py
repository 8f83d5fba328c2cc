"""Checks of challenges, ID tokens, claims, metadata and CORS look where they say they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.http import Exchange, Request, Response
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind
from tokenspec.conformance.target.model import Client

SECRET = "a client secret of more than 64 octets, so that no algorithm finds it short"
NOTHING = CheckContext("https://server.example")


def played(kind: StepKind, received: Mapping[str, Any], name: str = "", at: float = 1e9) -> Played:
    response = Response(200, (("Content-Type", "application/json"),), b"{}")
    step = Step(kind, name or str(kind))
    return Played(step, Answer.GRANTED, received=received, response=response, at=at)


def problems(
    check: str, looked_at: Played, *earlier: Played, context: CheckContext = NOTHING
) -> str:
    transcript = Transcript(Setting(), "app", "https://server.example", (*earlier, looked_at))
    return "; ".join(CHECKS[check].look(looked_at, transcript, context) or ())


def with_id_token(name: str = "token", at: float = 1e9, **claims: Any) -> Played:
    encoded = jwt.encode(claims, SECRET, "HS512")
    return played(StepKind.TOKEN, {"access_token": "x", "id_token": encoded}, name, at)


@pytest.mark.parametrize(
    ("check", "value", "found"),
    [
        ("challenge-has-parameter", "Bearer", "no parameter"),
        ("challenge-has-parameter", "DPoP", ""),
        ("challenge-parameters-once", "Bearer realm=a, realm=b", "more than once"),
        ("challenge-parameters-once", "Bearer realm=a, error=b", ""),
        ("challenge-characters", r'Bearer error_description="a \"b\""', "not allowed"),
        ("challenge-characters", 'Bearer realm="\u00e9"', ""),
        ("challenge-without-error", "Bearer error=invalid_token", "no token was shown"),
        ("challenge-without-error", "Bearer realm=a", ""),
    ],
)
def test_a_challenge_is_looked_at(check: str, value: str, found: str) -> None:
    response = Response(401, (("WWW-Authenticate", value),))
    step = Step(StepKind.USERINFO, "userinfo")
    seen = problems(check, Played(step, Answer.REFUSED, response=response))
    assert found in seen
    assert bool(seen) is bool(found)


@pytest.mark.parametrize(
    ("check", "claims", "found"),
    [
        ("id-token-issuer-form", {"iss": "https://server.example/tenant"}, ""),
        ("id-token-issuer-form", {"iss": "http://127.0.0.1:8080"}, ""),
        ("id-token-issuer-form", {"iss": "http://server.example"}, "not an https URL"),
        ("id-token-issuer-form", {"iss": "https://server.example?x"}, "query"),
        ("id-token-issuer-form", {}, "not an https URL"),
        ("id-token-audience-alone", {"aud": ["app"]}, ""),
        ("id-token-audience-alone", {"aud": ["app", "api"]}, "others"),
        ("id-token-authorized-party", {"azp": "app"}, ""),
        ("id-token-authorized-party", {"azp": "other"}, "azp"),
        ("id-token-acr", {"acr": 1}, "acr"),
        ("id-token-amr", {"amr": ["pwd"]}, ""),
        ("id-token-amr", {"amr": "pwd"}, "amr"),
        ("id-token-auth-time", {"auth_time": 999_999_000, "iat": 1_000_000_000}, ""),
        ("id-token-auth-time", {"auth_time": True}, "no number"),
        ("id-token-auth-time", {"auth_time": 1_000_009_000, "iat": 1_000_000_000}, "after iat"),
        ("claim-types", {"email_verified": True, "updated_at": 1, "address": {}}, ""),
        ("claim-types", {"email_verified": "true"}, "email_verified"),
        ("claim-types", {"updated_at": "2026"}, "updated_at"),
        ("claim-types", {"address": "a street"}, "address"),
        ("claims-not-empty", {"nickname": ""}, "nickname"),
    ],
)
def test_a_claim_is_looked_at(check: str, claims: dict[str, Any], found: str) -> None:
    seen = problems(check, with_id_token(**claims))
    assert found in seen
    assert bool(seen) is bool(found)


@pytest.mark.parametrize(
    ("check", "first", "second", "found"),
    [
        ("id-token-same-user", {"sub": "a", "aud": "app"}, {"sub": "a", "aud": ["app"]}, ""),
        ("id-token-same-user", {"sub": "a"}, {"sub": "b"}, "sub differs"),
        ("id-token-dated-anew", {"iat": 5}, {"iat": 7}, ""),
        ("id-token-dated-anew", {"iat": 5}, {"iat": 5}, "not later"),
        ("id-token-dated-anew", {"iat": 5}, {"iat": "7"}, "not later"),
        ("id-token-same-auth-time", {"auth_time": 5}, {"auth_time": 6}, "auth_time"),
        ("id-token-same-auth-time", {"auth_time": 5}, {}, ""),
        ("id-token-same-azp", {}, {"azp": "app"}, "azp"),
        ("id-token-nonce-not-new", {"nonce": "a"}, {"nonce": "b"}, "nonce"),
        ("id-token-nonce-not-new", {"nonce": "a"}, {}, ""),
        ("id-token-nonce-gone", {"nonce": "a"}, {"nonce": "a"}, "nonce"),
    ],
)
def test_a_later_id_token_is_held_against_the_first(
    check: str, first: dict[str, Any], second: dict[str, Any], found: str
) -> None:
    seen = problems(check, with_id_token("refresh", **second), with_id_token("token", **first))
    assert found in seen
    assert bool(seen) is bool(found)


def test_a_shared_key_is_the_secret_of_the_client() -> None:
    token = with_id_token(sub="a")
    assert "without a secret" in problems("id-token-shared-key", token)
    for secret, found in ((SECRET, ""), ("another secret" * 6, "not keyed")):
        context = CheckContext("", clients={"app": Client("app", "client_secret_post", secret)})
        assert found in problems("id-token-shared-key", token, context=context)
        assert not problems("id-token-secret-long-enough", token, context=context)
    short = CheckContext("", clients={"app": Client("app", "client_secret_post", "short")})
    assert "shorter" in problems("id-token-secret-long-enough", token, context=short)


@pytest.mark.parametrize(
    ("check", "document", "found"),
    [
        ("metadata-lists", {"scopes_supported": "openid"}, "not an array"),
        ("metadata-lists", {"scopes_supported": ["openid"], "other": "x"}, ""),
        ("metadata-no-empty-lists", {"other": []}, "empty"),
        ("metadata-subject-types", {"subject_types_supported": ["pairwise"]}, ""),
        ("metadata-subject-types", {}, "neither"),
        ("metadata-scope-openid", {}, ""),
        ("metadata-scope-openid", {"scopes_supported": ["email"]}, "openid"),
        ("metadata-token-auth-algs",
         {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "missing"),
        ("metadata-token-auth-algs", {"token_endpoint_auth_methods_supported": ["none"]}, ""),
        ("metadata-signature", {}, ""),
        ("metadata-signature", {"signed_metadata": "x.y.z"}, "not a JWT"),
        ("jwks-use-when-mixed", {"keys": [{"use": "enc"}, {"kty": "RSA"}]}, "key 1"),
        ("jwks-use-when-mixed", {"keys": [{"kty": "RSA"}]}, ""),
    ],
)  # fmt: skip
def test_a_document_is_looked_at(check: str, document: dict[str, Any], found: str) -> None:
    kind = StepKind.JWKS if "keys" in document else StepKind.METADATA
    seen = problems(check, played(kind, document))
    assert found in seen
    assert bool(seen) is bool(found)


@pytest.mark.parametrize(
    ("check", "document", "found"),
    [
        ("introspection-members", {"active": True, "exp": 5, "scope": "a b"}, ""),
        ("introspection-types", {"active": True, "exp": 253402300799, "scope": "a b"}, ""),
        ("introspection-types", {"exp": "5"}, "exp"),
        ("introspection-types", {"exp": 1_796_000_000_000}, "exp is not in seconds"),
        ("introspection-types", {"scope": ["a"]}, "scope"),
        ("introspection-members", {"client_id": "other"}, "client_id"),
        ("introspection-no-details", {"active": False}, ""),
        ("introspection-no-details", {"active": False, "sub": "a"}, "sub"),
    ],
)
def test_an_introspection_is_looked_at(check: str, document: dict[str, Any], found: str) -> None:
    seen = problems(check, played(StepKind.INTROSPECT, document))
    assert found in seen
    assert bool(seen) is bool(found)


@pytest.mark.parametrize(
    ("allowed", "opened"),
    [("*", True), ("https://app.example", True), ("https://b.example", False), ("", False)],
)
def test_cors_is_what_a_browser_makes_of_it(*, allowed: str, opened: bool) -> None:
    headers = (("Access-Control-Allow-Origin", allowed),) if allowed else ()
    request = Request("GET", "https://server.example/", (("Origin", "https://app.example"),))
    exchange = Exchange(request, Response(200, headers))
    looked_at = Played(Step(StepKind.JWKS, "jwks"), Answer.GRANTED, exchanges=(exchange,))
    assert bool(problems("cors-open", looked_at)) is not opened
    assert bool(problems("cors-closed", looked_at)) is opened


@pytest.mark.parametrize(
    ("check", "types", "found"),
    [
        ("jwks-kid-distinct-by-type", ("RSA", "EC"), ""),
        ("jwks-kid-distinct-by-type", ("EC", "EC"), "2 keys of the type EC"),
        ("jwks-kid-distinct", ("RSA", "EC"), "2 keys have the kid"),
    ],
)
def test_keys_of_two_types_may_share_a_kid_but_under_fapi(
    check: str, types: tuple[str, ...], found: str
) -> None:
    keys = [{"kty": kty, "kid": "2026"} for kty in types]
    said = problems(check, played(StepKind.JWKS, {"keys": keys}))
    assert bool(said) == bool(found)
    assert found in said
