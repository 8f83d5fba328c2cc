"""docs/reference/scenarios.md: every word of the scenario format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tokenspec.conformance.pages.table import code, table
from tokenspec.conformance.scenario import changes, loader, outcomes, settings
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.operators import OPERATORS
from tokenspec.conformance.scenario.premises import PREMISES

HEAD = """\
# Scenarios: every word of the format

A file holds one or more scenarios as YAML documents. A scenario says only what differs from a valid
exchange. [Your own scenarios](../scenarios.md) shows how one is written; the JSON Schema is
[`scenario-1.schema.json`](../../conformance/schema/scenario-1.schema.json).
"""
KEYS: Mapping[str, str] = {
    "format": "`1`. Of a scenario only.",
    "id": "A stable name of small letters, digits and hyphens; `scenario/case` names a case.",
    "variants": "The cases. Each has an `id`, and may say anything a scenario says. Of a scenario "
    "only.",
    "title": "One sentence: what has to hold.",
    "requirement": "The requirement tested, by its id ([requirements](../requirements.md)).",
    "also": "Further requirements the same case tests, none graver.",
    "why": "What goes wrong where it does not hold.",
    "tags": "Words for readers, such as a CVE that the case would have found.",
    "needs": "Capabilities without which the case does not apply ([words](../target-file.md"
    "#words-of-capabilities)).",
    "base": "The valid exchange that it starts from.",
    "client": f"Which client plays: {code(changes.CLIENT_ROLES)}.",
    "session": f"The user's session: {code(settings.SESSIONS)}.",
    "pkce": f"How the proof key is made: {code(changes.PKCE_KEYS)}; the method is one of "
    f"{code(changes.PKCE_METHODS)}.",
    "given": "Changes that belong to the valid set-up, by step.",
    "premises": "What it rests on ([premises](#premises)), in place of what its steps say.",
    "refresh_tokens": "`both`: each case is there once more, with `-other-kind` behind its id. It "
    "is played with refresh tokens got without the scope offline_access where the ordinary request "
    "has it, and with it where it has not; `one` leaves a case out of that.",
    "every_response": "`true`: the checks are also made on every other answer of the run.",
    "expect": "The outcome that passes, or a list of outcomes tried in order.",
    "assume": "In place of `expect`: how a step has to be answered for the case to go on. Of "
    "another answer nothing is said but that the case could not run.",
    "then": "Further requests, each with its own changes and `expect`; in place of one `together:` "
    "with a list of several, which are sent at the same moment ([races](../scenarios.md#races)).",
    "headers": "Changes to the headers of the last request.",
    "dpop": "Changes to its DPoP proof.",
    "request_object": "Changes to the signed JWT that an authorization request comes with.",
    "client_auth": "How the client authenticates at it.",
    "http": "How it is carried.",
}
PREMISES_SAID = """\
Each is asked once a run, of one client, with or without DPoP, when a case first needs it. A case
that passes by a grant rests on the exchange of its base, and every case on what its further steps
and clients take for granted. That follows from the steps; `premises` is for what does not. If one
does not hold, its cases could not run; they do not apply where a server may have it so, as when a
refresh brings no other refresh token.
"""
STEPS: Mapping[str, str] = {
    "authorize": "the authorization request, followed until it leads back to the client",
    "page": "the authorization request of a stranger, as it is answered first",
    "push": "the authorization request, sent by the client itself",
    "token": "the code, exchanged",
    "refresh": "the refresh token, used",
    "userinfo": "the access token, shown at userinfo",
    "resource": "the access token, shown at the resource that the target file names",
    "revoke": "a token, revoked",
    "introspect": "a token, introspected",
    "logout": "a logout, asked for by the client, without the browser",
    "metadata": "the discovery document, fetched",
    "jwks": "the key set, fetched",
}
OUTCOME: Mapping[str, str] = {
    "verdict": f"What it comes to: {code(outcomes.VERDICTS)}; `pass` without it. "
    "`broken` is as grave as the level of the requirement has it.",
    "answer": f"The class of the answer: {code(outcomes.ANSWERS)}. It follows from `status` "
    "and `error` where it is left out.",
    "at": "The step it speaks of, where that is not its own.",
    "where": "How other steps were answered, by name; the outcome is for such plays alone.",
    "status": "The status, or a list of them.",
    "error": "The error code, or a list of them.",
    "has": "Members the answer must have.",
    "lacks": "Members it must not have.",
    "equals": "Members and the values they must have.",
    "headers": "Response headers and the values they must have.",
    "checks": "Looks at the answer ([checks](checks.md)).",
    "at_most": "Of requests sent at once, how many may be granted.",
    "strict": "`true`: another error code is a failure, not a warning.",
    "note": "Told with the finding.",
}
HTTP: Mapping[str, tuple[str, ...]] = {
    "method": changes.METHODS,
    "encoding": changes.ENCODINGS,
    "authorization_scheme": changes.SCHEMES,
    "access_token_in": changes.TOKEN_PLACES,
    "well_known": changes.WELL_KNOWN,
    "after": changes.AFTER,
}
JWT: Mapping[str, tuple[str, ...]] = {
    "sign_with": changes.SIGN_WITH,
    "key": changes.KEYS,
    "alg": changes.ALGORITHMS,
}


def text() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Keys of a scenario and of a case\n"
    yield from table(("key", "what it says"), _named(KEYS))
    yield "## Steps\n"
    yield "A step has its parameters under its name, and how each differs from the valid one."
    yield f"Beside a further `authorize` stands `user: {loader.USERS[0]}` where another user of the"
    yield f"server is in a browser of their own, or `user: {loader.USERS[1]}` where that user"
    yield "signs in where the first has.\n"
    yield from table(("step", "request"), _named(STEPS))
    yield "## Bases\n"
    yield from table(("base", "valid exchange", "steps", "needs"), _bases())
    yield "## Premises\n"
    yield PREMISES_SAID
    yield from table(("premise", "what holds", "steps"), _premises())
    yield "## Operators\n"
    yield "A parameter, header or claim is a text to send, or exactly one operator.\n"
    yield from table(("operator", "sends", "argument"), _operators())
    yield "## Places beside the parameters\n"
    yield from table(("place", "words"), _places())
    yield "## Outcomes\n"
    yield "The word `oracle` in place of an outcome takes the reference server's answer for it.\n"
    yield from table(("key", "what it says"), _named(OUTCOME))


def _named(words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}`", told) for name, told in words.items())


def _bases() -> Iterator[tuple[str, ...]]:
    for name, base in BASES.items():
        yield f"`{name}`", base.summary, ", ".join(base.steps), code(base.needs)


def _premises() -> Iterator[tuple[str, ...]]:
    for name, question in PREMISES.items():
        kinds = ", ".join(step.kind for step in question.ways[0].steps)
        yield f"`{name}`", question.summary, kinds


def _operators() -> Iterator[tuple[str, ...]]:
    for name, operator in OPERATORS.items():
        argument = code(operator.choices) if operator.choices else operator.argument
        yield f"`{name}`", operator.summary, argument


def _places() -> Iterator[tuple[str, str]]:
    for name in changes.HTTP_KEYS:
        yield f"`http.{name}`", code(HTTP.get(name, ())) or _free(name)
    for name in changes.CLIENT_AUTH_KEYS:
        known = {"client": changes.CLIENT_ROLES, "method": changes.AUTH_METHODS}.get(name, ())
        yield f"`client_auth.{name}`", code(known) or _free(name)
    for name in changes.JWT_KEYS:
        yield (
            f"`dpop.{name}`, `request_object.{name}`, `client_auth.assertion.{name}`",
            code(JWT.get(name, ())) or _free(name),
        )


def _free(name: str) -> str:
    return {
        "content_type": "a text",
        "at_once": "a whole number: sent so many times at the same moment",
        "secret": "a text or an operator",
        "encoding": "`raw`: credentials are not form-encoded before Basic (RFC 6749 §2.3.1)",
        "assertion": "changes to the client assertion, as below",
        "header": "members of the header, each a value or an operator",
        "claims": "claims, each a value or an operator",
        "reuse": "`true`: the last one again",
    }.get(name, "a text or an operator, in place of the part as it is encoded")
