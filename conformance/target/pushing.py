"""Whether authorization requests have to be pushed: RFC 9126 §4, §5 and §6."""

from __future__ import annotations

from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.target.rules import Decision


def required(_: Target, discovered: Discovered) -> Decision:
    """RFC 9126 §5; of one client it is said to nobody but that client (§6), so it is asked."""
    if not discovered.endpoints.par:
        return Decision(False, "no par endpoint is known")
    member = "require_pushed_authorization_requests"
    present = discovered.metadata.get(member) is True
    said = "says" if present else "does not say"
    return Decision(present, f"metadata {said} {member}", open=not present)


def optional(target: Target, discovered: Discovered) -> Decision:
    """The contrary: an ordinary authorization request is gone on with."""
    said = target.capabilities.get("par-required")
    wanted = required(target, discovered).present if said is None else said
    if wanted:
        return Decision(False, "authorization requests have to be pushed (par-required)")
    return Decision(True, "not said that requests have to be pushed")
