"""What the token endpoint says to a code that was never issued: no code is spent by asking."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.oauth.client_authentication import AssertionInputs, credentials
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import ClientAuthChanges, Setting
from tokenspec.conformance.texts import legible, shortened

CODE = "tokenspec-check-code-that-was-never-issued"
BAD_REQUEST = 400
# RFC 6749 §5.2: the client was let in, or is not the one to blame
ABOUT_THE_REQUEST = (
    "invalid_grant",
    "invalid_request",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "invalid_dpop_proof",
    "use_dpop_nonce",
)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the token endpoint. `described` is the server's own description, hidden."""

    status: int
    error: str
    described: str
    response: Response

    @property
    def refuses_client(self) -> bool:
        """RFC 6749 §5.2: the error code decides, whatever the status."""
        return self.error == "invalid_client"

    @property
    def knows_client(self) -> bool:
        """Whether it is the code that was refused, and not the client."""
        return self.error in ABOUT_THE_REQUEST

    @property
    def grants(self) -> bool:
        """Whether tokens came for a code that was never issued."""
        return self.status < BAD_REQUEST and "access_token" in (self.response.json_object() or {})

    @property
    def text(self) -> str:
        """In words."""
        if self.grants:
            return f"{self.status} with an access token"
        more = f" ({shortened(self.described, 150)})" if self.described else ""
        error = shortened(legible(self.error), 60) or "without an error code"
        return f"{self.status} {error}{more}"


def ask(setup: Setup, method: str = "", *, audience: str = "", beside: bool | None = None) -> Said:
    """Show the main client of `setup`, and a code that was never issued.

    Args:
        setup: the target, seen from the client that asks.
        method: another method of client authentication than the client's own.
        audience: of an assertion; empty for what the target is known to want.
        beside: whether the client_id stands beside an assertion; None for what is known.

    Raises:
        Unreachable: no answer came.
    """
    side = setup.side
    memory = Memory.begin(side, Setting())
    inputs = AssertionInputs(
        audience=audience or (side.issuer if side.issuer_audience else side.endpoints.token),
        now=int(side.clock()),
        jti=memory.identifier(),
        other=memory.unregistered_key,
        client_id_beside=side.assertion_client_id if beside is None else beside,
    )
    shown = credentials(memory.client, ClientAuthChanges(method=method), inputs, memory)
    uris = setup.target.main.redirect_uris
    pairs = [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("redirect_uri", uris[0] if uris else ""),
        ("code_verifier", memory.proof_key.code_verifier),
        *shown.parameters,
    ]
    headers = [
        ("Accept", "application/json"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    if shown.authorization:
        headers.append(("Authorization", shown.authorization))
    body = urlencode(pairs).encode()
    response = side.connect().send(Request("POST", side.endpoints.token, tuple(headers), body))
    received = response.json_object() or {}
    return Said(
        response.status,
        str(received.get("error", "")),
        setup.redactor.text(str(received.get("error_description", ""))),
        response,
    )
