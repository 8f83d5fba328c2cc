"""By which class a server answered: what target and oracle are compared by first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.http import Response
from conformance.login.model import Ending, Landing
from conformance.scenario.model import Answer, StepKind

OK, BAD_REQUEST, SERVER_ERROR = 200, 400, 500
ENDINGS = {
    Ending.ELSEWHERE: Answer.ELSEWHERE,
    Ending.LOGIN_PAGE: Answer.LOGIN_PAGE,
    Ending.ERROR_PAGE: Answer.ERROR_PAGE,
}


def landed(landing: Landing) -> Answer:
    """The class of an authorization response."""
    if landing.ending is Ending.CALLBACK:
        return Answer.GRANTED if landing.parameters.get("code") else Answer.REFUSED
    if landing.status >= SERVER_ERROR:
        return Answer.SERVER_ERROR
    return ENDINGS[landing.ending]


def answered(kind: StepKind, response: Response, received: Mapping[str, Any]) -> Answer:
    """The class of any other response; `received` holds the members of its JSON body."""
    if response.status >= SERVER_ERROR:
        return Answer.SERVER_ERROR
    if kind in (StepKind.TOKEN, StepKind.REFRESH):
        granted = "access_token" in received and "error" not in received
        return Answer.GRANTED if granted and response.status < BAD_REQUEST else Answer.REFUSED
    bodiless = kind in (StepKind.REVOKE, StepKind.USERINFO)  # userinfo may be a signed JWT
    good = response.status == OK and (bool(received) or bodiless)
    return Answer.GRANTED if good else Answer.REFUSED
