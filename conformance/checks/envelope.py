"""The envelope of token endpoint answers: RFC 6749 §5.1 and §5.2."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import BAD_REQUEST, ERROR_STATUSES, Subject
from tokenspec.conformance.http import Exchange
from tokenspec.conformance.oauth.error_codes import ERROR_CODES
from tokenspec.conformance.play.transcript import Played, Transcript

ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*")  # RFC 6749 §5.2
URI_TEXT = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]*")
TOKENS = ("access_token", "refresh_token", "id_token")
SENT_SECRETS = ("code", "code_verifier", "refresh_token", "client_secret", "client_assertion")
LONG_ENOUGH = 16  # characters; a shorter value may stand in a text by chance
UNAUTHORIZED = 401


def other_than_json(played: Played) -> str:
    """The media type of an answer that has to be JSON and is not declared so; else empty."""
    response = played.response
    if response is None or response.media_type == "application/json":
        return ""
    return response.media_type or "absent"


@check("success-is-json", Subject.TOKENS)
def success_is_json(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A granted token request is answered with application/json (RFC 6749 §5.1)."""
    if kind := other_than_json(played):
        yield f"the media type of the success is {kind}"


@check("success-status", Subject.TOKENS)
def success_status(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A granted token request is answered with status 200 (RFC 6749 §5.1)."""
    if played.status != 200:  # noqa: PLR2004 - the status the section names
        yield f"the status of the success is {played.status}"


@check("no-store", Subject.TOKENS)
def no_store(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An answer that holds tokens has Cache-Control: no-store (RFC 6749 §5.1)."""
    response = played.response
    if response is None:
        return
    directives = ",".join(response.header_all("Cache-Control")).lower().split(",")
    if "no-store" not in {directive.strip() for directive in directives}:
        yield "the answer holds tokens and its Cache-Control does not say no-store"


@check("pragma-no-cache", Subject.TOKENS)
def pragma_no_cache(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An answer that holds tokens has Pragma: no-cache (RFC 6749 §5.1)."""
    response = played.response
    if response and "no-cache" not in (response.header("Pragma") or ""):
        yield "the answer holds tokens and has no Pragma: no-cache"


@check("members-once", Subject.TOKENS, Subject.ERROR)
def members_once(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No member of the answer's JSON object comes twice (RFC 6749 §3.2)."""
    response = played.response
    if response is None:
        return
    names: list[str] = []

    def outermost(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names[:] = [name for name, _ in pairs]  # the outermost object is read last
        return dict(pairs)

    with contextlib.suppress(ValueError, RecursionError):
        json.loads(response.body, object_pairs_hook=outermost)
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{name[:40]} comes {count} times"


@check("access-token-is-text", Subject.TOKENS)
def access_token_is_text(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`access_token` is a text that is not empty (RFC 6749 §5.1)."""
    token = played.received.get("access_token")
    if not (isinstance(token, str) and token):
        yield "access_token is not a string or is empty"


@check("token-type", Subject.TOKENS)
def token_type(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`token_type` is there and names a type the client can use (RFC 6749 §5.1, §7.1)."""
    shown = played.received.get("token_type")
    if not isinstance(shown, str) or not shown:
        yield "token_type is missing or no text"
    elif shown.lower() not in ("bearer", "dpop"):
        yield f"token_type is {shown[:40]!r}, neither Bearer nor DPoP"


@check("expires-in", Subject.TOKENS)
def expires_in(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """expires_in, where given, is a whole number of seconds (RFC 6749 §5.1, Appendix A.14)."""
    if "expires_in" not in played.received:
        return
    shown = played.received["expires_in"]
    if isinstance(shown, bool) or not isinstance(shown, int | float):
        yield "expires_in is not a number"
    elif shown < 0 or (isinstance(shown, float) and not shown.is_integer()):
        yield "expires_in is not made of digits"


@check("scope-is-text", Subject.TOKENS)
def scope_is_text(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """scope, where given, is a text of space separated words (RFC 6749 §3.3)."""
    if not isinstance(played.received.get("scope", ""), str):
        yield "scope is not a string"


@check("scope-single-spaces", Subject.TOKENS)
def scope_single_spaces(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The words of scope are parted by exactly one space (RFC 6749 §3.3, OIDC Core §14)."""
    scope = played.received.get("scope")
    if isinstance(scope, str) and scope != " ".join(scope.split()):
        yield "the words of scope are not parted by exactly one space"


@check("scope-without-offline-access", Subject.TOKENS)
def scope_without_offline_access(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Without a refresh token the scope does not hold offline_access (OIDC Core §11)."""
    scope = str(played.received.get("scope", "")).split()
    if "refresh_token" not in played.received and "offline_access" in scope:
        yield "scope holds offline_access, and there is no refresh token"


@check("error-is-json", Subject.ERROR)
def error_is_json(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error response of the token endpoint is a JSON object (RFC 6749 §5.2).

    Where the request prefers a page, `error-is-json-always` looks.
    """
    if not any("text/html" in _accepted(exchange) for exchange in played.exchanges[-1:]):
        yield from error_is_json_always(played, _t, _s)


def _accepted(exchange: Exchange) -> str:
    return exchange.request.header("Accept") or ""


@check("error-is-json-always", Subject.ERROR)
def error_is_json_always(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error response is a JSON object whatever the request prefers (RFC 6749 §5.2)."""
    response = played.response
    if response is None or response.status not in ERROR_STATUSES:
        return
    unread = response.json_object() is None and not played.received
    if response.media_type != "application/json" or unread:
        yield f"status {response.status} came with {response.media_type or 'no media type'}"


@check("error-status", Subject.ERROR)
def error_status(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A refused token request does not get the status of a success (RFC 6749 §5.2)."""
    if played.status < BAD_REQUEST:
        yield f"a request was refused with status {played.status}"


@check("error-code-known", Subject.ERROR)
def error_code_known(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The error code is one of RFC 6749 §5.2 or of an extension (IANA OAuth Extensions Errors)."""
    answered = played.status in ERROR_STATUSES or played.status < BAD_REQUEST
    if answered and played.error and played.error not in ERROR_CODES:
        yield f"the error code {played.error[:40]!r} is none of the section, nor registered"


@check("error-member", Subject.ERROR)
def error_member(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`error` is there, is text, and has only the characters allowed (RFC 6749 §5.2)."""
    if not played.received:
        return
    shown = played.received.get("error")
    if not isinstance(shown, str) or not shown:
        yield "the error response has no error code"
    elif not ERROR_TEXT.fullmatch(shown):
        yield "the error code holds characters that are not allowed"


@check("error-texts", Subject.ERROR)
def error_texts(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`error_description` and `error_uri`, where given, are texts (RFC 6749 §5.2)."""
    for name in ("error_description", "error_uri"):
        shown = played.received.get(name)
        if shown is not None and not isinstance(shown, str):
            yield f"{name} is not a string"


@check("error-description", Subject.ERROR)
def error_description(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`error_description` has only the characters allowed (RFC 6749 §5.2)."""
    shown = played.received.get("error_description")
    if isinstance(shown, str) and not ERROR_TEXT.fullmatch(shown):
        yield "error_description holds characters that are not allowed"


@check("error-uri", Subject.ERROR)
def error_uri(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`error_uri` has only the characters allowed (RFC 6749 §5.2)."""
    shown = played.received.get("error_uri")
    if isinstance(shown, str) and not URI_TEXT.fullmatch(shown):
        yield "error_uri holds characters that are not allowed"


@check("no-token-in-error", Subject.REFUSAL)
def no_token_in_error(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error response holds no token (RFC 6749 §5.2)."""
    for name in TOKENS:
        if name in played.received:
            yield f"the error response holds {name}"


@check("no-secret-echoed", Subject.REFUSAL)
def no_secret_echoed(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error response does not repeat the code, token or secret that was sent."""
    if played.response is None:
        return
    for name in SENT_SECRETS:
        for value in played.sent.get(name, ()):
            if len(str(value)) >= LONG_ENOUGH and str(value) in played.response.text:
                yield f"the error response repeats the {name} that was sent"


@check("challenge-on-401", Subject.ERROR)
def challenge_on_401(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A 401 names the scheme the client tried, where it used the Authorization header (§5.2)."""
    response = played.response
    if response is None or response.status != UNAUTHORIZED:
        return
    request = played.exchanges[-1].request
    if request.header("Authorization") and not response.header("WWW-Authenticate"):
        yield "the client used the Authorization header; its 401 has no WWW-Authenticate"
