"""Are there refresh tokens with and without the scope offline_access?

OpenID Connect Core §11: that scope asks for a refresh token that outlives the session, and others
may be granted without it. Servers keep the two kinds in different places.
"""

from __future__ import annotations

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.requests import OFFLINE
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.preflight.exchange import REFRESHED
from tokenspec.conformance.preflight.pkce import ANY
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import Setting, Step, StepKind
from tokenspec.conformance.target.rules import Decision

NEED = "both-refresh-tokens"
ROLES = ("main", "public", "revoking", "confidential")
STEPS = (Step(StepKind.AUTHORIZE, "authorize", expect=ANY), *REFRESHED[1:])


def learned_of_refresh_kinds(setup: Setup) -> dict[str, Decision]:
    """`both-refresh-tokens`: by a refresh of the kind that the ordinary request does not bring.

    Raises:
        LoginBlocked: a page could not be passed.
    """
    if setup.missing(("refresh",)) or not setup.decisions[NEED].open:
        return {}
    ordinary = OFFLINE in setup.target.scope.split()
    other = "without" if ordinary else "with"
    for role in _roles(setup):
        transcript = play(setup.side, Setting(client=role, other_kind=True), STEPS)
        if not transcript.granted("refresh"):
            who = "" if role == "main" else f" for the {role} client"
            why = f"seen: no refresh token {other} offline_access came{who}, or it bought nothing"
            return {NEED: Decision(False, why)}
    if not _known(setup, transcript, ordinary=ordinary):
        why = f"seen: {OFFLINE} is passed over, so that there is one kind of refresh tokens"
        return {NEED: Decision(False, why)}
    why = f"seen: a refresh token {other} offline_access bought tokens"
    return {NEED: Decision(True, why)}


def _roles(setup: Setup) -> tuple[str, ...]:
    """The clients that such cases are played with, each by one of its roles."""
    roles: dict[str, str] = {}
    for role in ROLES:
        client = setup.target.client(role)
        if client is not None and client.client_id not in setup.unusable:
            roles.setdefault(client.client_id, role)
    return tuple(roles.values())


def _known(setup: Setup, transcript: Transcript, *, ordinary: bool) -> bool:
    """Whether the server knows the scope: it lists it, or says that it granted it.

    One that lists no scopes is taken to know what the target file asks for.
    """
    listed = setup.discovered.metadata.get("scopes_supported")
    told = str(transcript.recall("token.scope") or "").split()
    return OFFLINE in told or (OFFLINE in listed if isinstance(listed, list) else ordinary)
