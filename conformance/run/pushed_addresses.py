"""A redirect_uri that a client with credentials pushed: RFC 9126 §2.4 lets it be a new one.

Where requests have to be pushed, every case of addresses goes that way. What a public client may
not push is another matter, and cases of their own (`par-redirect-uri`) say which of both it is.
"""

from __future__ import annotations

from dataclasses import replace

from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.verdicts import IN_DOUBT, Judgement, Kind, Verdict

STRICTER = ("FAPI2SP",)  # what has rules of its own for any address
TAKEN = (Kind.LEAK, Kind.ACCEPTED, Kind.WRONG_ENVELOPE)
PUBLIC = "none"
NOTE = "RFC 9126 §2.4: a client with credentials may push a redirect_uri that it did not register"


def let(case: Case, judgement: Judgement, transcript: Transcript, target: Target) -> Judgement:
    """The judgement, or that nothing is to be said where a pushed address was let be a new one."""
    taken = judgement.verdict in IN_DOUBT and judgement.kind in TAKEN
    if not taken or case.requirement.startswith(STRICTER):
        return judgement
    known = {client.client_id: client.auth for client in target.clients}
    credentials = known.get(transcript.client_id, PUBLIC) != PUBLIC
    if credentials and any(map(_new, transcript.steps)):
        return replace(judgement, verdict=Verdict.NOT_APPLICABLE, note=NOTE)
    return judgement


def _new(played: Played) -> bool:
    """Whether a redirect_uri other than the client's went to where requests are pushed."""
    return played.pushed > 0 and "redirect_uri" in played.step.changes.parameters
