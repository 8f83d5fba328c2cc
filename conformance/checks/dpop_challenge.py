"""Challenges for the scheme DPoP: RFC 9449 §7.1, §7.2 and §9."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.challenges import Challenge
from tokenspec.conformance.checks.challenge import challenges_of
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.play.transcript import Played, Transcript

PROVEN_WITH = "ES256"  # what the harness signs its proofs with unless a case says otherwise
TELLING = ("error", "error_description", "error_uri")


def _dpop(played: Played) -> list[Challenge]:
    return challenges_of(played.response, "dpop")


@check("challenge-dpop")
def challenge_dpop(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """There is a challenge for DPoP (RFC 9449 §7.1)."""
    if not _dpop(played):
        yield "there is no challenge for DPoP"


@check("challenge-dpop-absent")
def challenge_dpop_absent(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """There is no challenge for DPoP, as there may be none (RFC 9449 §7.1)."""
    if _dpop(played):
        yield "there is a challenge for DPoP"


@check("challenge-dpop-error")
def challenge_dpop_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for DPoP says what was wrong (RFC 9449 §7.1)."""
    if any(not challenge.parameter("error") for challenge in _dpop(played)):
        yield "the challenge DPoP tells no error"


@check("challenge-dpop-algs")
def challenge_dpop_algs(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for DPoP lists algorithms, the one that works among them (RFC 9449 §7.1)."""
    for challenge in _dpop(played):
        listed = challenge.parameter("algs")
        if listed is None:
            yield "the challenge DPoP has no algs"
        elif PROVEN_WITH not in listed.split():
            yield f"algs of the challenge DPoP does not list {PROVEN_WITH}, which is taken"


@check("challenge-dpop-nonce")
def challenge_dpop_nonce(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for DPoP says that a nonce is wanted (RFC 9449 §9)."""
    if all(challenge.parameter("error") != "use_dpop_nonce" for challenge in _dpop(played)):
        yield "no challenge DPoP says use_dpop_nonce"


@check("challenge-of-one-scheme")
def challenge_of_one_scheme(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """There are no challenges of several schemes to choose from (RFC 9449 §7.2)."""
    if len({challenge.scheme for challenge in challenges_of(played.response)}) > 1:
        yield "there are challenges of several schemes"


@check("challenges-without-error")
def challenges_without_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No challenge for a token tells of an error (RFC 9449 §7.2, RFC 6750 §3.1)."""
    for challenge in challenges_of(played.response):
        told = [name for name in TELLING if challenge.parameter(name) is not None]
        if told and challenge.scheme in ("bearer", "dpop"):
            yield f"the challenge {challenge.scheme} tells {', '.join(told)}"
