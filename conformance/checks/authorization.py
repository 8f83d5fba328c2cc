"""Authorization responses: RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 multiple response types."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.model import Surround, check
from conformance.http import query_parameters
from conformance.login.model import Ending
from conformance.play.transcript import Played, Transcript

IN_AN_ERROR = ("error", "error_description", "error_uri", "state", "iss", "session_state")
POSTS_ON = (307, 308)


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


@check("code-in-query")
def code_in_query(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """The code comes back in the query of the redirect (RFC 6749 §4.1.2)."""
    location = played.landing.location if played.landing else ""
    has_code = _called_back(played) and bool(played.received.get("code"))
    if has_code and "code" not in dict(query_parameters(location)):
        yield "the code does not stand in the query"


@check("error-parameters-known")
def error_parameters_known(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """An error response holds only what is defined for it (OpenID Connect Core §3.1.2.6)."""
    if _called_back(played) and played.received.get("error"):
        yield from (f"{name} is there" for name in played.received if name not in IN_AN_ERROR)


@check("redirect-not-307")
def redirect_not_307(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """The redirect to the client does not post on what the user filled in (RFC 9700 §4.12)."""
    response = played.exchanges[-1].response if played.exchanges else None
    if _called_back(played) and response and response.status in POSTS_ON:
        yield f"the redirect to the client has status {response.status}"


@check("page-not-framed")
def page_not_framed(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """The page tells browsers not to show it in a frame (RFC 6749 §10.13)."""
    response = played.exchanges[-1].response if played.exchanges else None
    if response is None:
        return
    policies = ";".join(response.header_all("Content-Security-Policy")).lower()
    if "frame-ancestors" not in policies and not response.header("X-Frame-Options"):
        yield "neither frame-ancestors nor X-Frame-Options is there"


@check("no-token-in-callback")
def no_token_in_callback(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """response_type=code puts no token into the redirect (RFC 6749 §4.1.2)."""
    if _called_back(played):
        for name in ("access_token", "refresh_token", "id_token"):
            if name in played.received:
                yield f"the redirect carries {name}"
