"""From parameters to bytes: headers, credentials, DPoP proof and its nonce round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from urllib.parse import urlencode, urlsplit, urlunsplit

from tokenspec.conformance.challenges import read_challenges
from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Exchange, Headers, Request, Response, Transport
from tokenspec.conformance.login.headers import ACCEPT as BROWSER_ACCEPT
from tokenspec.conformance.oauth.client_authentication import (
    AssertionInputs,
    Credentials,
    credentials,
)
from tokenspec.conformance.oauth.dpop import ProofRequest, make_dpop_proof
from tokenspec.conformance.oauth.signed_jwt import Signers
from tokenspec.conformance.play import requests
from tokenspec.conformance.play.memory import Memory, MissingValue
from tokenspec.conformance.play.transcript import Sent
from tokenspec.conformance.scenario.model import (
    AT_TOKEN_ENDPOINT,
    OPENED,
    ClientAuthChanges,
    HttpChanges,
    JwtChanges,
    Step,
    StepKind,
)
from tokenspec.conformance.target.discovery import well_known_url
from tokenspec.conformance.target.model import Client
from tokenspec.conformance.transport.together import send_together

PROOF = "DPoP"  # the header (RFC 9449 §4.1)
FETCHED = (StepKind.PAGE, *OPENED, StepKind.LOGOUT, StepKind.METADATA, StepKind.JWKS)
BROWSED = (StepKind.PAGE, StepKind.AUTHORIZE, StepKind.LOGOUT)  # what only browsers are sent to
PROVEN = (StepKind.PUSH, *AT_TOKEN_ENDPOINT, *OPENED)
AUTHENTICATED = (StepKind.PUSH, *AT_TOKEN_ENDPOINT, StepKind.REVOKE, StepKind.INTROSPECT)


def with_query(url: str, query: str) -> str:
    """`url` with `query` added to what it has."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def credentials_of(memory: Memory, step: Step, url: str) -> Credentials:
    """What the client of `step` shows to authenticate."""
    if step.kind not in AUTHENTICATED:
        return Credentials()
    changes = step.changes.client_auth or ClientAuthChanges()
    return shown_by(memory, memory.role(changes.client), changes, url)


def shown_by(memory: Memory, client: Client, changes: ClientAuthChanges, url: str) -> Credentials:
    """What a client shows to authenticate at `url`."""
    inputs = AssertionInputs(
        audience=memory.side.issuer
        if memory.side.issuer_audience
        else memory.side.endpoints.token or url,
        now=int(memory.side.clock()),
        jti=memory.identifier(),
        other=memory.unregistered_key,
        earlier=memory.last_assertion,
        client_id_beside=memory.side.assertion_client_id,
    )
    shown = credentials(client, changes, inputs, memory)
    memory.last_assertion = dict(shown.parameters).get("client_assertion", "")
    return shown


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """One request about to be sent: its parameters, and what goes beside them.

    `proof` says how its DPoP proof differs from a valid one; None where it carries none.
    """

    step: Step
    url: str
    sent: Sent
    valid: Sent
    authorization: str
    proof: JwtChanges | None

    @property
    def http(self) -> HttpChanges:
        """How the step carries its request."""
        return self.step.changes.http or HttpChanges()

    @property
    def method(self) -> str:
        """The HTTP method."""
        fetched = self.step.kind in FETCHED and "body" not in self.http.access_token_in
        return self.http.method or ("GET" if fetched else "POST")


def write(memory: Memory, step: Step) -> OutgoingRequest:
    """The request of a step, with credentials made for it alone.

    Raises:
        MissingValue: it needs what no earlier step brought.
    """
    url = requests.endpoint(memory, step.kind)
    if step.changes.http and step.changes.http.well_known:
        url = well_known_url(memory.side.issuer, step.changes.http.well_known)
    shown = credentials_of(memory, step, url)
    valid = requests.VALID[step.kind](memory)
    valid |= {name: (value,) for name, value in shown.parameters}
    sent = requests.changed(valid, step.changes, memory)
    proof = _proof_changes(memory, step)
    if proof is not None and PROOF not in step.changes.headers:
        memory.proven.add(step.name)
    return OutgoingRequest(step, url, sent, valid, shown.authorization, proof)


