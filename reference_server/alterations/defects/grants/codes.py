"""Codes that fit too much, or live too long: RFC 6749 §4.1.2, §4.1.3."""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import code as rules
from tokenspec.reference_server.store import Code

AN_HOUR = 3600  # seconds
R_CLIENT, R_VALID = "RFC6749-4.1.3-code_issued_to_authenticated_client", "RFC6749-4.1.3-code_valid"


def newest_code(exchange: Exchange) -> Code | None:
    """The last code the client of the code in question got."""
    code = exchange.code
    same = code.grant.client_id if code else ""
    found = (c for c in exchange.core.store.codes() if c.grant.client_id == same)
    return next(found, None)


def _of_client_in_body(exchange: Exchange) -> None:
    """One client authenticates, the other is believed."""
    code, client = exchange.code, exchange.client
    named = exchange.get("client_id") or (client.client_id if client else "")
    if code and code.grant.client_id != named:
        raise invalid_grant("code of another client")


def _only_for(public: bool) -> Check:  # noqa: FBT001 - which of the two
    def check(exchange: Exchange) -> None:
        if exchange.public is public:
            rules.of_this_client.check(exchange)

    return check


def _wrong_and_expired(exchange: Exchange) -> None:
    """The connective is wrong: both have to be bad before the code is."""
    code, client = exchange.code, exchange.client
    foreign = code and client and code.grant.client_id != client.client_id
    if code and foreign and code.expires_at <= exchange.now:
        raise invalid_grant("code of another client, and expired")


def _expires_late(exchange: Exchange) -> None:
    code = exchange.code
    if code and code.expires_at + AN_HOUR <= exchange.now:
        raise invalid_grant("code expired")


def found_by(fits: Callable[[str, str], bool]) -> Check:
    """The code is looked up by `fits(shown, known)`."""

    def check(exchange: Exchange) -> None:
        shown = exchange.get("code")
        known = (c.value for c in exchange.core.store.codes() if fits(shown, c.value))
        exchange.values["code"] = next(known, shown)
        rules.issued.check(exchange)

    return check


def _used(exchange: Exchange) -> None:
    """Only the newest code is known to be used."""
    if exchange.code == newest_code(exchange):
        rules.unused.check(exchange)


def _spent(exchange: Exchange) -> None:
    if exchange.code == newest_code(exchange):
        rules.consumed_once.check(exchange)


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "code.of_client_in_body",
        R_CLIENT,
        "client_id in the body is believed, whoever authenticates",
        client__id_agrees=nothing,
        code__of_this_client=_of_client_in_body,
    ),
    subtle(
        "code.bound_for_public_only",
        R_CLIENT,
        "a client with a secret may redeem any code",
        code__of_this_client=_only_for(True),
    ),
    subtle(
        "code.bound_for_confidential_only",
        "RFC6749-4.1.3-code_issued_to_public_client_id",
        "a client without a secret may redeem any code",
        code__of_this_client=_only_for(False),
    ),
    subtle(
        "code.wrong_and_expired",
        "RFC6749-4.1.2-code_bound_client_and_redirect",
        "a code is refused only if it is another client's and expired too",
        code__of_this_client=_wrong_and_expired,
        code__unexpired=nothing,
    ),
    subtle(
        "code.long_lived",
        "RFC6749-4.1.2-code_max_ten_minutes",
        "a code is good for an hour longer than it should be",
        code__unexpired=_expires_late,
    ),
    subtle(
        "code.found_by_beginning",
        R_VALID,
        "codes are looked up by their first characters",
        code__issued=found_by(lambda shown, known: shown[:8] == known[:8]),
    ),
    subtle(
        "code.found_without_first",
        R_VALID,
        "the first character of a code does not count",
        code__issued=found_by(lambda shown, known: known[1:] == shown[1:]),
    ),
    subtle(
        "code.trimmed",
        R_VALID,
        "space around a code is dropped",
        code__issued=found_by(lambda shown, known: shown.strip() == known),
    ),
    subtle(
        "code.until_nul",
        R_VALID,
        "a code ends at its first NUL",
        code__issued=found_by(lambda shown, known: shown.split("\0")[0] == known),
    ),
    subtle(
        "code.newest",
        R_VALID,
        "an unknown code is taken for the newest",
        code__issued=found_by(lambda _shown, _known: True),
    ),
    subtle(
        "code.only_newest_spent",
        "RFC6749-10.5-code_single_use",
        "of several codes only the newest is marked used",
        code__unused=_used,
        code__consumed_once=_spent,
    ),
)
