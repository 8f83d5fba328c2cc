"""The closed list of operators: how a value on the wire differs from the valid one.

An operator takes the valid values of one place (none, one, or several where a parameter repeats)
and gives the values to send. There are no templates and no expressions; what is missing here is
added here, with a test.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.conformance.scenario import edits
from tokenspec.conformance.scenario.edits import (
    SWAP_CASE_PARTS,
    URI_PARTS,
    OperatorContext,
    UnchangedError,
    Values,
)
from tokenspec.conformance.scenario.model import Change

REGISTERED = (
    "first", "other", "loopback", "loopback-ipv6", "localhost", "private-scheme", "with-query",
    "of-second",
)  # fmt: skip
APIS = ("any", "with-offline-access", "without-offline-access")
CLIENTS = (
    "main", "second", "public", "confidential", "client_secret_post", "private_key_jwt",
)  # fmt: skip
# These are asked for a difference, unless what they add is empty. Others set up what may be so
# already, or leave out words that may not be there.
DIFFERENCES = (
    "append", "prepend", "change_first", "change_last", "truncate", "swap_case", "encode", "uri",
)  # fmt: skip
Apply = Callable[[Values, Any, OperatorContext], Values]


@dataclass(frozen=True, slots=True)
class Operator:
    """One word of the format: what it does, the shape of its argument, and a text for reports."""

    apply: Apply
    argument: str  # true | text | integer | number | any | base64 | uri | one of `choices`
    summary: str  # for the reference page
    report: str  # what was sent, in a finding; `{0}` is the argument
    choices: tuple[str, ...] = ()


def apply(change: Change, valid: Values, context: OperatorContext) -> Values:
    """The values to send in place of `valid`.

    Raises:
        UnchangedError: they would be the valid ones, as a host without letters has no other case.
    """
    if change.upon is not None:
        valid = apply(change.upon, valid, context)
    sent = OPERATORS[change.operator].apply(valid, change.argument, context)
    if change.operator in DIFFERENCES and change.argument and sent == valid:
        raise UnchangedError(f"{describe(change)} is the valid value itself")
    return sent


def describe(change: Change) -> str:
    """What `change` sends, in words: `<valid> with its last 1 character(s) changed`."""
    argument = change.argument
    if isinstance(argument, Mapping):
        shown = ", ".join(f"{key} {value}" for key, value in argument.items())
    else:
        shown = json.dumps(argument) if change.operator != "copy" else str(argument)
    return OPERATORS[change.operator].report.format(shown)


_VALID = "<valid>"
OPERATORS: dict[str, Operator] = {
    "value": Operator(lambda _v, a, _s: (a,), "any", "this value", "{0}"),
    "omit": Operator(lambda _v, _a, _s: (), "true", "leave it out", "left out"),
    "empty": Operator(lambda _v, _a, _s: ("",), "true", "send it empty", "empty"),
    "append": Operator(
        lambda v, a, _s: (edits.text_value(v, "append") + a,),
        "text",
        "add to its end",
        f"{_VALID} + {{0}}",
    ),
    "in_a_list": Operator(
        lambda v, _a, _s: ([edits.one_value(v, "in_a_list")],),
        "true",
        "a claim as the only item of a list",
        f"a list of {_VALID} alone",
    ),
    "add_member": Operator(
        lambda v, a, _s: (edits.text_value(v, "add_member")[:-1] + f",{a}}}",),
        "text",
        "a JSON text with a further member at its end",
        f"{_VALID} with {{0}} added",
    ),
    "nest": Operator(
        lambda v, a, _s: ("[" * a + edits.text_value(v, "nest") + "]" * a,),
        "integer",
        "a JSON text inside so many arrays",
        f"{_VALID} inside {{0}} arrays",
    ),
    "prepend": Operator(
        lambda v, a, _s: (a + edits.text_value(v, "prepend"),),
        "text",
        "put before it",
        f"{{0}} + {_VALID}",
    ),
    "change_last": Operator(
        edits.change_last,
        "integer",
        "change so many characters at its end",
        f"{_VALID} with its last {{0}} character(s) changed",
    ),
    "change_first": Operator(
        edits.change_first,
        "integer",
        "change so many characters at its start",
        f"{_VALID} with its first {{0}} character(s) changed",
    ),
    "truncate": Operator(
        lambda v, a, _s: (edits.text_value(v, "truncate")[:-a],),
        "integer",
        "cut so many characters off its end",
        f"{_VALID} less its last {{0}} character(s)",
    ),
    "swap_case": Operator(
        edits.swap_case,
        "choice",
        "swap upper and lower case, in all of it or one part of a URI",
        f"{_VALID} with the case of {{0}} swapped",
        SWAP_CASE_PARTS,
    ),
    "fresh": Operator(
        edits.fresh,
        "true",
        "another value of the same form, never issued",
        "another value of the same form",
    ),
    "length": Operator(
        edits.length, "integer", "a random text of so many characters", "a text of {0} characters"
    ),
    "digits": Operator(
        edits.digits,
        "integer",
        "a random whole number of so many digits, where JSON has a number",
        "a number of {0} digits",
    ),
    "repeat": Operator(
        lambda v, a, _s: (edits.one_value(v, "repeat"),) * a,
        "integer",
        "send it so many times",
        f"{_VALID}, {{0}} times",
    ),
    "also": Operator(
        lambda v, a, _s: (edits.one_value(v, "also"), a),
        "text",
        "send it, and a second one with this value",
        f"{_VALID} and also {{0}}",
    ),
    "copy": Operator(
        lambda _v, a, s: (s.recall(a),),
        "text",
        "the value of another place, as step.name",
        "the value of {0}",
    ),
    "bytes": Operator(
        edits.raw_bytes, "base64", "these raw bytes, in base64", "the bytes {0} (base64)"
    ),
    "include": Operator(
        edits.include,
        "text",
        "with these words added to a space separated list",
        f"{_VALID} and {{0}}",
    ),
    "exclude": Operator(
        edits.exclude,
        "text",
        "with these words taken out of a space separated list",
        f"{_VALID} without {{0}}",
    ),
    "uri": Operator(
        edits.uri,
        "uri",
        "a URI with parts replaced: " + ", ".join(URI_PARTS),
        f"{_VALID} with {{0}}",
    ),
    "encode": Operator(
        edits.encode,
        "integer",
        "its last letter percent-encoded, once or twice over",
        f"{_VALID} with its last letter percent-encoded ({{0}}×)",
    ),
    "unsigned": Operator(
        edits.unsigned,
        "text",
        "the JWT of another place, as step.name, with alg none",
        "the claims of {0} with alg none and no signature",
    ),
    "tampered": Operator(
        edits.tampered,
        "text",
        "the JWT of another place with other claims and its old signature",
        "{0} with a later exp and its old signature",
    ),
    "tampered_subject": Operator(
        edits.tampered_subject,
        "text",
        "the JWT of another place with a sub that no user has and its old signature",
        "{0} for a user that is not there, with its old signature",
    ),
    "unsigned_subject": Operator(
        edits.unsigned_subject,
        "text",
        "the JWT of another place with a sub that no user has and alg none",
        "the claims of {0} for a user that is not there, with alg none and no signature",
    ),
    "ending_of": Operator(
        edits.ending_of,
        "text",
        "with its end, behind the last dot or of half its length, from the value of another place",
        f"{_VALID} with the end of {{0}}",
    ),
    "first_word_of": Operator(
        edits.first_word_of,
        "text",
        "the first of several words of another place",
        "the first word of {0}",
    ),
    "claims_for_user_of": Operator(
        edits.claims_for_user_of,
        "text",
        "a claims parameter that asks for the user of the ID token of another place",
        "a request for the user of {0}",
    ),
    "registered": Operator(
        lambda _v, a, s: (s.registered_redirect_uri(a),),
        "choice",
        "a redirect URI registered for the client",
        "the registered redirect URI {0}",
        REGISTERED,
    ),
    "also_registered": Operator(
        lambda v, a, s: (edits.one_value(v, "also_registered"), s.registered_redirect_uri(a)),
        "choice",
        "send it, and a second one that is a redirect URI registered for the client",
        f"{_VALID} and also the registered redirect URI {{0}}",
        REGISTERED,
    ),
    "client": Operator(
        lambda _v, a, s: (s.client_id(a),),
        "choice",
        "the client_id of a role",
        "the client_id of the client {0}",
        CLIENTS,
    ),
    "api": Operator(
        lambda _v, a, s: (s.audience(a),),
        "choice",
        "the audience of an API",
        "the audience of the API {0}",
        APIS,
    ),
    "shift_seconds": Operator(
        edits.shift_seconds, "number", "a time moved by so many seconds", f"{_VALID} {{0}} s"
    ),
}


def argument_problem(operator: str, argument: Any) -> str:
    """What is wrong with an operator's argument; empty where it is right."""
    spec = OPERATORS[operator]
    expected = {
        "true": (argument is True, "true"),
        "text": (isinstance(argument, str), "a text"),
        "integer": (_is_number(argument, int), "a whole number"),
        "number": (_is_number(argument, int | float), "a number"),
        "choice": (argument in spec.choices, "one of: " + ", ".join(spec.choices)),
        "base64": (_is_base64(argument), "a text in base64"),
        "uri": (_is_uri_parts(argument), "a mapping with some of: " + ", ".join(URI_PARTS)),
        "any": (True, ""),
    }
    right, wanted = expected[spec.argument]
    return "" if right else f"operator {operator!r} takes {wanted}"


def _is_number(argument: Any, kinds: Any) -> bool:
    return isinstance(argument, kinds) and not isinstance(argument, bool)


def _is_base64(argument: Any) -> bool:
    try:
        base64.b64decode(argument, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return False
    return isinstance(argument, str)


def _is_uri_parts(argument: Any) -> bool:
    return isinstance(argument, Mapping) and bool(argument) and set(argument) <= set(URI_PARTS)
