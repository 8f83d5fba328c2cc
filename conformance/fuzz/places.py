"""What a generated case may change, place by place, in the words of the scenario format."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.model import StepKind

Choices = tuple[Any, ...]

GRAMMATICAL: Choices = (  # printable ASCII stays so (RFC 6749 Appendix A)
    {"omit": True},
    {"empty": True},
    {"change_last": 1},
    {"change_first": 1},
    {"truncate": 1},
    {"append": " "},
    {"append": "a"},
    {"prepend": " "},
    {"swap_case": "all"},
    {"fresh": True},
    {"repeat": 2},
    {"also": "another"},
)
SPACED: Choices = ({"append": " "}, {"prepend": " "}, {"append": "\n"})
VALID_TEXT: Choices = (*GRAMMATICAL, {"append": "\n"}, {"append": "\u0000"})


def _text(*more: Any) -> Choices:
    """Changes of a text that a valid request sends, and further ones of this place."""
    return (*VALID_TEXT, *more)


def _member(*more: Any) -> Choices:
    """The same of a member of a JWT, which may be refused if it is there twice (RFC 7519 §4)."""
    once = (change for change in VALID_TEXT if not {"repeat", "also"} & set(change))
    return (*once, *more)


def _token_text(*more: Any) -> Choices:
    """The same of a token, whose last character may say nothing where it is base64."""
    changes = ({"change_last": 3} if one == {"change_last": 1} else one for one in VALID_TEXT)
    return (*changes, *more)


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
)
AUTHORIZE: Mapping[str, Choices] = {
    "response_type": (
        *(change for change in VALID_TEXT if change not in SPACED),  # a list parted by spaces
        *("token", "code token", "code id_token", "none"),
    ),
    "client_id": _text({"client": "second"}),
    "redirect_uri": (  # sent without a value it counts as left out (RFC 6749 §3.1)
        *(change for change in VALID_TEXT if change != {"empty": True}),
        *REDIRECT_URIS,
    ),
    "scope": _text({"exclude": "openid"}, {"exclude": "offline_access"}, {"include": "unknown"}),
    "state": (*GRAMMATICAL, "a b&c=d"),
    "nonce": _text(),
    "code_challenge": (  # a framework may take away the space around it, which alters nothing
        *(change for change in VALID_TEXT if change not in SPACED),
        *({"length": 42}, {"length": 129}, {"append": "="}),
    ),
    "code_challenge_method": _text("plain", "s256", "S512"),
    "prompt": ("none", "login", "consent", "none login", "unknown"),
    "max_age": ("0", "3600", "-1", "x"),
    "dpop_jkt": ({"copy": "dpop.jkt"}, {"copy": "dpop.other_jkt"}, "x", ""),
    "response_mode": ("query", "fragment", "form_post", "unknown"),
    "request": ("eyJhbGciOiJub25lIn0.e30.",),
    "tokenspec_unknown": ("x",),
}
TOKEN: Mapping[str, Choices] = {
    "grant_type": _text("refresh_token", "tokenspec-unknown", "Authorization_Code"),
    "code": _token_text({"copy": "authorize.state"}),
    "redirect_uri": _text(*REDIRECT_URIS),
    "code_verifier": _text({"copy": "authorize.code_challenge"}, {"length": 42}, {"length": 128}),
    "client_id": VALID_TEXT,
    "scope": ("openid", "openid email", "unknown", ""),
    "code_challenge_method": ("plain", "S256"),
    "tokenspec_unknown": ("x",),
}
REFRESH: Mapping[str, Choices] = {
    "grant_type": _text("authorization_code", "Refresh_Token"),
    "refresh_token": _token_text(
        {"copy": "token.access_token"}, {"copy": "authorize.code"}, {"copy": "token.refresh_token"}
    ),
    "client_id": VALID_TEXT,
    "scope": ("openid", "openid email", "openid admin", "unknown", ""),
}
USERINFO: Mapping[str, Choices] = {
    "access_token": (  # a second space behind the scheme is allowed (RFC 6750 §2.1)
        *(change for change in _token_text() if change not in SPACED),
        *({"copy": "token.refresh_token"}, {"copy": "token.id_token"}),
    ),
}
TOKENS: Mapping[str, Choices] = {
    "token": (  # an empty one may be taken for an invalid one (RFC 7009 §2.2)
        *(change for change in _token_text() if change != {"empty": True}),
        *({"copy": "token.refresh_token"}, {"copy": "authorize.code"}),
    ),
    "token_type_hint": ("access_token", "refresh_token", "unknown"),
}
PARAMETERS: Mapping[StepKind, Mapping[str, Choices]] = {
    StepKind.AUTHORIZE: AUTHORIZE,
    StepKind.TOKEN: TOKEN,
    StepKind.REFRESH: REFRESH,
    StepKind.USERINFO: USERINFO,
    StepKind.REVOKE: TOKENS,
    StepKind.INTROSPECT: TOKENS,
}

HEADER: Mapping[str, Choices] = {
    "typ": _member("JWT", "at+jwt", "application/dpop+jwt", 7),
    "alg": _member("none", "HS256", "RS256", "es256", 7),
    "jwk": ({"omit": True}, {"copy": "dpop.other_jwk"}, {"copy": "dpop.private_jwk"}, [], "x", 7),
    "kid": ("x", "../../etc/passwd", 7),
    "crit": (["exp"], []),
    "x5u": ("https://attacker.example/key",),
    "b64": (False,),
}
CLAIMS: Mapping[str, Choices] = {
    "jti": _member(7, []),
    "htm": _member("GET", "post", "PUT", 7),
    # Nothing that a URL parser takes away, such as space around it; and neither query nor fragment,
    # which it has not (RFC 9449 §4.2), though they are ignored (§4.3).
    "htu": (
        {"omit": True},
        {"empty": True},
        {"change_last": 1},
        {"truncate": 1},
        {"append": "a"},
        {"swap_case": "all"},
        {"append": "/more"},
        {"uri": {"host": "attacker.example"}},
        {"uri": {"scheme": "ftp"}},
        {"uri": {"port": 8443}},
        {"swap_case": "host"},
        {"swap_case": "path"},
        {"copy": "target.issuer"},
        7,
    ),
    "iat": (
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
    "nonce": ({"omit": True}, {"empty": True}, "never-given-out", 7),
    "ath": ({"omit": True}, "x", {"empty": True}),
    "exp": (0,),
    "extra": ("", "\u00e4\n", 7, -1, 1e300, True, None, [], {"value": {"a": {"a": []}}}),
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
    {"secret": {"change_last": 1}},
    {"secret": {"empty": True}},
    {"encoding": "raw"},
)
HTTP: tuple[dict[str, Any], ...] = (
    {"authorization_scheme": "bearer"},
    {"method": "GET"},
    {"method": "PUT"},
    {"encoding": "json"},
    {"encoding": "query"},
    {"content_type": "text/plain"},
)
HEADERS: tuple[dict[str, Any], ...] = (
    {"DPoP": {"omit": True}},
    {"DPoP": {"repeat": 2}},
    {"DPoP": "not-a-jwt"},
    {"Authorization": "Basic eDp5"},
    {"Authorization": "Bearer x"},
)

# where changes stand side by side, and what lies one level deeper in some
GATHERING = {**dict.fromkeys((*map(str, StepKind), "headers"), ()), "dpop": ("header", "claims")}
Fragment = Mapping[str, Any]  # part of a scenario document that makes one change


@functools.cache
def changes_of(base: str) -> Mapping[str, Mapping[str, tuple[Fragment, ...]]]:
    """Every change that a valid exchange can suffer, by area and place.

    Areas are the kinds of request, `dpop`, and `more` for how the last request is carried.
    """
    steps, proven = BASES[base].steps, BASES[base].dpop
    areas: dict[str, dict[str, tuple[Fragment, ...]]] = {
        str(kind): {name: _made(values, str(kind), name) for name, values in table.items()}
        for kind, table in PARAMETERS.items()
        if kind in steps
    }
    if proven:
        areas["dpop"] = dict(_of_proofs())
    if steps[-1] is not StepKind.AUTHORIZE:
        areas["more"] = {
            "client_auth": _made(CLIENT_AUTH, "client_auth"),
            "http": _made(HTTP, "http"),
            "headers": _made([h for h in HEADERS if proven or "DPoP" not in h], "headers"),
        }
    return areas


def _of_proofs() -> Iterator[tuple[str, tuple[Fragment, ...]]]:
    for part, table in (("header", HEADER), ("claims", CLAIMS)):
        for name, values in table.items():
            yield f"{part}.{name}", _made(values, "dpop", part, name)
    yield "signed", _made(SIGNED, "dpop")


def _made(values: Iterable[Any], *path: str) -> tuple[Fragment, ...]:
    """A fragment for each value, which stands at the end of the path."""
    fragments = []
    for value in values:
        fragment = value
        for name in reversed(path):
            fragment = {name: fragment}
        fragments.append(fragment)
    return tuple(fragments)


def add(content: dict[str, Any], fragment: Fragment) -> None:
    """Make a change in a document, in place; a second one at the same place replaces the first."""
    for key, value in fragment.items():
        content[key] = _joined(content.get(key, {}), value, GATHERING.get(key))


def changed(content: Mapping[str, Any]) -> int:
    """In how many places a document, or one of its steps, differs from a valid exchange."""
    found = sum(key in content for key in ("client_auth", "http"))
    for key, deeper in GATHERING.items():
        inner = content.get(key, {})
        found += sum(len(inner[name]) if name in deeper else 1 for name in inner)
    return found


def _joined(under: Any, over: Any, deeper: Collection[str] | None) -> Any:
    if deeper is None or not isinstance(under, Mapping):
        return over
    inner = {name: {**under.get(name, {}), **over[name]} for name in deeper if name in over}
    return {**under, **over, **inner}
