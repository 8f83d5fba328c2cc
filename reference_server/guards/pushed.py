"""What pushed authorization requests have to fulfil, and what is asked for by them: RFC 9126."""

from __future__ import annotations

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import invalid_dpop_proof, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard


@guard("par.no_request_uri", "RFC9126-2.1-no_request_uri")
def no_request_uri(exchange: Exchange) -> None:
    """RFC 9126 §2.1: a pushed request does not refer to another one."""
    if exchange.get("request_uri"):
        raise invalid_request("request_uri in a pushed request")


@guard("par.client_id_present", "RFC9126-2.1-client_id_required")
def client_id_present(exchange: Exchange) -> None:
    """RFC 9126 §2.1: client_id is required, however the client authenticates."""
    if not exchange.get("client_id"):
        raise invalid_request("no client_id")


@guard("dpop.pushed_key", "RFC9449-10.1-par_conflict_rejected")
def proof_key(exchange: Exchange) -> None:
    """RFC 9449 §10.1: proof and dpop_jkt of a pushed request name the same key."""
    stated = exchange.get("dpop_jkt")
    if stated and exchange.dpop and exchange.jkt != stated:
        raise invalid_dpop_proof("dpop_jkt is not the proof's key")


@guard("par.of_this_client", "RFC9126-2.2-bound_to_client")
def of_this_client(request: Authorization) -> None:
    """RFC 9126 §2.2: a request_uri is good for the client that pushed."""
    pushed = request.pushed
    if pushed and request.get("client_id") != pushed.client_id:
        raise invalid_request("request_uri of another client")


@guard("par.unexpired", "RFC9126-4-expired_rejected")
def unexpired(request: Authorization) -> None:
    """RFC 9126 §4: an expired request_uri is refused."""
    if request.pushed and request.pushed.expires_at <= request.now:
        raise invalid_request("request_uri expired")


@guard("par.used_once", "RFC9126-4-one_time")
def used_once(request: Authorization) -> None:
    """RFC 9126 §4, §7.3: a request_uri leads to one code."""
    pushed = request.pushed
    if pushed and not request.core.store.consume_pushed(pushed.value):
        raise invalid_request("request_uri used before")


@guard("par.required", "RFC9126-4-required_by_policy")
def required(request: Authorization) -> None:
    """RFC 9126 §4: where requests have to be pushed, any other is refused."""
    client, policy = request.client, request.core.policy
    own = client.par_required if client else None
    wanted = policy.par_required if own is None else own
    if wanted and not request.pushing and request.pushed is None:
        raise invalid_request("not pushed")


BEFORE_REDIRECTING = (of_this_client, unexpired)
REDIRECTED = (required,)
LAST = (used_once,)
