"""How codes and refresh tokens are redeemed: RFC 6749 §4.1.3, §6, RFC 9700 §4.14.2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.liberties.model import (
    Liberty,
    checking,
    configured,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.passwords import called_wrong, known
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.endpoints.callback import Answered
from tokenspec.reference_server.endpoints.issuing import Issued
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import code
from tokenspec.reference_server.policies import setting

REFRESH = "RFC 6749 §6"


def _spent_by_a_failure(exchange: Exchange) -> None:
    try:
        code.verifier_matches.check(exchange)
    except OAuthError:
        exchange.core.store.consume_code(exchange.get("code"))
        raise


def _earlier_grants_end(fields: dict[str, str], about: Answered) -> dict[str, str]:
    """A code for a user and client ends the codes and tokens they had before."""
    store = about.request.core.store
    new = store.code(fields.get("code", ""))
    if new is None:  # an error
        return fields
    for old in store.codes():
        same = (old.grant.sub, old.grant.client_id) == (new.grant.sub, new.grant.client_id)
        if same and store.ended(old.grant.family):
            break  # with the codes before it
        if same and old.value != new.value:
            store.consume_code(old.value)
            store.revoke_family(old.grant.family)
    return fields


def _no_id_token(issue: Issue, exchange: Exchange) -> Issue:
    return replace(issue, id_token=False) if exchange.refreshing else issue


def _scope_left_out(body: dict[str, Any], about: Issued) -> dict[str, Any]:
    if not about.refreshed or body.get("scope") != " ".join(about.grant.scope):
        return body
    return {name: value for name, value in body.items() if name != "scope"}


def _missing_is_malformed(error: OAuthError, about: Refused) -> OAuthError:
    if about.guard.name != code.verifier_present.name:
        return error
    return OAuthError("invalid_request", error.cause, error.status)


LIBERTIES: tuple[Liberty, ...] = (
    checking(
        "code.spent_by_a_wrong_verifier",
        "RFC 7636 §4.6",
        "What becomes of the code after a failure is not said.",
        "a wrong code_verifier uses the code up",
        pkce__verifier_matches=_spent_by_a_failure,
    ),
    configured(
        "code.lives_ten_minutes",
        "RFC 6749 §4.1.2",
        "Ten minutes at most are recommended.",
        "a code is good for ten minutes",
        setting(code_lifetime=600),
        forbidden_by=("fapi-2.0",),
        group="code lifetime",
    ),
    configured(
        "code.lives_briefly",
        "RFC 6749 §4.1.2",
        "A code expires shortly after it is issued.",
        "a code is good for ten seconds",
        setting(code_lifetime=10),
        group="code lifetime",
    ),
    Liberty(
        "code.ends_earlier_grants",
        "RFC 6749 §1.4",
        "How long access lasts is granted by the owner and enforced by the server.",
        Alteration(
            "code.ends_earlier_grants",
            "RFC 6749 §1.4",
            "a new code ends the codes and tokens that its user and client had before",
            tells={"authorization_response": _earlier_grants_end},
        ),
        unmet=("earlier-code",),
        # a newer one ends each before its time is over
        states={
            "code-lifetime": False,
            "access-token-lifetime": False,
            "refresh-token-lifetime": False,
        },
    ),
    configured(
        "access_token.lives_briefly",
        "RFC 6749 §5.1",
        "How long an access token lives is for the server to say.",
        "an access token is good for a minute",
        setting(access_token_lifetime=60),
    ),
    telling(
        "refresh.no_id_token",
        "OpenID Connect Core §12.2",
        "The answer to a refresh might not contain an ID token.",
        "a refresh brings no ID token",
        issue=_no_id_token,
    ),
    configured(
        "refresh_token.lives_briefly",
        "RFC 6749 §1.5",
        "Refresh tokens are issued at the discretion of the server.",
        "a refresh token is good for an hour",
        setting(refresh_token_lifetime=3600),
    ),
    telling(
        "refresh.scope_left_out",
        "RFC 6749 §5.1",
        "scope is optional where it is what was asked for.",
        "the answer to a refresh has no scope where it is what was granted",
        token_response=_scope_left_out,
    ),
    Liberty(
        "error.password_before_grant",
        "RFC 6749 §5.2",
        "Of several errors in a request the text says of none that it comes first.",
        Alteration(
            "error.password_before_grant",
            "RFC 6749 §5.2",
            "a password is called wrong before the client is told that it may not use that grant",
            known(called_wrong),
        ),
    ),
    telling(
        "error.verifier_missing_invalid_request",
        "RFC 6749 §5.2",
        "invalid_request is for a request that lacks a required parameter.",
        "a missing code_verifier is an invalid_request",
        error=_missing_is_malformed,
    ),
)
