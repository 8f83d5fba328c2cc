"""Challenges of protected resources: RFC 6750 §3, in the syntax of RFC 9110 §11.6.1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenspec.conformance.challenges import Challenge, read_challenges
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.http import Response
from tokenspec.conformance.play.transcript import Played, Transcript

# RFC 6750 §3: what the values of these parameters may hold.
CHARACTERS = {
    "scope": re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*"),
    "error": re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*"),
    "error_description": re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*"),
    "error_uri": re.compile(r"[\x21\x23-\x5B\x5D-\x7E]*"),
}


def challenges_of(response: Response | None, scheme: str = "") -> list[Challenge]:
    """The challenges of an answer, of one scheme where it is named."""
    read = read_challenges(response.header_all("WWW-Authenticate") if response else ())
    return [one for one in read if scheme in ("", one.scheme)]


def _bearer(played: Played) -> list[Challenge]:
    return challenges_of(played.response, "bearer")


@check("challenge-has-parameter")
def challenge_has_parameter(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge for bearer tokens has at least one parameter (RFC 6750 §3)."""
    for challenge in _bearer(played):
        if not challenge.parameters:
            yield "the challenge Bearer has no parameter"


@check("challenge-parameters-once")
def challenge_parameters_once(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No parameter of a challenge for bearer tokens comes twice (RFC 6750 §3)."""
    for challenge in _bearer(played):
        names = [name for name, _ in challenge.parameters]
        yield from (f"{name} comes more than once" for name in {*names} if names.count(name) > 1)


@check("challenge-characters")
def challenge_characters(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The values of a challenge for bearer tokens have only the characters allowed (§3)."""
    for challenge in _bearer(played):
        for name, value in challenge.parameters:
            if name in CHARACTERS and not CHARACTERS[name].fullmatch(value):
                yield f"{name} of the challenge holds characters that are not allowed"


@check("challenge-without-error")
def challenge_without_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A challenge to a request without credentials tells no error (RFC 6750 §3.1)."""
    for challenge in _bearer(played):
        if "error" in dict(challenge.parameters):
            yield "the challenge tells an error, though no token was shown"
