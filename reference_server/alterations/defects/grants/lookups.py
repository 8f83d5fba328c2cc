"""Codes and refresh tokens found by other values than their own: RFC 6749 §4.1.3, §6.

As a database's collation, a column that is too short, or a cache's key has it.
"""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.defects.grants.codes import found_by
from tokenspec.reference_server.alterations.lookups import token_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import code, refresh
from tokenspec.reference_server.store import Token

R_CODE, R_REFRESH = "RFC6749-4.1.3-code_valid", "RFC6749-6-validate_token"
AN_HOUR, LONG, ENOUGH = 3600, 4096, 20  # seconds; characters
Fits = Callable[[str, str], bool]


def _refresh(fits: Fits) -> Check:
    """The refresh token is looked up by `fits(shown, known)`."""

    def check(exchange: Exchange) -> None:
        shown = exchange.get("refresh_token")
        found = _of_kind(exchange, lambda value: fits(shown, value))
        exchange.values["refresh_token"] = found.value if found else shown
        refresh.issued.check(exchange)

    return check


def _of_kind(exchange: Exchange, fits: Callable[[str], bool]) -> Token | None:
    tokens = exchange.core.store.tokens()
    good = (t for t in reversed(tokens) if t.kind == "refresh" and t.active and fits(t.value))
    return next(good, None)


def _of_its_grant(exchange: Exchange, family: str) -> None:
    """The refresh token of a grant stands for whatever else was shown of it."""
    tokens = exchange.core.store.tokens()
    found = (t for t in tokens if t.kind == "refresh" and t.grant.family == family)
    exchange.values["refresh_token"] = next((t.value for t in found), "")
    refresh.issued.check(exchange)


def _access_token_too(exchange: Exchange) -> None:
    shown = exchange.get("refresh_token")
    token = token_of(exchange.core.store, lambda value: value == shown)
    if token is None or token.kind == "refresh":
        refresh.issued.check(exchange)
    else:
        _of_its_grant(exchange, token.grant.family)


def _code_too(exchange: Exchange) -> None:
    found = exchange.core.store.code(exchange.get("refresh_token"))
    if found is None:
        refresh.issued.check(exchange)
    else:
        _of_its_grant(exchange, found.grant.family)


def _expires_late(exchange: Exchange) -> None:
    token = exchange.refresh_token
    if token and token.expires_at + AN_HOUR <= exchange.now:
        raise invalid_grant("refresh_token expired")


def _code_fails_where(shown: Callable[[str], bool]) -> Check:
    """A look-up of the code that breaks on some values."""

    def check(exchange: Exchange) -> None:
        if shown(exchange.get("code")):
            raise OAuthError("server_error", "the database failed", 500)
        code.issued.check(exchange)

    return check


def _injected(shown: str, _known: str) -> bool:
    return "' OR '" in shown


LOOKUPS: tuple[tuple[str, str, Fits], ...] = (
    (
        "any_case",
        "are found whatever the case of their letters",
        lambda a, b: a.lower() == b.lower(),
    ),
    ("with_more", "are found where more stands behind", lambda a, b: a.startswith(b)),
    ("cut_short", "are found by their beginning", lambda a, b: len(a) > ENOUGH and b.startswith(a)),
    ("without_last", "are found without their last characters", lambda a, b: a[:-4] == b[:-4]),
    ("injected", "are put into a query as they come", _injected),
)
DEFECTS: tuple[Alteration, ...] = (
    *(
        subtle(f"code.{name}", R_CODE, f"codes {summary}", code__issued=found_by(fits))
        for name, summary, fits in LOOKUPS
    ),
    *(
        subtle(
            f"refresh.{name}",
            R_REFRESH,
            f"refresh tokens {summary}",
            refresh__issued=_refresh(fits),
        )
        for name, summary, fits in LOOKUPS
    ),
    subtle(
        "code.long_breaks",
        R_CODE,
        "a code that is too long for its column makes the server fail",
        code__issued=_code_fails_where(lambda shown: len(shown) > LONG),
    ),
    subtle(
        "code.other_letters_break",
        R_CODE,
        "a code with letters outside ASCII makes the server fail",
        code__issued=_code_fails_where(lambda shown: not shown.isascii()),
    ),
    subtle(
        "refresh.without_first",
        R_REFRESH,
        "the first character of a refresh token does not count",
        refresh__issued=_refresh(lambda a, b: a[1:] == b[1:]),
    ),
    subtle(
        "refresh.trimmed",
        R_REFRESH,
        "space around a refresh token is dropped",
        refresh__issued=_refresh(lambda a, b: a.strip() == b),
    ),
    subtle(
        "refresh.until_nul",
        R_REFRESH,
        "a refresh token ends at its first NUL",
        refresh__issued=_refresh(lambda a, b: a.split("\0")[0] == b),
    ),
    subtle(
        "refresh.newest",
        R_REFRESH,
        "an unknown refresh token is taken for the newest",
        refresh__issued=_refresh(lambda _a, _b: True),
    ),
    subtle(
        "refresh.access_token_too",
        R_REFRESH,
        "an access token is taken where a refresh token is due",
        refresh__issued=_access_token_too,
    ),
    subtle(
        "refresh.code_too",
        R_REFRESH,
        "a code is taken where a refresh token is due",
        refresh__issued=_code_too,
        refresh__consumed_once=nothing,
    ),
    subtle(
        "refresh.expires_late",
        R_REFRESH,
        "a refresh token is good for an hour longer than it should be",
        refresh__unexpired=_expires_late,
    ),
)
