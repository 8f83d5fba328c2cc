"""What a generated case may change, place by place, in the words of the scenario format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from conformance.scenario.model import StepKind

Choice = st.SearchStrategy[Any]

VALID_TEXT = (
    {"omit": True},
    {"empty": True},
    {"change_last": 1},
    {"change_first": 1},
    {"truncate": 1},
    {"append": " "},
    {"append": "\n"},
    {"append": "a"},
    {"append": "\u0000"},
    {"prepend": " "},
    {"swap_case": "all"},
    {"fresh": True},
    {"repeat": 2},
    {"also": "another"},
)
ODD_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)


def _text(*more: Any) -> Choice:
    """Changes of a text that a valid request sends, and further ones of this place."""
    return st.sampled_from([*VALID_TEXT, *more])


def _added(*values: Any) -> Choice:
    """Values of a parameter that a valid request does not send."""
    return st.sampled_from(values)


REDIRECT_URIS = (
    {"append": "/"},
    {"append": "?x=1"},
    {"append": "#x"},
    {"uri": {"scheme": "http"}},
    {"uri": {"host": "client.example.attacker.example"}},
    {"uri": {"userinfo": "client.example", "host": "attacker.example"}},
    {"uri": {"port": 8443}},
    {"uri": {"path_suffix": "/../other"}},
    {"swap_case": "path"},
    {"swap_case": "host"},
    {"encode": 1},
    {"encode": 2},
    {"registered": "other"},
    "https://attacker.example/callback",
    "javascript:alert(1)",
    "",
)
AUTHORIZE: Mapping[str, Choice] = {
    "response_type": _text("token", "code token", "code id_token", "none"),
    "client_id": _text({"client": "second"}),
    "redirect_uri": _text(*REDIRECT_URIS),
    "scope": _text({"exclude": "openid"}, {"exclude": "offline_access"}, {"include": "unknown"}),
    "state": _text("a b&c=d", "\u00e4"),
    "nonce": _text(),
    "code_challenge": _text({"length": 42}, {"length": 129}, {"append": "="}),
    "code_challenge_method": _text("plain", "s256", "S512"),
    "prompt": _added("none", "login", "consent", "none login", "unknown"),
    "max_age": _added("0", "1", "3600", "-1", "x"),
    "dpop_jkt": _added({"copy": "dpop.jkt"}, {"copy": "dpop.other_jkt"}, "x", ""),
    "response_mode": _added("query", "fragment", "form_post", "unknown"),
    "request": _added("eyJhbGciOiJub25lIn0.e30."),
    "tokenspec_unknown": _added("x"),
}
TOKEN: Mapping[str, Choice] = {
    "grant_type": _text("refresh_token", "password", "Authorization_Code", "authorization_code "),
    "code": _text({"copy": "authorize.state"}),
    "redirect_uri": _text(*REDIRECT_URIS),
    "code_verifier": _text({"copy": "authorize.code_challenge"}, {"length": 42}, {"length": 128}),
    "client_id": _text({"client": "second"}),
    "scope": _added("openid", "openid email", "unknown", ""),
    "code_challenge_method": _added("plain", "S256"),
    "tokenspec_unknown": _added("x"),
}
REFRESH: Mapping[str, Choice] = {
    "grant_type": _text("authorization_code", "Refresh_Token"),
    "refresh_token": _text(
        {"copy": "token.access_token"}, {"copy": "authorize.code"}, {"copy": "token.refresh_token"}
    ),
    "client_id": _text({"client": "second"}),
    "scope": _added("openid", "openid email", "openid admin", "unknown", ""),
}
USERINFO: Mapping[str, Choice] = {
    "access_token": _text({"copy": "token.refresh_token"}, {"copy": "token.id_token"}),
}
TOKENS: Mapping[str, Choice] = {
    "token": _text({"copy": "token.refresh_token"}, {"copy": "authorize.code"}),
    "token_type_hint": _added("access_token", "refresh_token", "unknown"),
}
PARAMETERS: Mapping[StepKind, Mapping[str, Choice]] = {
    StepKind.AUTHORIZE: AUTHORIZE,
    StepKind.TOKEN: TOKEN,
    StepKind.REFRESH: REFRESH,
    StepKind.USERINFO: USERINFO,
    StepKind.REVOKE: TOKENS,
    StepKind.INTROSPECT: TOKENS,
}

HEADER: Mapping[str, Choice] = {
    "typ": _text("JWT", "at+jwt", "application/dpop+jwt", 7),
    "alg": _text("none", "HS256", "RS256", "es256", 7),
    "jwk": _added(
        {"omit": True}, {"copy": "dpop.other_jwk"}, {"copy": "dpop.private_jwk"}, [], "x", 7
    ),
    "kid": _added("x", "../../etc/passwd", 7),
    "crit": _added(["exp"], []),
    "x5u": _added("https://attacker.example/key"),
    "b64": _added(False),
}
CLAIMS: Mapping[str, Choice] = {
    "jti": _text(7, [], {"repeat": 2}),
    "htm": _text("GET", "post", "PUT", 7),
    "htu": _text(
        {"append": "/more"},
        {"append": "?x=1"},
        {"append": "#x"},
        {"uri": {"host": "attacker.example"}},
        {"uri": {"scheme": "http"}},
        {"uri": {"port": 8443}},
        {"swap_case": "host"},
        {"swap_case": "path"},
        {"copy": "target.issuer"},
        7,
    ),
    "iat": _added(
        {"omit": True},
        {"shift_seconds": -86400},
        {"shift_seconds": -5},
        {"shift_seconds": 5},
        {"shift_seconds": 86400},
        "now",
        0,
        -1,
        1e30,
        True,
        [],
    ),
    "nonce": _added({"omit": True}, {"empty": True}, "never-given-out", 7),
    "ath": _added({"omit": True}, "x", {"empty": True}),
    "exp": _added(0),
    "extra": st.one_of(ODD_TEXT, st.integers(), st.booleans(), st.none()),
}
SIGNED: tuple[dict[str, Any], ...] = (
    {"sign_with": "other-key"},
    {"sign_with": "nothing"},
    {"sign_with": "public-key-as-secret"},
    {"signature": {"change_first": 4}},
    {"signature": {"empty": True}},
    {"key": "other"},
    {"alg": "ES384"},
    {"alg": "EdDSA"},
    {"reuse": True},
)
CLIENT_AUTH: tuple[dict[str, Any], ...] = (
    {"client": "second"},
    {"client": "confidential"},
    {"client": "public"},
    {"method": "none"},
    {"method": "both"},
    {"method": "client_secret_post"},
    {"method": "client_secret_basic"},
    {"secret": {"change_last": 1}},
    {"secret": {"empty": True}},
    {"encoding": "raw"},
)
HTTP: tuple[dict[str, Any], ...] = (
    {"method": "GET"},
    {"method": "PUT"},
    {"encoding": "json"},
    {"encoding": "query"},
    {"content_type": "text/plain"},
)
HEADERS: tuple[dict[str, Any], ...] = (
    {"DPoP": {"omit": True}},
    {"DPoP": {"repeat": 2}},
    {"DPoP": ""},
    {"DPoP": "not-a-jwt"},
    {"Authorization": "Basic eDp5"},
    {"Authorization": "Bearer x"},
)
