"""Secrets and names of clients compared too loosely, or not at every endpoint: RFC 6749 §2.3.1."""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.building import nothing, subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_client
from tokenspec.reference_server.exchange import Basic, Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import client_authentication as rules
from tokenspec.reference_server.messages import Request

R_UNKNOWN, R_REFRESH = "RFC6749-5.2-invalid_client-unknown", "RFC6749-6-client_auth_required"
R_ANY, R_CODE = "RFC6749-3.2.1-confidential_authenticates", "RFC6749-4.1.3-require_client_auth"
R_REVOKE, R_INTROSPECT = "RFC7009-2.1-client_auth", "RFC7662-2.1-authorization_required"
BASIC, POST, KEY = "client_secret_basic", "client_secret_post", "private_key_jwt"
LONGEST = 20  # characters of a secret that a column has room for
Agrees = Callable[[str, str], bool]
Where = Callable[[Exchange], bool]


def _secret(agrees: Agrees, method: str) -> Check:
    """The check of a secret that is shown by one method, made by `agrees(shown, own)`."""

    def check(exchange: Exchange) -> None:
        client = exchange.client
        if client is None or client.auth_method != method:
            rules.secret.check(exchange)
            return
        shown = exchange.basic[1] if exchange.basic else exchange.get("client_secret")
        if not (shown and agrees(shown, client.secret)):
            raise invalid_client("wrong secret")

    return check


def _except(where: Where, *guards: Guard) -> dict[str, Check]:
    """The guards, kept up wherever it is not `where`."""

    def but(guard: Guard) -> Check:
        return lambda exchange: None if where(exchange) else guard.check(exchange)

    return {guard.name.replace(".", "__"): but(guard) for guard in guards}


def _by(method: str) -> Where:
    return lambda exchange: exchange.client is not None and exchange.client.auth_method == method


def _at(endpoint: str, method: str) -> Where:
    return lambda exchange: exchange.endpoint == endpoint and _by(method)(exchange)


def _refreshing(method: str) -> Where:
    return lambda exchange: exchange.refreshing and _by(method)(exchange)


def _shown_nothing(exchange: Exchange) -> bool:
    shown = exchange.basic or exchange.get("client_secret") or exchange.get("client_assertion")
    return not shown


def _any_case(exchange: Exchange) -> None:
    if exchange.client is None:
        named = exchange.basic[0] if exchange.basic else exchange.get("client_id")
        clients = exchange.core.config.clients
        exchange.client = next((c for c in clients if c.client_id.lower() == named.lower()), None)
    rules.known.check(exchange)


def _trimmed(exchange: Exchange) -> None:
    if exchange.client is None:
        exchange.client = exchange.core.config.client(exchange.get("client_id").strip())
    rules.known.check(exchange)


def _basic_as_written(known: Basic, request: Request) -> Basic:
    return known if request.header("Authorization").startswith("Basic ") else None


