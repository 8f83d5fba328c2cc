"""The closed list of operators: how a value on the wire differs from the valid one.

An operator takes the valid values of one place (none, one, or several where a parameter repeats)
and gives the values to send. There are no templates and no expressions; what is missing here is
added here, with a test.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit, urlunsplit

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.scenario.model import Change

Values = tuple[Any, ...]
UNRESERVED = string.ascii_letters + string.digits + "-._~"
URI_PARTS = (
    "scheme", "userinfo", "host", "host_before", "host_after", "host_dot", "behind_userinfo",
    "port", "path", "path_before", "path_suffix", "query", "fragment",
)  # fmt: skip
OTHER_SCHEME = {"https": "http", "http": "https"}  # what `scheme: other` gives
DEFAULT_PORTS = {"https": 443, "http": 80}  # what `port: default` gives
OTHER_PORTS = (8443, 9443)  # of which `port: other` gives one
SWAP_CASE_PARTS = ("all", "scheme", "host", "path")
REGISTERED = (
    "first", "other", "loopback", "loopback-ipv6", "localhost", "private-scheme", "with-query",
    "of-second",
)  # fmt: skip
APIS = ("any", "with-offline-access", "without-offline-access")
CLIENTS = ("main", "second", "public", "confidential", "private_key_jwt")


class InapplicableError(HarnessError):
    """An operator met a valid request that holds nothing it could work on."""

    code = "inapplicable-operator"


class UnfitError(InapplicableError):
    """What the server sent is not what an operator works on: the play cannot go on."""

    code = "unfit-answer"


class OperatorContext(Protocol):
    """What an operator may ask of the play it is used in."""

    def recall(self, path: str) -> str:
        """A value sent or received earlier, such as `authorize.code_challenge`."""
        ...

    def random_text(self, length: int, alphabet: str) -> str:
        """A random text."""
        ...

    def registered_redirect_uri(self, which: str) -> str:
        """A redirect URI registered for the client of the play."""
        ...

    def client_id(self, role: str) -> str:
        """The id of the client in that role."""
        ...

    def audience(self, which: str) -> str:
        """The audience of an API of the target."""
        ...


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
    """The values to send in place of `valid`."""
    if change.upon is not None:
        valid = apply(change.upon, valid, context)
    return OPERATORS[change.operator].apply(valid, change.argument, context)


def describe(change: Change) -> str:
    """What `change` sends, in words: `<valid> with its last 1 character(s) changed`."""
    argument = change.argument
    if isinstance(argument, Mapping):
        shown = ", ".join(f"{key} {value}" for key, value in argument.items())
    else:
        shown = json.dumps(argument) if change.operator != "copy" else str(argument)
    return OPERATORS[change.operator].report.format(shown)


def _one(valid: Values, operator: str) -> Any:
    if not valid:
        raise InapplicableError(
            f"operator {operator!r} was used where a valid request sends nothing"
        )
    return valid[-1]


def _text(valid: Values, operator: str) -> str:
    value = _one(valid, operator)
    if not isinstance(value, str):
        raise InapplicableError(f"operator {operator!r} works on text, found {value!r}")
    return value


def _other_character(character: str) -> str:
    """A different character of the same alphabet, so that only the value is wrong, not its form."""
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in alphabet:
            return alphabet[(alphabet.index(character) + 1) % len(alphabet)]
    return "a"


def _change_last(valid: Values, argument: Any, _: OperatorContext) -> Values:
    text = _text(valid, "change_last")
    return (text[:-argument] + "".join(map(_other_character, text[-argument:])),)


def _change_first(valid: Values, argument: Any, _: OperatorContext) -> Values:
    text = _text(valid, "change_first")
    return ("".join(map(_other_character, text[:argument])) + text[argument:],)


def _swap_case(valid: Values, argument: Any, _: OperatorContext) -> Values:
    text = _text(valid, "swap_case")
    if argument == "all":
        return (text.swapcase(),)
    parts = urlsplit(text)
    changed = {
        "scheme": parts._replace(scheme=parts.scheme.swapcase()),
        "host": parts._replace(netloc=parts.netloc.swapcase()),
        "path": parts._replace(path=parts.path.swapcase()),
    }[argument]
    return (_unsplit(changed),)


def _fresh(valid: Values, _: Any, context: OperatorContext) -> Values:
    length = max(len(_text(valid, "fresh")), 16)
    return (context.random_text(length, string.ascii_letters + string.digits),)


def _length(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    return (context.random_text(argument, string.ascii_letters + string.digits),)


def _bytes(_valid: Values, argument: Any, _context: OperatorContext) -> Values:
    return (base64.b64decode(argument),)


def _include(valid: Values, argument: Any, _: OperatorContext) -> Values:
    words = (valid[-1] if valid else "").split()
    return (" ".join([*words, *(word for word in argument.split() if word not in words)]),)


def _exclude(valid: Values, argument: Any, _: OperatorContext) -> Values:
    dropped = set(argument.split())
    return (" ".join(word for word in _text(valid, "exclude").split() if word not in dropped),)


def _uri(valid: Values, argument: Any, _: OperatorContext) -> Values:
    parts = urlsplit(_text(valid, "uri"))
    scheme = str(argument.get("scheme", parts.scheme))
    scheme = OTHER_SCHEME.get(parts.scheme, scheme) if scheme == "other" else scheme
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host
    host = str(argument.get("host", host)).replace(".", str(argument.get("host_dot", ".")), 1)
    host = str(argument.get("host_before", "")) + host + str(argument.get("host_after", ""))
    netloc = f"{argument['userinfo']}@" if "userinfo" in argument else ""
    netloc += f"{host}@{argument['behind_userinfo']}" if "behind_userinfo" in argument else host
    port = argument.get("port", port)
    port = DEFAULT_PORTS.get(scheme) if port == "default" else port
    port = next(p for p in OTHER_PORTS if p != parts.port) if port == "other" else port
    netloc += f":{port}" if port is not None else ""
    path = str(argument.get("path", parts.path)) + str(argument.get("path_suffix", ""))
    path = str(argument.get("path_before", "")) + path
    changed = SplitResult(
        scheme=scheme,
        netloc=netloc,
        path=path,
        query=str(argument.get("query", parts.query)),
        fragment=str(argument.get("fragment", parts.fragment)),
    )
    return (_unsplit(changed),)


def _unsplit(parts: SplitResult) -> str:
    if parts.scheme.lower() == parts.scheme:
        return urlunsplit(parts)
    lowered = urlunsplit(parts._replace(scheme=parts.scheme.lower()))
    return parts.scheme + lowered[len(parts.scheme) :]


def _encode(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Percent-encode the last unreserved letter of the path, `argument` times over."""
    text = _text(valid, "encode")
    head, last = text[:-1], text[-1]
    encoded = f"%{ord(last):02X}"
    for _round in range(argument - 1):
        encoded = encoded.replace("%", "%25")
    return (head + encoded,)


