"""What a failed attempt leaves behind: codes that are looser bound afterwards.

Written by servers that change what they keep of a code before they have looked at all of a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import code as rules
from tokenspec.reference_server.store import Code

R_BOUND = "RFC6749-4.1.2-code_bound_client_and_redirect"
R_SAME = "RFC6749-4.1.3-redirect_uri_identical"
R_ENFORCED = "RFC9700-2.1.1-verifier_enforced"
R_REUSE = "RFC6749-4.1.2-code_reuse_denied"


def _after(guard: Guard, kept: Callable[[Code, Exchange], Code]) -> Check:
    """The check of a guard; where it refuses, the code is kept as `kept` has it."""

    def check(exchange: Exchange) -> None:
        code = exchange.code
        try:
            guard.check(exchange)
        except OAuthError:
            if code:
                exchange.core.store.add_code(kept(code, exchange))
            raise

    return check


def _of_who_asked(code: Code, exchange: Exchange) -> Code:
    client = exchange.client.client_id if exchange.client else ""
    return replace(code, grant=replace(code.grant, client_id=client))


def _at_the_address_shown(code: Code, exchange: Exchange) -> Code:
    return replace(code, redirect_uri=exchange.get("redirect_uri"))


def _without_address(code: Code, exchange: Exchange) -> Code:
    return replace(_at_the_address_shown(code, exchange), redirect_uri_sent=False)


def _of_nobody(code: Code, _exchange: Exchange) -> Code:
    return replace(code, grant=replace(code.grant, client_id=""))


def _without_challenge(code: Code, _exchange: Exchange) -> Code:
    return replace(code, code_challenge="")


def _unused(code: Code, _exchange: Exchange) -> Code:
    return replace(code, used=False)


def _of_this_or_nobody(exchange: Exchange) -> None:
    code = exchange.code
    if code and code.grant.client_id:
        rules.of_this_client.check(exchange)
    elif code and exchange.client:
        exchange.core.store.add_code(_of_who_asked(code, exchange))


def _same_where_kept(exchange: Exchange) -> None:
    if exchange.code and exchange.code.redirect_uri_sent:
        rules.redirect_uri_same.check(exchange)


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "code.client_taken_over",
        R_BOUND,
        "a code that another client has tried belongs to that client",
        code__of_this_client=_after(rules.of_this_client, _of_who_asked),
    ),
    subtle(
        "code.client_forgotten_after_another_address",
        R_BOUND,
        "a wrong redirect_uri makes the server forget whose the code is",
        code__of_this_client=_of_this_or_nobody,
        redirect_uri__same=_after(rules.redirect_uri_same, _of_nobody),
    ),
    subtle(
        "redirect_uri.taken_over",
        R_SAME,
        "the redirect_uri of a failed attempt is the one that counts in the next",
        redirect_uri__same=_after(rules.redirect_uri_same, _at_the_address_shown),
    ),
    subtle(
        "redirect_uri.forgotten_after_another_client",
        R_SAME,
        "a failed attempt of another client makes the server forget the redirect_uri",
        code__of_this_client=_after(rules.of_this_client, _without_address),
        redirect_uri__same=_same_where_kept,
    ),
    subtle(
        "pkce.forgotten_after_absence",
        R_ENFORCED,
        "an attempt without a verifier ends the check of the verifier",
        pkce__verifier_present=_after(rules.verifier_present, _without_challenge),
        pkce__no_verifier_without_challenge=nothing,
    ),
    subtle(
        "code.alive_after_a_refused_use",
        R_REUSE,
        "the refusal of a second use puts the code back",
        code__unused=_after(rules.unused, _unused),
    ),
)
