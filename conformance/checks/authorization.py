"""Authorization responses: RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 multiple response types."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.model import Surround, check
from conformance.login.model import Ending
from conformance.play.transcript import Played, Transcript


def _called_back(played: Played) -> bool:
    return played.landing is not None and played.landing.ending is Ending.CALLBACK


@check("state-echoed")
def state_echoed(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """`state` comes back exactly as it was sent (RFC 6749 §4.1.2, §4.1.2.1)."""
    sent = played.sent.get("state", ())
    if _called_back(played) and len(sent) == 1:
        back = played.received.get("state")
        if back != sent[0]:
            yield "state is missing" if back is None else "state is not the one sent"


@check("iss-in-success")
def iss_in_success(played: Played, _t: Transcript, surround: Surround) -> Iterator[str]:
    """A response with a code names the issuer in iss, by simple string comparison (RFC 9207 §2)."""
    if _called_back(played) and played.received.get("code"):
        yield from _issuer_problems(played, surround)


@check("iss-in-error")
def iss_in_error(played: Played, _t: Transcript, surround: Surround) -> Iterator[str]:
    """A response with an error names the issuer in iss as well (RFC 9207 §2)."""
    if _called_back(played) and played.received.get("error"):
        yield from _issuer_problems(played, surround)


def _issuer_problems(played: Played, surround: Surround) -> Iterator[str]:
    back = played.received.get("iss")
    if back != surround.issuer:
        yield "iss is missing" if back is None else "iss is not the issuer"


@check("callback-parameters-once")
def callback_parameters_once(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """No parameter of the authorization response comes twice (RFC 6749 §3.1)."""
    if played.landing is not None:
        yield from (f"{name} comes more than once" for name in played.landing.repeated)


@check("no-token-in-callback")
def no_token_in_callback(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """response_type=code puts no token into the redirect (RFC 6749 §4.1.2)."""
    if _called_back(played):
        for name in ("access_token", "refresh_token", "id_token"):
            if name in played.received:
                yield f"the redirect carries {name}"
