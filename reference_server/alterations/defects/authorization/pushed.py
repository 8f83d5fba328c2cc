"""Faults with pushed authorization requests: RFC 9126, with DPoP RFC 9449 §10.1."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.reference_server.alterations.building import (
    having,
    less,
    nothing,
    subtle,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import AroundStore
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.endpoints.pushed import URN
from tokenspec.reference_server.errors import invalid_client, invalid_dpop_proof, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.grants import CLIENT_AUTHENTICATION
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import authorization, dpop, openid, pushed, request
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.policies import setting
from tokenspec.reference_server.store import Pushed, Store

VALIDATING = (
    authorization.no_repeats,
    authorization.response_type_known,
    authorization.challenge_present,
    authorization.native_challenge_present,
    authorization.challenge_method_supported,
    authorization.challenge_form,
)
Parameters = tuple[tuple[str, str], ...]


class FoundByBeginning(AroundStore):
    """A store that finds a pushed request by all but the last character of its request_uri."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._kept: dict[str, Pushed] = {}

    def add_pushed(self, kept: Pushed) -> None:
        """Remember a pushed request."""
        self._kept[kept.value] = kept
        self._store.add_pushed(kept)

    def pushed(self, value: str) -> Pushed | None:
        """What begins alike."""
        begins = value[:-1]
        if len(begins) > len(URN) + 1:
            return next((one for key, one in self._kept.items() if key.startswith(begins)), None)
        return self._store.pushed(value)


def _unless_pushing(guard: Guard) -> Check:
    """The check of a guard, but not where requests are pushed."""

    def check(exchange: Exchange) -> None:
        if exchange.endpoint != "par":
            guard.check(exchange)

    return check


def _unless_pushed(guard: Guard) -> Check:
    """The check of a guard, but of no request that is or was pushed."""

    def check(asked: Authorization) -> None:
        if not asked.pushing and asked.pushed is None:
            guard.check(asked)

    return check


def _not_pushing(name: str, requirement: str, summary: str, *guards: Guard) -> Alteration:
    checks = {guard.name: _unless_pushing(guard) for guard in guards}
    return Alteration(name, requirement, summary, checks)


def _of_no_pushed(name: str, requirement: str, summary: str, *guards: Guard) -> Alteration:
    checks = {guard.name: _unless_pushed(guard) for guard in guards}
    return Alteration(name, requirement, summary, checks)


def _never(_exchange: Exchange) -> None:
    raise invalid_request("no request is taken")


def _no_proof(exchange: Exchange) -> None:
    dpop.single_header.check(exchange)
    if exchange.endpoint == "par" and exchange.dpop:
        raise invalid_dpop_proof("a proof with a pushed request")


def _no_jkt(exchange: Exchange) -> None:
    pushed.no_request_uri.check(exchange)
    if exchange.get("dpop_jkt") and exchange.dpop is None:
        raise invalid_request("dpop_jkt without a proof")


def _audience_alone(endpoint: str) -> Check:
    """At the endpoint for pushed requests assertions have one audience; empty: the issuer."""

    def check(exchange: Exchange) -> None:
        client.assertion_audience.check(exchange)
        if exchange.endpoint != "par" or not exchange.get("client_assertion"):
            return
        own = exchange.core.endpoint(endpoint) if endpoint else exchange.core.config.issuer
        if UnverifiedJwt.read(exchange.get("client_assertion")).claims.get("aud") != own:
            raise invalid_client("assertion aud")

    return check


def _query_counts(form: Parameters, asked: Request) -> Parameters:
    return asked.query if asked.method == "GET" else form


def _as_page(answer: Response, refused: Refused) -> Response:
    if refused.exchange.endpoint != "par":
        return answer
    page = (("Content-Type", "text/html"),)
    return replace(answer, headers=page, body=b"<!doctype html><title>Error</title>")


def _as_text(answer: Response, _about: Exchange) -> Response:
    headers = (("Content-Type", "text/plain"), *less(answer.headers, "Content-Type"))
    return replace(answer, headers=headers)


def _with_status_200(answer: Response, _about: Exchange) -> Response:
    return replace(answer, status=200)


def _short(_value: str, exchange: Exchange) -> str:
    return URN + exchange.core.random_text()[:8]


def _as_written(_values: dict[str, str], asked: Authorization) -> dict[str, str]:
    return dict(asked.parameters)


def _query_wins(values: dict[str, str], asked: Authorization) -> dict[str, str]:
    beside = {name: text for name, text in asked.parameters if name != "request_uri"}
    return {**values, **beside}


def _redirect_uri_of_query(values: dict[str, str], asked: Authorization) -> dict[str, str]:
    beside = dict(asked.parameters).get("redirect_uri")
    return {**values, "redirect_uri": beside} if beside else values


def _forgetful(values: dict[str, str], _asked: Authorization) -> dict[str, str]:
    return {name: text for name, text in values.items() if name not in ("state", "nonce")}


def _of_who_pushed(values: dict[str, str], asked: Authorization) -> dict[str, str]:
    return {**values, "client_id": asked.pushed.client_id} if asked.pushed else values


def _unknown_passed_over(asked: Authorization) -> None:
    if not asked.get("request_uri").startswith(URN):
        openid.no_request_uri.check(asked)


