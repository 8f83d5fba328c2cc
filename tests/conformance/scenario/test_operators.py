"""The operators: each gives exactly the difference its name says."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.scenario.edits import InapplicableError, UnchangedError, UnfitError
from tokenspec.conformance.scenario.model import Change
from tokenspec.conformance.scenario.operators import OPERATORS, apply, argument_problem, describe

URI = "https://app.example/callback"
tokens = st.text("abcXYZ019-_", min_size=8, max_size=60)


class Play:
    """An operator context with known answers."""

    def recall(self, path: str) -> str:
        return f"<{path}>"

    def random_text(self, length: int, alphabet: str) -> str:
        return "".join(itertools.islice(itertools.cycle("q7" + alphabet), length))

    def registered_redirect_uri(self, which: str) -> str:
        return f"https://app.example/{which}"

    def client_id(self, role: str) -> str:
        return f"{role}-id"

    def audience(self, which: str) -> str:
        return f"https://api.example/{which}"


def sent(operator: str, argument: object, *valid: str) -> tuple[object, ...]:
    return apply(Change(operator, argument), valid, Play())


@pytest.mark.parametrize(
    ("operator", "argument", "expected"),
    [
        ("omit", True, ()),
        ("empty", True, ("",)),
        ("value", "x", ("x",)),
        ("append", "/", (URI + "/",)),
        ("prepend", " ", (" " + URI,)),
        ("truncate", 1, (URI[:-1],)),
        ("repeat", 2, (URI, URI)),
        ("also", "b", (URI, "b")),
        ("copy", "authorize.state", ("<authorize.state>",)),
        ("bytes", "/w==", (b"\xff",)),
        ("swap_case", "path", ("https://app.example/CALLBACK",)),
        ("swap_case", "host", ("https://APP.EXAMPLE/callback",)),
        ("swap_case", "scheme", ("HTTPS://app.example/callback",)),
        ("encode", 1, ("https://app.example/callbac%6B",)),
        ("encode", 2, ("https://app.example/callbac%256B",)),
        ("uri", {"scheme": "http"}, ("http://app.example/callback",)),
        ("uri", {"scheme": "other"}, ("http://app.example/callback",)),
        ("uri", {"port": "default"}, ("https://app.example:443/callback",)),
        ("uri", {"scheme": "other", "port": "default"}, ("http://app.example:80/callback",)),
        ("uri", {"path_before": "/x/.."}, ("https://app.example/x/../callback",)),
        ("nest", 3, (f"[[[{URI}]]]",)),
        ("uri", {"host_before": "evil."}, ("https://evil.app.example/callback",)),
        ("uri", {"host_after": ".evil.example"}, ("https://app.example.evil.example/callback",)),
        ("uri", {"host_dot": "x"}, ("https://appxexample/callback",)),
        (
            "uri",
            {"behind_userinfo": "evil.example"},
            ("https://app.example@evil.example/callback",),
        ),
        ("uri", {"port": 8443}, ("https://app.example:8443/callback",)),
        ("uri", {"port": "other"}, ("https://app.example:8443/callback",)),
        ("uri", {"userinfo": "good"}, ("https://good@app.example/callback",)),
        ("uri", {"path_suffix": "/../x"}, ("https://app.example/callback/../x",)),
        ("uri", {"query": "a=1", "fragment": "f"}, (URI + "?a=1#f",)),
        ("registered", "other", ("https://app.example/other",)),
        ("client", "second", ("second-id",)),
        ("api", "any", ("https://api.example/any",)),
    ],
)
def test_a_redirect_uri_changed(
    operator: str, argument: object, expected: tuple[object, ...]
) -> None:
    assert argument_problem(operator, argument) == ""
    assert sent(operator, argument, URI) == expected


@given(tokens, st.integers(1, 8))
def test_changed_characters_keep_length_and_alphabet(token: str, count: int) -> None:
    (last,) = sent("change_last", count, token)
    (first,) = sent("change_first", count, token)
    for changed, kept in ((str(last), slice(None, -count)), (str(first), slice(count, None))):
        assert len(changed) == len(token)
        assert changed[kept] == token[kept]
        assert all(a != b for a, b in zip(changed, token, strict=True)) is (count == len(token))
        assert changed != token
        assert changed.replace("-", "").replace("_", "").isalnum()


@given(tokens)
def test_fresh_is_another_value(token: str) -> None:
    (fresh,) = sent("fresh", True, token)
    assert fresh != token
    assert len(str(fresh)) >= len(token)


def test_a_number_has_its_digits_and_is_a_number() -> None:
    class Numbers(Play):
        def random_text(self, length: int, alphabet: str) -> str:
            return alphabet[:1] * length

    (number,) = apply(Change("digits", 12), ("anything",), Numbers())
    assert isinstance(number, int)
    assert len(str(number)) == 12


def test_scope_words_come_and_go() -> None:
    assert sent("include", "offline_access", "openid") == ("openid offline_access",)
    assert sent("include", "openid", "openid") == ("openid",)
    assert sent("exclude", "openid", "openid email") == ("email",)


def test_time_moves() -> None:
    assert apply(Change("shift_seconds", -5), (100,), Play()) == (95,)


@given(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,3}", fullmatch=True))
def test_a_uri_whose_parts_are_so_already_is_not_sent_as_another(path: str) -> None:
    uri = f"https://app.example/{path}"
    with pytest.raises(UnchangedError, match="is the valid value itself"):
        sent("uri", {"host": urlsplit(uri).hostname}, uri)


@pytest.mark.parametrize(
    ("operator", "argument", "valid"),
    [
        ("swap_case", "host", "http://127.0.0.1:3000/cb"),
        ("swap_case", "host", "http://[::1]/cb"),
        ("swap_case", "host", "com.example.app:/cb"),
        ("swap_case", "path", "https://app.example"),
        ("swap_case", "path", "https://app.example/123"),
        ("swap_case", "all", "4711"),
        ("uri", {"host_dot": "x"}, "https://app/cb"),
        ("uri", {"port": 443}, "https://app.example:443/cb"),
        ("truncate", 3, ""),
    ],
)
def test_a_change_that_changes_nothing_is_not_sent(
    operator: str, argument: object, valid: str
) -> None:
    with pytest.raises(UnchangedError):
        sent(operator, argument, valid)


def test_nothing_added_is_the_same_value() -> None:
    assert sent("append", "", URI) == (URI,)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_describes_itself(operator: str) -> None:
    argument: object = {"host": "x"} if OPERATORS[operator].argument == "uri" else 1
    text = describe(Change(operator, argument))
    assert text
    assert "{0}" not in text


@pytest.mark.parametrize(
    ("operator", "argument"),
    [
        ("omit", False), ("append", 1), ("truncate", "1"), ("truncate", True), ("bytes", "?"),
        ("swap_case", "query"), ("uri", {}), ("uri", {"hostname": "x"}), ("client", "third"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told(operator: str, argument: object) -> None:
    assert f"operator {operator!r} takes" in argument_problem(operator, argument)


class PlayWithToken(Play):
    """An operator context in which every place holds the same JWT."""

    def recall(self, path: str) -> str:
        assert path == "token.id_token"
        return jwt.encode(
            {"sub": "a", "exp": 100}, "a secret of thirty-two octets or more", "HS256"
        )


def test_a_jwt_without_its_signature_says_alg_none() -> None:
    (made,) = apply(Change("unsigned", "token.id_token"), (), PlayWithToken())
    assert jwt.get_unverified_header(made)["alg"] == "none"
    assert made.endswith(".")
    assert jwt.decode(made, options={"verify_signature": False})["sub"] == "a"


def test_a_tampered_jwt_keeps_its_signature_and_lives_longer() -> None:
    context = PlayWithToken()
    (made,) = apply(Change("tampered", "token.id_token"), (), context)
    right = context.recall("token.id_token")
    assert made.split(".")[2] == right.split(".")[2]
    claims = jwt.decode(made, options={"verify_signature": False})
    assert claims == {"sub": "a", "exp": 100 + 24 * 3600}


def test_a_jwt_about_nobody_keeps_its_signature() -> None:
    context = PlayWithToken()
    (made,) = apply(Change("tampered_subject", "token.id_token"), (), context)
    right = context.recall("token.id_token")
    assert made.split(".")[2] == right.split(".")[2]
    claims = jwt.decode(made, options={"verify_signature": False})
    assert claims == {"sub": "tokenspec-nobody", "exp": 100}


def test_a_jwt_about_nobody_may_have_no_signature() -> None:
    (made,) = apply(Change("unsigned_subject", "token.id_token"), (), PlayWithToken())
    assert jwt.get_unverified_header(made)["alg"] == "none"
    assert made.endswith(".")
    claims = jwt.decode(made, options={"verify_signature": False})
    assert claims == {"sub": "tokenspec-nobody", "exp": 100}


def test_no_change_of_a_jwt_without_signature_can_be_seen() -> None:
    class Unsigned(PlayWithToken):
        def recall(self, path: str) -> str:
            del path
            return "e30.e30."

    with pytest.raises(InapplicableError, match="not signed"):
        apply(Change("tampered_subject", "token.id_token"), (), Unsigned())


@pytest.mark.parametrize("scope", ["openid", ""])
def test_of_one_word_none_can_be_left_out(scope: str) -> None:
    class Scope(PlayWithToken):
        def recall(self, path: str) -> str:
            del path
            return scope

    with pytest.raises(UnchangedError, match="no second word"):
        apply(Change("first_word_of", "authorize.scope"), (), Scope())


def test_a_claim_is_put_into_a_list() -> None:
    assert sent("in_a_list", True, "https://as.example") == (["https://as.example"],)


def test_what_is_no_jwt_cannot_be_forged() -> None:
    with pytest.raises(HarnessError, match="not a JWT"):
        sent("unsigned", "token.access_token")


def test_another_port_is_another() -> None:
    assert sent("uri", {"port": "other"}, "https://as.example:8443/x") == (
        "https://as.example:9443/x",
    )


@pytest.mark.parametrize("encoded", ["opaque", "a.b.c", 7, None, ["e30.e30.", 1], "e30.bnVsbA."])
@pytest.mark.parametrize(
    "operator", ["tampered", "tampered_subject", "unsigned", "unsigned_subject"]
)
def test_a_play_stops_where_the_server_sent_no_jwt(operator: str, encoded: object) -> None:
    class Odd(PlayWithToken):
        def recall(self, path: str) -> Any:
            del path
            return encoded

    with pytest.raises(UnfitError, match="is not a JWT"):
        apply(Change(operator, "token.access_token"), (), Odd())


@pytest.mark.parametrize("expiry", ['"soon"', "[]", "null", "1e999", "true"])
def test_an_odd_expiry_is_replaced(expiry: str) -> None:
    claims = base64.urlsafe_b64encode(f'{{"exp": {expiry}}}'.encode()).rstrip(b"=").decode()

    class Odd(PlayWithToken):
        def recall(self, path: str) -> Any:
            del path
            return f"e30.{claims}."

    (made,) = apply(Change("tampered", "token.access_token"), (), Odd())
    part = str(made).split(".")[1]
    later = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(later["exp"], int)


@pytest.mark.parametrize(
    ("other", "made"),
    [("id-2.session-2.app-2", "id-1.session-1.app-2"), ("abcdefgh", "id-1.sessiefgh")],
    ids=["parts", "halves"],
)
def test_the_end_of_another_value_is_put_behind_the_beginning(other: str, made: str) -> None:
    class Known(Play):
        def recall(self, path: str) -> str:
            return other

    assert apply(Change("ending_of", "authorize.code"), ("id-1.session-1.app-1",), Known()) == (
        made,
    )


def test_claims_ask_for_the_user_of_an_id_token() -> None:
    (made,) = apply(Change("claims_for_user_of", "token.id_token"), (), PlayWithToken())
    _, claims, _ = PlayWithToken().recall("token.id_token").split(".")
    sub = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))).get("sub")
    assert json.loads(made) == {"id_token": {"sub": {"value": sub}}}