WAYS: tuple[tuple[str, str, Agrees], ...] = (
    ("any_case", "is compared without regard to case", lambda a, b: a.lower() == b.lower()),
    ("cut_short", "is known by its first part", lambda a, b: b.startswith(a)),
    ("with_more", "may have more behind it", lambda a, b: a.startswith(b)),
    ("trimmed", "may have space around it", lambda a, b: a.strip() == b),
)
SIGNED = (rules.assertion_signature,)
DEFECTS: tuple[Alteration, ...] = (
    *(
        subtle(
            f"client.posted_secret_{name}",
            R_UNKNOWN,
            f"a secret in the body {summary}",
            client__secret=_secret(agrees, POST),
        )
        for name, summary, agrees in WAYS
    ),
    subtle(
        "client.secret_trimmed",
        R_UNKNOWN,
        "a secret in the header may have space around it",
        client__secret=_secret(lambda a, b: a.strip() == b, BASIC),
    ),
    subtle(
        "client.secret_first_20",
        R_UNKNOWN,
        "the first twenty characters of a secret count",
        client__secret=_secret(lambda a, b: a[:LONGEST] == b[:LONGEST], BASIC),
    ),
    subtle(
        "client.basic_secret_unchecked",
        R_UNKNOWN,
        "a secret in the header is not looked at",
        **_except(_by(BASIC), rules.secret),
    ),
    subtle(
        "client.posted_secret_unchecked",
        R_UNKNOWN,
        "a secret in the body is not looked at",
        **_except(_by(POST), rules.secret),
    ),
    subtle(
        "client.secret_checked_if_shown",
        R_ANY,
        "a secret is looked at where one is shown, and not missed where none is",
        **_except(_shown_nothing, rules.registered_method, rules.secret),
    ),
    subtle(
        "client.code_is_enough",
        R_CODE,
        "who has a code need not show a secret",
        **_except(
            lambda exchange: not exchange.refreshing and _shown_nothing(exchange),
            rules.registered_method,
            rules.secret,
            rules.assertion_type,
            rules.assertion_signature,
            rules.assertion_issuer,
            rules.assertion_audience,
            rules.assertion_expiry,
            rules.assertion_replay,
        ),
    ),
    subtle(
        "client.name_any_case",
        R_UNKNOWN,
        "a client is found whatever the case of its name",
        client__known=_any_case,
        client__id_agrees=nothing,
    ),
    subtle(
        "client.name_trimmed",
        R_UNKNOWN,
        "space around client_id is dropped",
        client__known=_trimmed,
    ),
    telling(
        "client.basic_one_case",
        "RFC9110-11.1-scheme_case",
        "the scheme Basic is known in one spelling",
        basic_credentials=_basic_as_written,
    ),
    subtle(
        "refresh.basic_secret_unchecked",
        R_REFRESH,
        "a secret in the header is not looked at when a token is refreshed",
        **_except(_refreshing(BASIC), rules.secret),
    ),
    subtle(
        "refresh.posted_secret_unchecked",
        R_REFRESH,
        "a secret in the body is not looked at when a token is refreshed",
        **_except(_refreshing(POST), rules.secret),
    ),
    subtle(
        "refresh.secret_not_missed",
        R_REFRESH,
        "no secret is missed when a token is refreshed",
        **_except(
            lambda exchange: exchange.refreshing and _shown_nothing(exchange),
            rules.registered_method,
            rules.secret,
        ),
    ),
    subtle(
        "refresh.assertion_unsigned",
        R_REFRESH,
        "the signature of an assertion is not looked at when a token is refreshed",
        **_except(_refreshing(KEY), *SIGNED),
    ),
    subtle(
        "refresh.assertion_expired",
        R_REFRESH,
        "an expired assertion is taken when a token is refreshed",
        **_except(_refreshing(KEY), rules.assertion_expiry),
    ),
    subtle(
        "revoke.posted_secret_unchecked",
        R_REVOKE,
        "a secret in the body is not looked at where a token is revoked",
        **_except(_at("revocation", POST), rules.secret),
    ),
    subtle(
        "revoke.secret_not_missed",
        R_REVOKE,
        "no secret is missed where a token is revoked",
        **_except(
            lambda exchange: exchange.endpoint == "revocation" and _shown_nothing(exchange),
            rules.registered_method,
            rules.secret,
        ),
    ),
    subtle(
        "revoke.assertion_unsigned",
        R_REVOKE,
        "the signature of an assertion is not looked at where a token is revoked",
        **_except(_at("revocation", KEY), *SIGNED),
    ),
    subtle(
        "introspect.posted_secret_unchecked",
        R_INTROSPECT,
        "a secret in the body is not looked at where a token is introspected",
        **_except(_at("introspection", POST), rules.secret),
    ),
    subtle(
        "introspect.assertion_unsigned",
        R_INTROSPECT,
        "the signature of an assertion is not looked at where a token is introspected",
        **_except(_at("introspection", KEY), *SIGNED),
    ),
)