def _without_key(kept: Pushed) -> Pushed:
    return replace(kept, parameters=tuple(p for p in kept.parameters if p[0] != "dpop_jkt"))


def _proof_forgotten(kept: Pushed, exchange: Exchange) -> Pushed:
    return _without_key(kept) if exchange.dpop else kept


def _jkt_forgotten(kept: Pushed, exchange: Exchange) -> Pushed:
    return kept if exchange.dpop else _without_key(kept)


AUDIENCES = "RFC9126-2-assertion_audiences"
REFERRED = "RFC9101-6.3-only_what_is_referred_to"
BOTH_WAYS = "RFC9449-10.1-par_both_supported"
DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "par.never",
        "RFC9126-2-parameters_accepted",
        "no pushed request is taken",
        par__no_request_uri=_never,
    ),
    telling(
        "par.not_found",
        "RFC9126-5-usable_regardless",
        "a request_uri that was pushed for leads nowhere",
        pushed_values=_as_written,
    ),
    telling(
        "par.status_200",
        "RFC9126-2.2-status_201",
        "a pushed request is answered with status 200",
        pushed_answer=_with_status_200,
    ),
    telling(
        "par.answer_as_text",
        "RFC9126-2.2-json",
        "a pushed request is answered with text/plain",
        pushed_answer=_as_text,
    ),
    telling(
        "par.expires_in_text",
        "RFC9126-2.2-expires_in",
        "expires_in of a pushed request is a text",
        pushed_response=having(expires_in="300"),
    ),
    Alteration(
        "par.ten_minutes",
        "FAPI2SP-5.3.2.2-par_under_600s",
        "a request_uri is good for ten minutes",
        configures=setting(request_uri_lifetime=600),
    ),
    telling(
        "par.short_request_uri",
        "RFC9126-2.2-unguessable",
        "eight characters of a request_uri are random",
        request_uri=_short,
    ),
    Alteration(
        "par.found_by_beginning",
        "RFC9126-2.2-unguessable",
        "a request_uri is found by all but its last character",
        store=FoundByBeginning,
    ),
    telling(
        "par.error_page",
        "RFC9126-2.3-error_format",
        "a pushed request that is refused gets a page",
        error_answer=_as_page,
    ),
    Alteration(
        "par.by_get",
        "RFC9126-2.3-method_not_allowed",
        "a request is pushed by GET as well",
        {
            guard.name: _unless_pushing(guard)
            for guard in (request.method_post, request.form_encoded)
        },
        {"parameters": _query_counts},
    ),
    _not_pushing(
        "par.unauthenticated",
        "RFC9126-2-client_authentication",
        "whoever names a client pushes for it",
        *(guard for guard in CLIENT_AUTHENTICATION if guard is not client.known),
    ),
    subtle(
        "par.audience_token_endpoint",
        AUDIENCES,
        "an assertion with a pushed request is addressed to the token endpoint alone",
        client__assertion_audience=_audience_alone("token"),
    ),
    subtle(
        "par.audience_issuer",
        AUDIENCES,
        "an assertion with a pushed request is addressed to the issuer alone",
        client__assertion_audience=_audience_alone(""),
    ),
    _of_no_pushed(
        "par.not_validated",
        "RFC9126-2.1-validated",
        "what was pushed is never validated",
        *VALIDATING,
    ),
    _of_no_pushed(
        "par.any_redirect_uri",
        "RFC9126-7.2-new_redirect_uris_of_authenticated",
        "a pushed request leads wherever it says",
        authorization.redirect_uri_registered,
    ),
    telling(
        "par.query_wins",
        REFERRED,
        "what stands beside a request_uri counts before what was pushed",
        pushed_values=_query_wins,
    ),
    Alteration(
        "par.query_redirect_uri",
        REFERRED,
        "a redirect_uri beside a request_uri is where the answer goes",
        {"authorize.redirect_uri_registered": nothing},
        {"pushed_values": _redirect_uri_of_query},
    ),
    telling(
        "par.forgetful",
        REFERRED,
        "state and nonce of a pushed request are lost",
        pushed_values=_forgetful,
    ),
    subtle(
        "par.unknown_passed_over",
        REFERRED,
        "a request_uri that is not known is passed over",
        authorize__no_request_uri=_unknown_passed_over,
    ),
    telling(
        "par.client_id_passed_over",
        "RFC9101-6.3-same_client_id",
        "a request_uri works whatever client is named beside it",
        pushed_values=_of_who_pushed,
    ),
    subtle(
        "par.proof_refused",
        BOTH_WAYS,
        "a proof with a pushed request is refused",
        dpop__single_header=_no_proof,
    ),
    subtle(
        "par.jkt_refused",
        BOTH_WAYS,
        "a pushed dpop_jkt without a proof is refused",
        par__no_request_uri=_no_jkt,
    ),
    telling(
        "par.jkt_forgotten",
        BOTH_WAYS,
        "a pushed dpop_jkt binds nothing",
        pushed_request=_jkt_forgotten,
    ),
    telling(
        "par.proof_forgotten",
        "RFC9449-10.1-par_dpop_header_binds",
        "a proof with a pushed request binds nothing",
        pushed_request=_proof_forgotten,
    ),
    _not_pushing(
        "par.proof_unchecked",
        "RFC9449-10.1-par_dpop_header_checked",
        "a proof with a pushed request is not checked",
        *dpop.PROOF,
    ),
)
