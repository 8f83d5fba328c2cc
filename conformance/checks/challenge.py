"""Challenges of protected resources: RFC 6750 §3 and RFC 9449 §7.1, §7.2, §9.

In the syntax of RFC 9110 §11.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenspec.conformance.challenges import Challenge
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject, challenges_of
from tokenspec.conformance.play.transcript import Played, Transcript

# RFC 6750 §3: what the values of these parameters may hold.
CHARACTERS = {
    "scope": re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*"),
    "error": re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*"),
    "error_description": re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*"),
    "error_uri": re.compile(r"[\x21\x23-\x5B\x5D-\x7E]*"),
}
PROVEN_WITH = "ES256"  # what the harness signs its proofs with unless a case says otherwise
TELLING = ("error", "error_description", "error_uri")


def _bearer(played: Played) -> list[Challenge]:
    return challenges_of(played.response, "bearer")


@check("challenge-has-parameter", Subject.BEARER_CHALLENGE)
def challenge_has_parameter(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for bearer tokens has at least one parameter (RFC 6750 §3)."""
    for challenge in _bearer(played):
        if not challenge.parameters:
            yield "the challenge Bearer has no parameter"


@check("challenge-parameters-once", Subject.BEARER_CHALLENGE)
def challenge_parameters_once(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No parameter of a challenge for bearer tokens comes twice (RFC 6750 §3)."""
    for challenge in _bearer(played):
        names = [name for name, _ in challenge.parameters]
        yield from (f"{name} comes more than once" for name in {*names} if names.count(name) > 1)


@check("challenge-characters", Subject.BEARER_CHALLENGE)
def challenge_characters(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The values of a challenge for bearer tokens have only the characters allowed (§3)."""
    for challenge in _bearer(played):
        for name, value in challenge.parameters:
            if name in CHARACTERS and not CHARACTERS[name].fullmatch(value):
                yield f"{name} of the challenge holds characters that are not allowed"


@check("challenge-without-error", Subject.BEARER_CHALLENGE)
def challenge_without_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge to a request without credentials tells no error (RFC 6750 §3.1)."""
    for challenge in _bearer(played):
        if "error" in dict(challenge.parameters):
            yield "the challenge tells an error, though no token was shown"


def _dpop(played: Played) -> list[Challenge]:
    return challenges_of(played.response, "dpop")


@check("challenge-dpop", Subject.RESOURCE_REFUSAL)
def challenge_dpop(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """There is a challenge for DPoP (RFC 9449 §7.1)."""
    if not _dpop(played):
        yield "there is no challenge for DPoP"


@check("challenge-dpop-absent", Subject.RESOURCE_REFUSAL)
def challenge_dpop_absent(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """There is no challenge for DPoP, as there may be none (RFC 9449 §7.1)."""
    if _dpop(played):
        yield "there is a challenge for DPoP"


@check("challenge-dpop-error", Subject.DPOP_CHALLENGE)
def challenge_dpop_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for DPoP says what was wrong (RFC 9449 §7.1)."""
    if any(not challenge.parameter("error") for challenge in _dpop(played)):
        yield "the challenge DPoP tells no error"


@check("challenge-dpop-algs", Subject.DPOP_CHALLENGE)
def challenge_dpop_algs(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for DPoP lists algorithms, the one that works among them (RFC 9449 §7.1)."""
    for challenge in _dpop(played):
        listed = challenge.parameter("algs")
        if listed is None:
            yield "the challenge DPoP has no algs"
        elif PROVEN_WITH not in listed.split():
            yield f"algs of the challenge DPoP does not list {PROVEN_WITH}, which is taken"


@check("challenge-dpop-nonce", Subject.RESOURCE_REFUSAL)
def challenge_dpop_nonce(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for DPoP says that a nonce is wanted (RFC 9449 §9)."""
    if all(challenge.parameter("error") != "use_dpop_nonce" for challenge in _dpop(played)):
        yield "no challenge DPoP says use_dpop_nonce"


@check("challenge-of-one-scheme", Subject.RESOURCE_REFUSAL)
def challenge_of_one_scheme(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """There are no challenges of several schemes to choose from (RFC 9449 §7.2)."""
    if len({challenge.scheme for challenge in challenges_of(played.response)}) > 1:
        yield "there are challenges of several schemes"


@check("challenges-without-error", Subject.RESOURCE_REFUSAL)
def challenges_without_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No challenge for a token tells of an error (RFC 9449 §7.2, RFC 6750 §3.1)."""
    for challenge in challenges_of(played.response):
        told = [name for name in TELLING if challenge.parameter(name) is not None]
        if told and challenge.scheme in ("bearer", "dpop"):
            yield f"the challenge {challenge.scheme} tells {', '.join(told)}"
