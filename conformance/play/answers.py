"""By which class a server answered: what target and oracle are compared by first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import jwt

from tokenspec.conformance.http import Response, is_loopback, read_json
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.scenario.model import Answer, StepKind

OK, REDIRECT, BAD_REQUEST, SERVER_ERROR = 200, 300, 400, 500
BRINGS = {  # what a valid request brings
    StepKind.PUSH: "request_uri",
    StepKind.TOKEN: "access_token",
    StepKind.REFRESH: "access_token",
}
GRANTS = ("code", "access_token", "id_token")  # the last two where the implicit grant is on
FIRST = json.JSONDecoder()
ENDINGS = {
    Ending.ELSEWHERE: Answer.ELSEWHERE,
    Ending.LOGIN_PAGE: Answer.LOGIN_PAGE,
    Ending.ERROR_PAGE: Answer.ERROR_PAGE,
}


def authorization_answer(
    result: AuthorizationResult, *, request: str, error_page_due: bool
) -> Answer:
    """The class of an authorization response.

    A page that may be either is the one due: nothing was granted and nobody was sent anywhere. So
    it is with a page of the server's own at another origin (RFC 6749 §4.1.2.1: how the user is
    informed is not said); who was sent where `request`, a URL, asked for was sent elsewhere.
    """
    if result.ending is Ending.CALLBACK:
        return Answer.GRANTED if any(map(result.parameters.get, GRANTS)) else Answer.REFUSED
    own = result.ending is Ending.ELSEWHERE and not asked_for(result.location, request)
    if result.ending is Ending.UNKNOWN_PAGE or own:
        return Answer.ERROR_PAGE if error_page_due else Answer.LOGIN_PAGE
    if result.status >= SERVER_ERROR:
        return Answer.SERVER_ERROR
    return ENDINGS[result.ending]


def asked_for(location: str, request: str) -> bool:
    """Whether the place of `location` stands in the parameters of `request`; both are URLs.

    Of a loopback address the port is looked at too: there it is what tells two places apart. What
    cannot be read is nobody's own page.
    """
    try:
        parts = urlsplit(location)
        name, asked = parts.hostname, unquote_plus(urlsplit(request).query).lower()
    except ValueError:
        return True
    place = parts.netloc.rpartition("@")[2].lower() if is_loopback(location) else name
    return (place or f"{parts.scheme}:") in asked


def read_members(kind: StepKind, response: Response) -> Mapping[str, Any]:
    """The members of a JSON body; at userinfo also the claims of a JWT, which is not believed."""
    if kind is StepKind.USERINFO and response.media_type == "application/jwt":
        try:
            return dict(jwt.decode(response.text.strip(), options={"verify_signature": False}))
        except (jwt.PyJWTError, ValueError, RecursionError):
            return {}
    return response.json_object() or _first_object(response) or {}


def _first_object(response: Response) -> dict[str, Any] | None:
    """The JSON object that a body begins with; `json-alone` tells what stands behind it."""
    try:
        text = response.body.decode("utf-8-sig").lstrip()
        value = read_json(text[: FIRST.raw_decode(text)[1]].encode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def answered(
    kind: StepKind, method: str, response: Response, received: Mapping[str, Any]
) -> Answer:
    """The class of any other response; `received` holds the members of its body."""
    if response.status >= SERVER_ERROR:
        return Answer.SERVER_ERROR
    if method == "OPTIONS" or kind is StepKind.RESOURCE:  # whatever the body holds
        return Answer.GRANTED if response.status < REDIRECT else Answer.REFUSED
    if kind is StepKind.AUTHORIZE:  # sent by itself, without a browser
        redirected = "error=" in (response.header("Location") or "")
        refused = response.status >= BAD_REQUEST or redirected
        return Answer.REFUSED if refused else Answer.LOGIN_PAGE
    if kind in BRINGS:
        granted = BRINGS[kind] in received and "error" not in received
        return Answer.GRANTED if granted and response.status < BAD_REQUEST else Answer.REFUSED
    if kind in (StepKind.PAGE, StepKind.LOGOUT):
        return Answer.GRANTED if response.status < BAD_REQUEST else Answer.REFUSED
    told = bool(received) and "error" not in received
    unread = kind is StepKind.USERINFO and not received  # it may be a signed JWT
    by_status = kind is StepKind.REVOKE  # RFC 7009 §2.2: what its body says is ignored
    good = response.status == OK and (told or unread or by_status)
    return Answer.GRANTED if good else Answer.REFUSED
