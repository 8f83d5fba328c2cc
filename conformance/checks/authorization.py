"""Authorization responses: RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 multiple response types."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from tokenspec.conformance.checks.envelope import ERROR_TEXT, URI_TEXT, other_than_json
from tokenspec.conformance.checks.id_token import read_id_token
from tokenspec.conformance.checks.id_token_claims import wrong_issuer
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.randomness import ENOUGH, room_of_all
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.http import is_loopback, query_parameters
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.texts import differing

IN_AN_ERROR = ("error", "error_description", "error_uri", "state", "iss", "session_state")
HARD_TO_GUESS = 112  # bits; RFC 9126 §2.2 names no number, and a random UUID has 122
PUSHED_FOR = 600  # seconds; FAPI 2.0 Security Profile §5.3.2.2
ANSWERS = {"code", "error", "state", "access_token", "id_token"}
# Parameters of authorization responses (IANA OAuth Parameters).
REGISTERED = (
    "code", "state", "iss", "scope", "session_state", "id_token", "access_token", "token_type",
    "expires_in", "response", "error", "error_description", "error_uri",
)  # fmt: skip
PREFIXED = re.compile(r"[A-Za-z0-9][._:-]")
POSTS_ON = (307, 308)
SEE_OTHER = 303
PKCE_WORDS = re.compile(r"challenge|pkce|proof key|method|transform|s256", re.IGNORECASE)


def encrypted(url: str) -> bool:
    """Whether what is sent to `url` is encrypted or stays on this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.scheme == "https" or is_loopback(url))
    except ValueError:
        return False


def _readable(value: str) -> Iterator[bytes]:
    """A value, and what its parts hold if they are base64url."""
    yield value.encode()
    for part in value.split("."):
        try:
            yield base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        except (binascii.Error, ValueError):
            continue


