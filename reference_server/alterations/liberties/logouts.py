"""What a logout is answered with, and what ends with it: OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

from tokenspec.reference_server.alterations.liberties.model import Liberty, checking, telling
from tokenspec.reference_server.alterations.stores import end_grants
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import invalid_request
from tokenspec.reference_server.guards import logout
from tokenspec.reference_server.guards.openid import hinted_subjects

LOGOUT = "OpenID Connect RP-Initiated Logout 1.0"


def _nobody_to_sign_out(_asked: Authorization) -> None:
    raise invalid_request("nobody is signed in")


def _unfit_address_passed_over(asked: Authorization) -> None:
    """What is not registered is not used, and the user signed out all the same."""
    client = logout.hinted_client(asked)
    known = client.post_logout_redirect_uris if client else ()
    if asked.get("post_logout_redirect_uri") not in known:
        asked.values.pop("post_logout_redirect_uri", None)


def _own_page(address: str, asked: Authorization) -> str:
    return address or f"{asked.core.config.issuer}/signed-out"


def _grants_end(address: str, asked: Authorization) -> str:
    """Every grant of the user whom an ID token of this server names."""
    subjects = hinted_subjects(asked) if logout.hinted_client(asked) else set()
    end_grants(asked.core.store, lambda grant: grant.sub in subjects)
    return address


LIBERTIES: tuple[Liberty, ...] = (
    checking(
        "logout.session_needed",
        f"{LOGOUT} §4",
        "What cannot be validated is not acted on, and an error page may be shown.",
        "a logout without a session is an error",
        logout__address_registered=_nobody_to_sign_out,
    ),
    checking(
        "logout.unfit_address_passed_over",
        f"{LOGOUT} §4",
        "Information that is not valid is not used; the logout may go on.",
        "a logout with an address that is not registered ends on a page",
        logout__address_registered=_unfit_address_passed_over,
    ),
    telling(
        "logout.own_address",
        f"{LOGOUT} §3",
        "Without an address of the client, where a logout ends is left open.",
        "a logout leads on to a page of the server at another address",
        signed_out=_own_page,
    ),
    telling(
        "logout.ends_grants",
        "RFC 9700 §4.14.2",
        "Refresh tokens may end at a logout.",
        "with a logout every grant of the user ends",
        signed_out=_grants_end,
    ),
)
