"""The oracle: the reference server in this process, set up like the target."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.login import driver_for
from tokenspec.conformance.oauth.keys import signing_key
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.side import Side, second_user
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.scenario.model import Case, Step, orders
from tokenspec.conformance.target.bundled import lifetimes_of
from tokenspec.conformance.target.discovery import allowed_origins, discover
from tokenspec.conformance.target.model import (
    CERTIFICATE_METHODS,
    Client,
    Endpoints,
    Login,
    Network,
    Target,
)
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.reference_server import Api, Policy, Refusal, Server, ServerConfig, User
from tokenspec.reference_server import Client as ServerClient
from tokenspec.reference_server.config import SCOPES
from tokenspec.reference_server.keys import ALGORITHMS, FAPI_ALGORITHMS

ISSUER = "https://oracle.example"
USERNAME, PASSWORD = "oracle-user", "oracle-password"
SECOND, SECOND_PASSWORD = "second-user", "second-password"
CLAIMS = {
    "name": "Oracle User",
    "email": "user@oracle.example",
    "email_verified": True,
    "https://claims.example/role": "tester",
}


@dataclass(frozen=True, slots=True)
class OracleResult:
    """What the oracle did with a case, and why it refused where it did.

    `refusals` maps the name of a step to the guard that refused it. Requests sent together are
    answered in the order they are written in; `otherwise` has every other order.
    """

    transcript: Transcript
    explanation: str
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    otherwise: tuple[OracleResult, ...] = ()

    @property
    def orders(self) -> tuple[OracleResult, ...]:
        """What it did in each order, this one first."""
        return (self, *self.otherwise)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Plays cases on a reference server of its own, with codes and keys of its own."""

    side: Side
    server: Server
    clock: MovableClock

    def play(self, case: Case) -> OracleResult:
        """Play every step of `case` as the player does on the target.

        Different requests sent together are played in turn, in every order: whatever a target makes
        of them, a right answer is one of those.
        """
        first, *others = [self._play(case, steps) for steps in orders(case.steps)]
        return replace(first, otherwise=tuple(others))

    def _play(self, case: Case, steps: tuple[Step, ...]) -> OracleResult:
        transport = InProcessTransport(self.server)
        side = replace(self.side, connect=lambda: transport)
        transcript = play(side, case.setting, steps, in_turn=True)
        said = "; ".join(f"{p.step.name}: {answer_text(p)}" for p in transcript.steps[-2:])
        refusal = transport.refusal
        if refusal is not None:
            said += f" ({refusal.guard}, {refusal.requirement}: {refusal.cause})"
        last = {p.step.name: p.exchanges[-1].response for p in transcript.steps if p.exchanges}
        why = {name: transport.refusal_of(response) for name, response in last.items()}
        refusals = {name: refused for name, refused in why.items() if refused is not None}
        return OracleResult(transcript, said, refusals)


def make_oracle(
    target: Target,
    decided: Mapping[str, bool],
    *,
    clock: MovableClock | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Oracle:
    """An oracle for `target`; `decided` says which capabilities the target has.

    Raises:
        HarnessError: the reference server cannot be set up that way.
    """
    clock = clock or MovableClock()
    config = ServerConfig(
        issuer=ISSUER,
        clients=tuple(_client(client) for client in target.clients),
        users=(
            User(USERNAME, PASSWORD, sub="oracle-user-1", claims=CLAIMS),
            User(SECOND, SECOND_PASSWORD, sub="oracle-user-2", claims=CLAIMS),
        ),
        apis=tuple(Api(api.audience, api.offline_access) for api in target.apis),
        scopes=tuple(dict.fromkeys((*SCOPES, *target.scope.split()))),
        policy=policy_of(target, decided),
    )
    server = Server(config, clock=clock, random_bytes=random_bytes)
    alike = replace(
        target,
        issuer=ISSUER,
        login=Login("reference", username=USERNAME, password=PASSWORD),
        second_login=Login("reference", username=SECOND, password=SECOND_PASSWORD),
        lifetimes=lifetimes_of(config.policy),
        hosts=(),
        network=Network(),
    )
    transport = InProcessTransport(server)
    bare = replace(alike, endpoints=Endpoints(resource=server.endpoint("resource")))
    found = discover(bare, transport)
    if not found.endpoints.token:
        raise HarnessError("the reference server publishes no token endpoint")
    origins = allowed_origins(bare, found)
    side = Side(
        target=alike,
        endpoints=found.endpoints,
        connect=lambda: transport,
        driver=driver_for(alike.login, alike, origins),
        second=second_user(alike, origins),
        metadata=found.metadata,
        metadata_url=found.source,
        clock=clock,
        random_bytes=random_bytes,
        wait=clock.wait,
        always_dpop=config.policy.dpop_required,
        issuer_audience=config.policy.assertion_audience_issuer,
        always_push=config.policy.par_required,
    )
    return Oracle(side, server, clock)


def policy_of(target: Target, decided: Mapping[str, bool]) -> Policy:
    """The policy of a server that has these capabilities, where the specifications leave it one."""
    fapi, rotation = decided.get("fapi", False), decided.get("refresh-rotation", True)
    return Policy(
        plain_pkce=not decided.get("pkce-plain-off", True),
        pkce_required=decided.get("pkce-required", False),
        dpop_nonce=decided.get("dpop-nonce", False),
        dpop_required=decided.get("dpop-required", False),
        par_required=decided.get("par-required", False),
        request_objects=decided.get("request-object", False),
        rotate_with_credentials=rotation,
        refresh_requires_offline_access="offline_access" in target.scope.split(),
        refresh_without_offline_access=decided.get("both-refresh-tokens", False),
        assertion_audience_issuer=decided.get("assertion-audience-issuer", False),
        client_algorithms=FAPI_ALGORITHMS if fapi else ALGORITHMS,
        id_token_algorithm="PS256" if fapi else "RS256",
    )


def _client(client: Client) -> ServerClient:
    jwks = None
    if client.private_key is not None:
        key = signing_key(client.private_key, client.algorithm)
        identified = {"kid": client.key_id} if client.key_id else {}
        jwks = {
            "keys": [json.loads(json.dumps(key.public_jwk)) | {"alg": key.algorithm} | identified]
        }
    return ServerClient(
        client_id=client.client_id,
        # no connection here has a certificate, so such a client is asked for its client_id only
        auth_method="none" if client.auth in CERTIFICATE_METHODS else client.auth,
        secret=client.secret,
        jwks=jwks,
        redirect_uris=client.redirect_uris,
        grant_types=client.grant_types,
        par_required=client.par_required,
    )