def _anew(memory: Memory, outgoing: OutgoingRequest) -> OutgoingRequest:
    """The same request again. An assertion counts once (OpenID Connect Core §9): a new one."""
    if "client_assertion" not in outgoing.sent:
        return outgoing
    written = write(memory, outgoing.step)
    names = ("client_assertion", "client_assertion_type")
    fresh = {name: written.sent[name] for name in names if name in written.sent}
    return replace(outgoing, sent={**outgoing.sent, **fresh})


def send(memory: Memory, transport: Transport, outgoing: OutgoingRequest) -> Response:
    """The answer to one request; sent again where the server asks for a nonce in the DPoP proof.

    Raises:
        Unreachable: no answer came.
    """
    response = transport.send(_request(memory, outgoing))
    _note_nonce(memory, outgoing, response)
    if wants_nonce(response, outgoing.proof):
        asked = response.header("DPoP-Nonce") or ""  # not one that another play has had since
        response = transport.send(_request(memory, _anew(memory, outgoing), nonce=asked))
        _note_nonce(memory, outgoing, response)
    return response


def send_at_once(
    memory: Memory,
    transport: Transport,
    written: Sequence[OutgoingRequest],
    *,
    in_turn: bool = False,
) -> list[tuple[Exchange, ...]]:
    """What became of each request, all of them and all their copies sent at the same moment.

    Each request has a proof and assertion of its own, so that none is refused as a replay. Where
    the server asks every one of them for a nonce, nothing has raced yet, and all are sent again.
    With `in_turn`, what is to be sent together is sent one after the other.
    """
    copies = [
        outgoing if number == 0 else _anew(memory, outgoing)
        for outgoing in written
        for number in range(outgoing.step.copies)
    ]
    exchanges = _send_group(memory, transport, copies, in_turn=in_turn)
    if all(map(wants_nonce, (one.response for one in exchanges), (one.proof for one in copies))):
        again = [_anew(memory, one) for one in copies]
        exchanges = _send_group(memory, transport, again, in_turn=in_turn)
    of_each = iter(exchanges)
    return [tuple(islice(of_each, outgoing.step.copies)) for outgoing in written]


def _send_group(
    memory: Memory, transport: Transport, written: Sequence[OutgoingRequest], *, in_turn: bool
) -> list[Exchange]:
    """Requests sent together and their answers; remembers the nonces these bring."""
    made = [_request(memory, outgoing) for outgoing in written]
    answers = map(transport.send, made) if in_turn else send_together(transport, made)
    exchanges = list(map(_exchange, made, answers))
    for outgoing, exchange in zip(written, exchanges, strict=True):
        _note_nonce(memory, outgoing, exchange.response)
    return exchanges


def _note_nonce(memory: Memory, outgoing: OutgoingRequest, response: Response | None) -> None:
    """RFC 9449 §8.2: the newest nonce of an endpoint is the one to use."""
    if response is not None and (nonce := response.header("DPoP-Nonce")):
        memory.side.nonces[outgoing.url] = nonce


def _exchange(request: Request, answer: Response | Unreachable) -> Exchange:
    if isinstance(answer, Response):
        return Exchange(request, answer)
    return Exchange(request, failure=answer.message)


