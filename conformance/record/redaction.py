"""Secrets replaced at capture by a stable fingerprint, so that equality shows and nothing leaks.

Two nets: by place (parameters, headers and JSON members known to carry secrets), and by value
(whatever was once seen in such a place, wherever else it turns up).
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit, urlunsplit

from tokenspec.conformance.http import shallow
from tokenspec.conformance.texts import harmless, legible

SECRET_NAMES = {
    "code": "code",
    "code_verifier": "code_verifier",
    "access_token": "access_token",
    "refresh_token": "refresh_token",
    "id_token": "id_token",
    "id_token_hint": "id_token",
    "token": "token",
    "client_secret": "client_secret",
    "client_assertion": "client_assertion",
    "assertion": "assertion",
    "password": "password",
    "session_state": "session_state",
    "device_code": "device_code",
    "d": "private_key",
}
JWT = re.compile(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){1,3}")
FINGERPRINT = re.compile(r"(‹[a-z_]+ [0-9a-f]{10}›)")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")  # written the same everywhere (RFC 3986 §2.3)
NOTHING: Mapping[str, str] = MappingProxyType({})
SHORTEST = 8  # characters of a value worth looking for elsewhere
SHORTEST_KNOWN = 4  # the same, of a value the target file calls a secret


class Redactor:
    """Replaces secrets by fingerprints. One for each play, all with the key of the run.

    Args:
        key: secret of the run; fingerprints of two runs cannot be compared.
        always: secrets known beforehand, as (what it is, value).
        beforehand: the same as another redactor of the run knows them, by every form.
    """

    def __init__(
        self,
        key: bytes,
        always: Iterable[tuple[str, str]] = (),
        beforehand: Mapping[str, str] = NOTHING,
    ) -> None:
        self._key = key
        self._keyed = hmac.new(key, digestmod=hashlib.sha256)
        self._known = dict(beforehand)  # every form a secret may be written in -> fingerprint
        self._longest_first: tuple[str, ...] = ()  # the same forms; empty where one was added
        for kind, value in always:
            if len(value) >= SHORTEST_KNOWN:
                self._know(kind, value)
        self._beforehand = dict(self._known)

    def for_play(self) -> Redactor:
        """A redactor that gives the same fingerprints and knows the same secrets beforehand."""
        return Redactor(self._key, beforehand=self._beforehand)

    def fingerprint(self, kind: str, value: str) -> str:
        """What stands for `value` in everything that is written."""
        digest = self._keyed.copy()  # cheaper than `hmac.digest`, which gives other threads a turn
        digest.update(value.encode("utf-8", "replace"))
        return f"‹{kind} {digest.hexdigest()[:10]}›"

    def learn(self, kind: str, value: str) -> str:
        """Remember a secret and give its fingerprint; an empty value is shown as it is."""
        if value in self._known:
            return self._known[value]
        if len(value) >= SHORTEST:
            self._know(kind, value)
        return self.fingerprint(kind, value) if value else value

    def text(self, text: str) -> str:
        """`text` with every known secret, and everything that looks like a JWT, replaced.

        Control characters, which could steer a terminal, are replaced as well.
        """
        if not self._longest_first:
            self._longest_first = tuple(sorted(self._known, key=len, reverse=True))
        for form in self._longest_first:
            if form in text:
                text = text.replace(form, self._known[form])
        if "eyJ" in text:
            text = JWT.sub(lambda found: self.fingerprint("jwt", found.group()), text)
        return harmless(text)

    def _know(self, kind: str, value: str) -> None:
        shown = self.fingerprint(kind, value)
        self._known.update(dict.fromkeys(_forms(value), shown))
        self._longest_first = ()

    def parameter(self, name: str, value: Any) -> str:
        """The value of a request parameter or callback parameter, as it may be shown."""
        shown = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        kind = SECRET_NAMES.get(name.lower())
        return self.learn(kind, shown) if kind else self.text(shown)

    def url(self, url: str) -> str:
        """A URL with the secret parameters of its query and fragment replaced."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return self.text(url)
        query, fragment = self._query(parts.query), self._query(parts.fragment)
        shown = urlunsplit(parts._replace(query=query, fragment=fragment))
        return self.text(shown)

    def header(self, name: str, value: str) -> str:
        """The value of a header, as it may be shown."""
        lowered = name.lower()
        if lowered == "authorization":
            scheme, _, rest = value.partition(" ")
            return f"{scheme} {self.learn('credentials', rest)}" if rest else scheme
        if lowered == "dpop":
            return self.learn("dpop_proof", value)
        if lowered in ("cookie", "set-cookie"):
            return self._cookies(value, several=lowered == "cookie")
        if lowered in ("location", "referer", "content-location"):
            return self.url(value)
        return self.text(value)

    def body(self, body: bytes, media_type: str) -> str:
        """A body as text: JSON member by member, forms parameter by parameter.

        Bytes that are not text are counted, not shown, and so is JSON too deep to be searched.
        """
        text = body.decode("utf-8", "replace")
        if media_type == "application/x-www-form-urlencoded":
            return self._query(text)
        try:
            value = json.loads(text)
            deep = not shallow(value)
        except RecursionError:
            deep = True
        except ValueError:
            shown = self.text(text)
            return shown if legible(shown) or not body else f"({len(body)} bytes that are not text)"
        if deep:
            return f"({len(body)} bytes of JSON, nested too deeply to be read)"
        return json.dumps(self.members(value), ensure_ascii=False, indent=1)

    def _query(self, query: str) -> str:
        if "=" not in query:
            return self.text(query)
        pairs = parse_qsl(query, keep_blank_values=True)
        return "&".join(f"{quote_plus(n)}={self._shown(n, v)}" for n, v in pairs)

    def _shown(self, name: str, value: str) -> str:
        kind = SECRET_NAMES.get(name.lower())
        return self.learn(kind, value) if kind else _quoted(self.text(value))

    def _cookies(self, value: str, *, several: bool) -> str:
        first, *rest = value.split(";")
        cookies = [first, *rest] if several else [first]
        shown = []
        for cookie in cookies:
            name, equals, secret = cookie.strip().partition("=")
            shown.append(f"{name}={self.learn('cookie', secret)}" if equals else name)
        return "; ".join([*shown, *([] if several else (part.strip() for part in rest))])

    def members(self, value: Any, name: str = "") -> Any:
        """A JSON value with its secret members replaced; `name` is its own, if it is one."""
        if isinstance(value, dict):
            return {self.text(key): self.members(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.members(item, name) for item in value]
        return self.parameter(name, value) if isinstance(value, str) else value


def _quoted(text: str) -> str:
    """Percent-encoded as in an address, but legible, and with its fingerprints as they are."""
    if UNRESERVED.fullmatch(text):
        return text
    parts = FINGERPRINT.split(text)
    return "".join(p if FINGERPRINT.fullmatch(p) else quote(p, safe="/: ") for p in parts)


def _forms(value: str) -> set[str]:
    """How a value may be written: plain, percent-encoded, escaped for HTML or JSON."""
    if UNRESERVED.fullmatch(value):
        return {value}
    plain = {value, html.escape(value), json.dumps(value)[1:-1]}
    return plain | {quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")}
