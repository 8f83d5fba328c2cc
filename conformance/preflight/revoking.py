"""Whether the main client may revoke its tokens, where it is public and others are not.

RFC 7009 §2.1 has confidential clients authenticate. Some servers take no others at that endpoint;
what is to be seen of revocation is then seen of a client that they take.
"""

from __future__ import annotations

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import Setting, Step, StepKind
from tokenspec.conformance.target.rules import Decision

BY_MAIN, OTHERS = "revocation-by-main", "confidential"
REVOKED = (*CODE, Step(StepKind.REVOKE, "revoke"))


def learned_of_revocation(setup: Setup) -> dict[str, Decision]:
    """`revocation-by-main`: by a token that the main client revokes, and one of another client.

    Raises:
        LoginBlocked: the user could not be signed in.
        RateLimited: the target would not go on.
    """
    other = setup.target.client(OTHERS)
    asked = setup.decisions[BY_MAIN].open and not setup.missing(("revocation",))
    if not asked or other is None or setup.target.main.auth != "none":
        return {}
    if other.client_id in setup.unusable:
        return {}
    own = play(setup.side, Setting(), REVOKED)
    if own.granted("revoke"):
        return {BY_MAIN: Decision(True, "seen: clients[0] revoked a token of its own")}
    refused = own.step("revoke")
    if refused is None or not play(setup.side, Setting(OTHERS), REVOKED).granted("revoke"):
        return {}
    told = setup.redactor.text(answer_text(refused))
    why = f"seen: for clients[0] revocation is {told}, for {other.client_id} it is granted"
    return {BY_MAIN: Decision(False, why)}