def _request(memory: Memory, outgoing: OutgoingRequest, *, nonce: str = "") -> Request:
    method, parameters = outgoing.method, dict(outgoing.sent)
    browsing = outgoing.step.kind in BROWSED
    headers: Headers = (("Accept", BROWSER_ACCEPT if browsing else "application/json"),)
    if method == "OPTIONS":  # a preflight carries neither parameters nor credentials
        asked = requests.changed_headers(headers, outgoing.step.changes.headers, memory)
        return Request(method, outgoing.url, asked)
    authorization, access_token = outgoing.authorization, ""
    if outgoing.step.kind in OPENED:
        access_token = requests.in_a_header(parameters.get("access_token", ("",))[-1])
        if outgoing.http.access_token_in in ("", "header"):
            parameters.pop("access_token", None)
        if access_token and outgoing.http.access_token_in in ("", "header", "header-and-body"):
            authorization = f"{_scheme(memory, outgoing.http)} {access_token}"
    elif authorization and outgoing.http.authorization_scheme:
        credentials = authorization.partition(" ")[2]
        authorization = f"{outgoing.http.authorization_scheme} {credentials}"
    if authorization:
        headers = (*headers, ("Authorization", authorization))
    if outgoing.proof is not None:
        made = _proof(memory, ProofPlace(method, outgoing.url, access_token, nonce), outgoing.proof)
        headers = (*headers, (PROOF, made))
    if method in ("GET", "HEAD"):
        query, content_type, body = urlencode(requests.pairs(parameters)), "", b""
    else:
        query, content_type, body = requests.carry(parameters, outgoing.http)
    if content_type:
        headers = (*headers, ("Content-Type", content_type))
    headers = requests.changed_headers(headers, outgoing.step.changes.headers, memory)
    return Request(method, with_query(outgoing.url, query), headers, body)


def _scheme(memory: Memory, http: HttpChanges) -> str:
    """The scheme an access token is shown with: that of its type (RFC 6750 §2.1, RFC 9449 §7.1)."""
    return http.authorization_scheme or ("DPoP" if _token_type(memory) == "dpop" else "Bearer")


def _token_type(memory: Memory) -> str:
    """What the newest access token was said to be, or is, in lower case; empty without one."""
    try:
        giver = memory.latest_giver(AT_TOKEN_ENDPOINT, "token_type")
    except MissingValue:
        return ""
    if memory.side.bound_unsaid and giver in memory.proven:
        return "dpop"
    return str(memory.received[giver]["token_type"]).lower()


def _proof_changes(memory: Memory, step: Step) -> JwtChanges | None:
    """How the step's proof differs from a valid one; None where the step carries none."""
    if step.changes.dpop is not None:
        return step.changes.dpop
    proving = memory.setting.dpop or memory.side.always_dpop
    if step.kind in OPENED and _token_type(memory) == "bearer":
        proving = False  # RFC 9449 §7.1: a proof goes with a token of type DPoP
    return JwtChanges() if proving and step.kind in PROVEN else None


@dataclass(frozen=True, slots=True)
class ProofPlace:
    """The request a proof is for; `nonce` empty for the newest that the endpoint gave."""

    method: str
    url: str
    access_token: str
    nonce: str = ""


def _proof(memory: Memory, place: ProofPlace, changes: JwtChanges) -> str:
    if changes.reuse and memory.last_proof:
        return memory.last_proof
    wanted = ProofRequest(
        method=place.method,
        url=_public(memory.side.target.network.htu, place.url),
        issued_at=int(memory.side.clock()),
        jti=memory.identifier(),
        nonce=place.nonce or memory.side.nonces.get(place.url, ""),
        access_token=place.access_token,
    )
    own = memory.side.keys.key(changes.alg) if changes.alg else None
    right = own or memory.dpop_key(changes.key or "own")
    ring = partial(memory.side.keys.key, right.algorithm)
    other = ring if own is None else partial(memory.dpop_key, "other")
    signers = Signers(right, other, memory.client.secret)
    memory.last_proof = make_dpop_proof(wanted, changes, signers, memory)
    return memory.last_proof


def _public(htu: str, url: str) -> str:
    """`url` at the origin the server knows itself by, where the target file names one."""
    if not htu:
        return url
    parts, public = urlsplit(url), urlsplit(htu)
    return urlunsplit(parts._replace(scheme=public.scheme, netloc=public.netloc))


def wants_nonce(response: Response | None, proof: JwtChanges | None) -> bool:
    """RFC 9449 §8 and §9: the error use_dpop_nonce, in the body or in WWW-Authenticate."""
    if response is None or not response.header("DPoP-Nonce"):
        return False
    if proof is None or proof.reuse or "nonce" in proof.claims:
        return False
    if (response.json_object() or {}).get("error") == "use_dpop_nonce":
        return True
    challenges = read_challenges(response.header_all("WWW-Authenticate"))
    return any(one.parameter("error") == "use_dpop_nonce" for one in challenges)
