"""What operators do to the valid values of a place; `operators` is the table of them."""

from __future__ import annotations

import base64
import json
import math
import string
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit, urlunsplit

from tokenspec.conformance.errors import HarnessError

Values = tuple[Any, ...]
URI_PARTS = (
    "scheme", "userinfo", "host", "host_before", "host_after", "host_dot", "behind_userinfo",
    "port", "path", "path_before", "path_suffix", "query", "fragment",
)  # fmt: skip
OTHER_SCHEME = {"https": "http", "http": "https"}  # what `scheme: other` gives
DEFAULT_PORTS = {"https": 443, "http": 80}  # what `port: default` gives
OTHER_PORTS = (8443, 9443)  # of which `port: other` gives one
NOBODY = "tokenspec-nobody"  # the sub of a user that no server has
SWAP_CASE_PARTS = ("all", "scheme", "host", "path")


class InapplicableError(HarnessError):
    """An operator met a valid request that holds nothing it could work on."""

    code = "inapplicable-operator"


class UnchangedError(InapplicableError):
    """A change would leave the valid value as it is: there is nothing a server could refuse."""

    code = "unchanging-operator"


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


def one_value(valid: Values, operator: str) -> Any:
    """The last of the valid values."""
    if not valid:
        raise InapplicableError(
            f"operator {operator!r} was used where a valid request sends nothing"
        )
    return valid[-1]


def text_value(valid: Values, operator: str) -> str:
    """The last of the valid values, which is a text."""
    value = one_value(valid, operator)
    if not isinstance(value, str):
        raise InapplicableError(f"operator {operator!r} works on text, found {value!r}")
    return value


def _other_character(character: str) -> str:
    """A different character of the same alphabet, so that only the value is wrong, not its form."""
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in alphabet:
            return alphabet[(alphabet.index(character) + 1) % len(alphabet)]
    return "a"


def change_last(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Change so many characters at the end."""
    text = text_value(valid, "change_last")
    return (text[:-argument] + "".join(map(_other_character, text[-argument:])),)


def change_first(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Change so many characters at the start."""
    text = text_value(valid, "change_first")
    return ("".join(map(_other_character, text[:argument])) + text[argument:],)


def swap_case(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Swap upper and lower case, in all of a text or in one part of a URI."""
    text = text_value(valid, "swap_case")
    if argument == "all":
        return (text.swapcase(),)
    parts = urlsplit(text)
    changed = {
        "scheme": parts._replace(scheme=parts.scheme.swapcase()),
        "host": parts._replace(netloc=parts.netloc.swapcase()),
        "path": parts._replace(path=parts.path.swapcase()),
    }[argument]
    return (_unsplit(changed),)


def fresh(valid: Values, _: Any, context: OperatorContext) -> Values:
    """Another value of the same form, never issued."""
    length = max(len(text_value(valid, "fresh")), 16)
    return (context.random_text(length, string.ascii_letters + string.digits),)


def length(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """A random text of so many characters."""
    return (context.random_text(argument, string.ascii_letters + string.digits),)


def digits(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """A random whole number of so many digits, none of them 0."""
    return (int(context.random_text(argument, "123456789")),)


def raw_bytes(_valid: Values, argument: Any, _context: OperatorContext) -> Values:
    """The bytes of a text in base64."""
    return (base64.b64decode(argument),)


def include(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Add words to a space separated list."""
    words = (valid[-1] if valid else "").split()
    return (" ".join([*words, *(word for word in argument.split() if word not in words)]),)


def exclude(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Take words out of a space separated list."""
    dropped = set(argument.split())
    return (" ".join(word for word in text_value(valid, "exclude").split() if word not in dropped),)


def uri(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Replace parts of a URI."""
    parts = urlsplit(text_value(valid, "uri"))
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


def encode(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Percent-encode the last unreserved letter of the path, `argument` times over."""
    text = text_value(valid, "encode")
    head, last = text[:-1], text[-1]
    encoded = f"%{ord(last):02X}"
    for _round in range(argument - 1):
        encoded = encoded.replace("%", "%25")
    return (head + encoded,)


def unsigned(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """The claims of a JWT, and no signature (RFC 7519 §6)."""
    header, claims, _ = _jwt_parts(argument, context)
    return (f"{_encoded(header | {'alg': 'none'})}.{_encoded(claims)}.",)


def tampered(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """A JWT with a later exp and its old signature."""
    header, claims, signature = _jwt_parts(argument, context)
    expiry = claims.get("exp")
    if not isinstance(expiry, int | float) or not math.isfinite(expiry):
        expiry = 0
    later = {"exp": int(expiry) + 24 * 3600}
    return (f"{_encoded(header)}.{_encoded(claims | later)}.{signature}",)


def tampered_subject(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """A JWT about nobody and its old signature; one that has no signature cannot be told apart."""
    header, claims, signature = _jwt_parts(argument, context)
    if not signature:
        raise InapplicableError(f"{argument} is not signed, so that no change of it can be seen")
    return (f"{_encoded(header)}.{_encoded(claims | {'sub': NOBODY})}.{signature}",)


def unsigned_subject(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """The claims of a JWT, about nobody, and no signature (RFC 7519 §6)."""
    header, claims, _ = _jwt_parts(argument, context)
    about = claims | {"sub": NOBODY}
    return (f"{_encoded(header | {'alg': 'none'})}.{_encoded(about)}.",)


def ending_of(valid: Values, argument: Any, context: OperatorContext) -> Values:
    """The part behind the last dot, or where there is none the second half, of another value."""
    text, other = text_value(valid, "ending_of"), context.recall(argument)
    head, dot, _ = text.rpartition(".")
    _, other_dot, tail = other.rpartition(".")
    if dot and other_dot:
        return (f"{head}.{tail}",)
    return (text[: len(text) // 2] + other[len(other) // 2 :],)


def first_word_of(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """The first word of another value, which has to hold several."""
    first, *others = context.recall(argument).split() or [""]
    if not others:
        raise UnchangedError(f"{argument} has no second word that could be left out")
    return (first,)


def claims_for_user_of(_valid: Values, argument: Any, context: OperatorContext) -> Values:
    """OpenID Connect Core §5.5.1: sub is asked for with a value."""
    _, claims, _ = _jwt_parts(argument, context)
    return (json.dumps({"id_token": {"sub": {"value": claims.get("sub")}}}),)


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


def shift_seconds(valid: Values, argument: Any, _: OperatorContext) -> Values:
    """Move a time by so many seconds."""
    return (one_value(valid, "shift_seconds") + argument,)
