"""What servers may make of pushed authorization requests: RFC 9126."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from tokenspec.reference_server.alterations.building import lacking
from tokenspec.reference_server.alterations.liberties.model import (
    Liberty,
    checking,
    configured,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.core import PATHS, Core
from tokenspec.reference_server.endpoints.callback import Answered
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.errors import invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import authorization, pushed
from tokenspec.reference_server.policies import setting
from tokenspec.reference_server.store import Store

SHORT, LONG = 30, 600  # seconds
PUSHING = "whether requests are pushed"
# By store, and by request_uri, the codes that came of it.
CODES: WeakKeyDictionary[Store, dict[str, list[str]]] = WeakKeyDictionary()


def _no_endpoint(routes: dict[str, Route], _core: Core) -> dict[str, Route]:
    return {path: route for path, route in routes.items() if not path.endswith(PATHS["par"])}


def _other_form(_value: str, exchange: Exchange) -> str:
    return f"urn:example:request:{exchange.core.random_text()}"


def _until_exchanged(asked: Authorization) -> None:
    """§4: a request may come again until a code that came of it was used."""
    store = asked.core.store
    of_it = CODES.get(store, {}).get(asked.pushed.value, ()) if asked.pushed else ()
    codes = map(store.code, of_it)
    if any(code.used for code in codes if code):
        raise invalid_request("a code that came of the request was used")


def _noted(fields: dict[str, str], about: Answered) -> dict[str, str]:
    """Remember which request a code came of."""
    request = about.request
    if request.pushed and "code" in fields:
        of_store = CODES.setdefault(request.core.store, {})
        of_store.setdefault(request.pushed.value, []).append(fields["code"])
    return fields


def _of_credentials(asked: Authorization) -> None:
    """§2.4: an address that is pushed by a client with credentials need not be registered."""
    by_push = asked.pushing or asked.pushed is not None
    https = asked.get("redirect_uri").startswith("https://")
    if not (by_push and https and asked.client and asked.client.auth_method != "none"):
        authorization.redirect_uri_registered.check(asked)


def _client_of_credentials(exchange: Exchange) -> None:
    """§2.1 has the client send its client_id; who has authenticated is known without."""
    if exchange.client and exchange.client.auth_method != "none":
        exchange.values.setdefault("client_id", exchange.client.client_id)
    pushed.client_id_present.check(exchange)


def _later(guard: Guard) -> Check:
    """§2.1: what is not validated yet is validated at the authorization endpoint."""

    def check(asked: Authorization) -> None:
        if not asked.pushing:
            guard.check(asked)

    return check


LIBERTIES: tuple[Liberty, ...] = (
    Liberty(
        "par.none",
        "RFC 9126 §5",
        "Where the metadata names no endpoint for pushed requests, there is none.",
        Alteration(
            "par.none",
            "RFC 9126 §5",
            "requests cannot be pushed",
            tells={
                "metadata": lacking(
                    "pushed_authorization_request_endpoint",
                    "require_pushed_authorization_requests",
                ),
                "routes": _no_endpoint,
            },
        ),
        states={"par": False},
        takes_away=True,
        group=PUSHING,
        forbidden_by=("fapi-2.0",),  # §5.3.2.2: requests are pushed
    ),
    replace(
        configured(
            "par.unpushed_refused",
            "RFC 9126 §4",
            "A server may have it that requests are pushed, and take no other.",
            "an authorization request that was not pushed is refused",
            setting(par_required=True),
        ),
        takes_away=True,
        group=PUSHING,
        states={"par-required": True},
    ),
    telling(
        "par.other_form",
        "RFC 9126 §2.2",
        "The form of a request_uri is left to the server.",
        "a request_uri has a form of the server's own",
        request_uri=_other_form,
    ),
    configured(
        "par.short_lived",
        "RFC 9126 §2.2",
        "The lifetime of a request_uri is left to the server.",
        f"a request_uri is good for {SHORT} seconds",
        setting(request_uri_lifetime=SHORT),
        group="request_uri lifetime",
    ),
    configured(
        "par.long_lived",
        "RFC 9126 §2.2",
        "The lifetime of a request_uri is left to the server.",
        f"a request_uri is good for {LONG} seconds",
        setting(request_uri_lifetime=LONG),
        group="request_uri lifetime",
        forbidden_by=("fapi-2.0",),
    ),
    Liberty(
        "par.loaded_anew",
        "RFC 9126 §4",
        "A request may come again, as when a user loads a page anew.",
        Alteration(
            "par.loaded_anew",
            "RFC 9126 §4",
            "a request_uri leads to codes until one of them was used",
            guards={pushed.used_once.name: _until_exchanged},
            tells={"authorization_response": _noted},
        ),
    ),
    checking(
        "par.redirect_uri_of_credentials",
        "RFC 9126 §2.4",
        "Clients with credentials may push a redirect_uri that they did not register.",
        "a client with credentials pushes whatever https address it likes as redirect_uri",
        authorize__redirect_uri_registered=_of_credentials,
    ),
    checking(
        "par.client_id_of_credentials",
        "RFC 9126 §2.1",
        "client_id is required of the client; no sentence has a request without it refused.",
        "a client that authenticates may push a request without its client_id",
        par__client_id_present=_client_of_credentials,
    ),
    checking(
        "par.validated_later",
        "RFC 9126 §2.1",
        "What cannot be validated when a request is pushed is validated afterwards.",
        "response type and challenge of a pushed request are looked at by the authorization "
        "endpoint",
        authorize__response_type_known=_later(authorization.response_type_known),
        authorize__challenge_method_supported=_later(authorization.challenge_method_supported),
        authorize__challenge_form=_later(authorization.challenge_form),
    ),
)