@check("state-echoed", Subject.CALLBACK)
def state_echoed(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`state` comes back with a code exactly as it was sent (RFC 6749 §4.1.2)."""
    yield from _state_problems(played)


@check("state-in-error", Subject.CALLBACK_ERROR)
def state_in_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`state` comes back with an error exactly as it was sent (RFC 6749 §4.1.2.1)."""
    yield from _state_problems(played)


def _state_problems(played: Played) -> Iterator[str]:
    sent = played.sent.get("state", ())
    if len(sent) == 1:
        back = played.received.get("state")
        if back != sent[0]:
            yield "state is missing" if back is None else "state is not the one sent"


@check("iss-in-success", Subject.CALLBACK)
def iss_in_success(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """A response with a code names the issuer in iss, by simple string comparison (RFC 9207 §2)."""
    if played.received.get("code"):
        yield from _issuer_problems(played, context)


@check("iss-in-error", Subject.CALLBACK_ERROR)
def iss_in_error(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """A response with an error names the issuer in iss as well (RFC 9207 §2)."""
    if played.received.get("error"):
        yield from _issuer_problems(played, context)


def _issuer_problems(played: Played, context: CheckContext) -> Iterator[str]:
    back = played.received.get("iss")
    if back != context.issuer:
        yield wrong_issuer(back, context.issuer)


@check("iss-is-url", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def iss_is_url(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`iss` is an https URL without query and fragment (RFC 9207 §2; http on the loopback)."""
    back = played.received.get("iss")
    if back is None:
        return
    if not encrypted(back):
        yield "iss is not an https URL"
    if "?" in back or "#" in back:
        yield "iss has a query or a fragment"


@check("iss-is-metadata-issuer", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def iss_is_metadata_issuer(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """`iss` is the issuer of the metadata, character for character (RFC 9207 §2.3)."""
    back = played.received.get("iss")
    due = context.metadata.get("issuer")
    if back is not None and back != due:
        yield f"iss is {differing(back, str(due))}, the issuer of the metadata"


@check("iss-advertised", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def iss_advertised(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """A server that sends iss says so in its metadata (RFC 9207 §2.3)."""
    said = context.metadata.get("authorization_response_iss_parameter_supported")
    if "iss" in played.received and said is not True:
        yield "iss was sent, and the metadata does not say so"


@check("iss-in-id-token", Subject.ID_TOKEN)
def iss_in_id_token(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """The ID token has the issuer that the authorization response named (RFC 9207 §2.4)."""
    asked, token = transcript.step("authorize"), read_id_token(played)
    named = asked.received.get("iss") if asked else None
    if token is not None and named is not None and token.claims.get("iss") != named:
        yield "iss of the ID token is not the iss of the authorization response"


@check("callback-parameters-once", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def callback_parameters_once(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No parameter of the authorization response comes twice (RFC 6749 §3.1)."""
    if played.authorization is not None:
        own = {name for name, _ in _own(played)}  # that they came back is told by a case of its own
        names = (name for name in played.authorization.repeated if name not in own)
        yield from (f"{name} comes more than once" for name in names)


@check("callback-parameters-known", Subject.CALLBACK)
def callback_parameters_known(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A parameter is registered, or its name has a prefix (RFC 6749 §8.2)."""
    for name in played.received:
        if name not in REGISTERED and not PREFIXED.search(name):
            yield f"{name[:40]} is neither registered nor prefixed"


@check("code-in-query", Subject.CALLBACK)
def code_in_query(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The code comes back in the query of the redirect (RFC 6749 §4.1.2)."""
    location = played.authorization.location if played.authorization else ""
    has_code = bool(played.received.get("code"))
    if has_code and "code" not in dict(query_parameters(location)):
        yield "the code does not stand in the query"


@check("error-parameters-known", Subject.CALLBACK_ERROR)
def error_parameters_known(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error response holds only what is defined for it (OpenID Connect Core §3.1.2.6)."""
    if played.received.get("error"):
        yield from (f"{name} is there" for name in played.received if name not in IN_AN_ERROR)


@check("redirect-303", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def redirect_303(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The redirect to the client has status 303 (OAuth 2.1 §7.5.3)."""
    response = played.exchanges[-1].response if played.exchanges else None
    if response and response.status != SEE_OTHER:
        yield f"the redirect to the client has status {response.status}"


@check("redirect-not-307", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def redirect_not_307(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The redirect to the client does not post on what the user filled in (RFC 9700 §4.12)."""
    response = played.exchanges[-1].response if played.exchanges else None
    if response and response.status in POSTS_ON:
        yield f"the redirect to the client has status {response.status}"


@check("page-not-framed", Subject.PAGES)
def page_not_framed(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The page tells browsers not to show it in a frame (RFC 6749 §10.13)."""
    response = played.exchanges[-1].response if played.exchanges else None
    if response is None:
        return
    policies = ";".join(response.header_all("Content-Security-Policy")).lower()
    if "frame-ancestors" not in policies and not response.header("X-Frame-Options"):
        yield "neither frame-ancestors nor X-Frame-Options is there"


@check("response-in-query", Subject.CALLBACK)
def response_in_query(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The code comes back in the query, and nothing in the fragment (RFC 6749 §4.1.2)."""
    yield from _place_problems(played, "code")


@check("error-in-query", Subject.CALLBACK_ERROR)
def error_in_query(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error comes back in the query, and nothing in the fragment (RFC 6749 §4.1.2.1)."""
    yield from _place_problems(played, "error")


def _place_problems(played: Played, name: str) -> Iterator[str]:
    plain = played.sent.get("response_type") == ("code",) and "response_mode" not in played.sent
    if played.authorization is None or not plain:
        return  # other response types may be answered in the fragment
    parts = urlsplit(played.authorization.location)
    if name not in [key for key, _ in parse_qsl(parts.query, keep_blank_values=True)]:
        yield f"the query of the redirect does not hold {name}"
    behind = {key for key, _ in set(_behind(played.authorization.location)) - _own(played)}
    if ANSWERS & behind:  # any other fragment may be there (RFC 9700 §4.1.3)
        yield "the fragment of the redirect holds an answer"


def _own(played: Played) -> set[tuple[str, str]]:
    """What a request put into the fragment of its redirect_uri."""
    return {pair for uri in played.sent.get("redirect_uri", ()) for pair in _behind(uri)}


def _behind(uri: str) -> list[tuple[str, str]]:
    """The pairs of a fragment that is a query as well."""
    return parse_qsl(urlsplit(uri).fragment, keep_blank_values=True)


@check("authorization-error-text", Subject.CALLBACK_ERROR)
def authorization_error_text(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`error` and `error_description` have only the characters allowed (RFC 6749 §4.1.2.1)."""
    for name in ("error", "error_description"):
        if not ERROR_TEXT.fullmatch(played.received.get(name, "")):
            yield f"{name} of the redirect holds characters that are not allowed"


@check("authorization-error-uri", Subject.CALLBACK_ERROR)
def authorization_error_uri(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`error_uri` has only the characters allowed (RFC 6749 §4.1.2.1)."""
    if not URI_TEXT.fullmatch(played.received.get("error_uri", "")):
        yield "error_uri of the redirect holds characters that are not allowed"


@check("error-explains-challenge", Subject.CALLBACK_ERROR)
def error_explains_challenge(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The refusal says what is wrong with the challenge, or where to read it (RFC 7636 §4.4.1)."""
    said = played.received.get("error_description", "")
    if not ("error_uri" in played.received or PKCE_WORDS.search(said)):
        yield "the refusal does not say that it is about the challenge"


@check("challenge-not-exposed", Subject.CALLBACK)
def challenge_not_exposed(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The challenge cannot be read out of the answer, nor out of its code (RFC 7636 §4.4)."""
    challenge = str(next(iter(played.sent.get("code_challenge", ())), ""))
    if not challenge:
        return
    for name, value in played.received.items():
        if any(challenge.encode() in readable for readable in _readable(value)):
            yield f"the challenge can be read in {name}"


@check("no-token-in-callback", Subject.CALLBACK, Subject.CALLBACK_ERROR)
def no_token_in_callback(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """response_type=code puts no token into the redirect (RFC 6749 §4.1.2)."""
    for name in ("access_token", "refresh_token", "id_token"):
        if name in played.received:
            yield f"the redirect carries {name}"


@check("pushed-is-json", Subject.PUSHED)
def pushed_is_json(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A request that was pushed is answered with application/json (RFC 9126 §2.2)."""
    if kind := other_than_json(played):
        yield f"the media type is {kind}"


@check("pushed-expires-in", Subject.PUSHED)
def pushed_expires_in(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """expires_in is a JSON number, a positive integer (RFC 9126 §2.2)."""
    seconds = played.received.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        yield f"expires_in is {seconds!r}" if seconds is not None else "expires_in is missing"


@check("pushed-under-600-seconds", Subject.PUSHED)
def pushed_under_600_seconds(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A request_uri is good for less than 600 seconds (FAPI 2.0 Security Profile §5.3.2.2)."""
    seconds = played.received.get("expires_in")
    if isinstance(seconds, int | float) and seconds >= PUSHED_FOR:
        yield f"expires_in is {seconds}"


@check("pushed-unguessable", Subject.PUSHED)
def pushed_unguessable(_p: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """What differs between the request_uris of a play has room for 112 bits (RFC 9126 §2.2)."""
    told = (step.received.get("request_uri") for step in play.steps)
    made = tuple({value: None for value in told if isinstance(value, str) and value})
    if len(made) >= ENOUGH and room_of_all(made) < HARD_TO_GUESS:
        yield f"{len(made)} differ in places that have room for {room_of_all(made):.0f} random bits"


@check("pushed-error", Subject.PUSHED_ERROR)
def pushed_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A refusal is told as the token endpoint tells it, in JSON (RFC 9126 §2.3)."""
    if kind := other_than_json(played):
        yield f"the media type is {kind}"
    if not isinstance(played.received.get("error"), str):
        yield "no error is named"