def _unsigned(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """The claims of a JWT, and no signature (RFC 7519 §6)."""
    header, claims, _ = _jwt_parts(argument, context)
    return (f"{_encoded(header | {'alg': 'none'})}.{_encoded(claims)}.",)


def _tampered(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    header, claims, signature = _jwt_parts(argument, context)
    expiry = claims.get("exp")
    if not isinstance(expiry, int | float) or not math.isfinite(expiry):
        expiry = 0
    later = {"exp": int(expiry) + 24 * 3600}
    return (f"{_encoded(header)}.{_encoded(claims | later)}.{signature}",)


def _jwt_parts(path: str, context: OperatorContext) -> tuple[dict[str, Any], dict[str, Any], str]:
    encoded = context.recall(path)
    try:
        header, claims, signature = encoded.split(".")
        return _decoded(header), _decoded(claims), signature
    except (AttributeError, ValueError, TypeError, RecursionError) as error:
        raise UnfitError(f"{path} is not a JWT") from error


def _decoded(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _shift_seconds(valid: Values, argument: Any, _: OperatorContext) -> Values:
    return (_one(valid, "shift_seconds") + argument,)


_VALID = "<valid>"
OPERATORS: dict[str, Operator] = {
    "value": Operator(lambda _v, a, _s: (a,), "any", "this value", "{0}"),
    "omit": Operator(lambda _v, _a, _s: (), "true", "leave it out", "left out"),
    "empty": Operator(lambda _v, _a, _s: ("",), "true", "send it empty", "empty"),
    "append": Operator(
        lambda v, a, _s: (_text(v, "append") + a,), "text", "add to its end", f"{_VALID} + {{0}}"
    ),
    "add_member": Operator(
        lambda v, a, _s: (_text(v, "add_member")[:-1] + f",{a}}}",),
        "text",
        "a JSON text with a further member at its end",
        f"{_VALID} with {{0}} added",
    ),
    "nest": Operator(
        lambda v, a, _s: ("[" * a + _text(v, "nest") + "]" * a,),
        "integer",
        "a JSON text inside so many arrays",
        f"{_VALID} inside {{0}} arrays",
    ),
    "prepend": Operator(
        lambda v, a, _s: (a + _text(v, "prepend"),), "text", "put before it", f"{{0}} + {_VALID}"
    ),
    "change_last": Operator(
        _change_last,
        "integer",
        "change so many characters at its end",
        f"{_VALID} with its last {{0}} character(s) changed",
    ),
    "change_first": Operator(
        _change_first,
        "integer",
        "change so many characters at its start",
        f"{_VALID} with its first {{0}} character(s) changed",
    ),
    "truncate": Operator(
        lambda v, a, _s: (_text(v, "truncate")[:-a],),
        "integer",
        "cut so many characters off its end",
        f"{_VALID} less its last {{0}} character(s)",
    ),
    "swap_case": Operator(
        _swap_case,
        "choice",
        "swap upper and lower case, in all of it or one part of a URI",
        f"{_VALID} with the case of {{0}} swapped",
        SWAP_CASE_PARTS,
    ),
    "fresh": Operator(
        _fresh,
        "true",
        "another value of the same form, never issued",
        "another value of the same form",
    ),
    "length": Operator(
        _length, "integer", "a random text of so many characters", "a text of {0} characters"
    ),
    "repeat": Operator(
        lambda v, a, _s: (_one(v, "repeat"),) * a,
        "integer",
        "send it so many times",
        f"{_VALID}, {{0}} times",
    ),
    "also": Operator(
        lambda v, a, _s: (_one(v, "also"), a),
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
    "bytes": Operator(_bytes, "base64", "these raw bytes, in base64", "the bytes {0} (base64)"),
    "include": Operator(
        _include, "text", "with these words added to a space separated list", f"{_VALID} and {{0}}"
    ),
    "exclude": Operator(
        _exclude,
        "text",
        "with these words taken out of a space separated list",
        f"{_VALID} without {{0}}",
    ),
    "uri": Operator(
        _uri,
        "uri",
        "a URI with parts replaced: " + ", ".join(URI_PARTS),
        f"{_VALID} with {{0}}",
    ),
    "encode": Operator(
        _encode,
        "integer",
        "its last letter percent-encoded, once or twice over",
        f"{_VALID} with its last letter percent-encoded ({{0}}×)",
    ),
    "unsigned": Operator(
        _unsigned,
        "text",
        "the JWT of another place, as step.name, with alg none",
        "the claims of {0} with alg none and no signature",
    ),
    "tampered": Operator(
        _tampered,
        "text",
        "the JWT of another place with other claims and its old signature",
        "{0} with a later exp and its old signature",
    ),
    "registered": Operator(
        lambda _v, a, s: (s.registered_redirect_uri(a),),
        "choice",
        "a redirect URI registered for the client",
        "the registered redirect URI {0}",
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
        _shift_seconds, "number", "a time moved by so many seconds", f"{_VALID} {{0}} s"
    ),
}


def argument_problem(operator: str, argument: Any) -> str:
    """What is wrong with an operator's argument; empty where it is right."""
    spec = OPERATORS[operator]
    expected = {
        "true": (argument is True, "true"),
        "text": (isinstance(argument, str), "a text"),
        "integer": (isinstance(argument, int) and not isinstance(argument, bool), "a whole number"),
        "number": (
            isinstance(argument, int | float) and not isinstance(argument, bool),
            "a number",
        ),
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


def fold(changes: Sequence[Mapping[str, Change]]) -> dict[str, Change]:
    """Several sets of changes as one; the later wins for each place."""
    folded: dict[str, Change] = {}
    for mapping in changes:
        folded.update(mapping)
    return folded


def on_top(given: Mapping[str, Change], written: Mapping[str, Change]) -> dict[str, Change]:
    """`written` applied upon what `given` makes of the valid values."""
    stacked = {
        name: replace(change, upon=given[name]) if name in given else change
        for name, change in written.items()
    }
    return {**given, **stacked}
