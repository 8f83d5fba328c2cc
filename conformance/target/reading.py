"""Values of a target file read one by one: texts, URLs, secrets, keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.http import is_loopback

NOTHING: Mapping[str, Marked] = MappingProxyType({})


@dataclass(slots=True)
class Reading:
    """One file being read: its problems gather in `reader`.

    Args:
        reader: reads YAML values.
        folder: where relative files are looked for.
        environ: where `{env: NAME}` is looked up.
        issuer: decides whether a literal secret is allowed.
    """

    reader: Reader
    folder: Path
    environ: Mapping[str, str]
    issuer: str = ""

    def mapping(self, at: Marked | None, keys: Collection[str]) -> Mapping[str, Marked]:
        """The known keys of an optional mapping; unknown ones are problems."""
        if at is None:
            return NOTHING
        own = self.reader.mapping(at, allowed=keys)
        return {name: value for name, value in own.items() if name in keys}

    def text(self, own: Mapping[str, Marked], name: str, default: str = "") -> str:
        """A text, or the default where the key is absent."""
        return self.reader.text(own[name]) if name in own else default

    def flag(self, own: Mapping[str, Marked], name: str, *, default: bool) -> bool:
        """A truth value, or the default where the key is absent."""
        return self.reader.boolean(own[name]) if name in own else default

    def items(self, own: Mapping[str, Marked], name: str) -> tuple[Marked, ...]:
        """The items of an optional list."""
        return self.reader.sequence(own[name]) if name in own else ()

    def texts(self, own: Mapping[str, Marked], name: str) -> tuple[str, ...]:
        """The texts of an optional list."""
        return tuple(self.reader.text(item) for item in self.items(own, name))

    def urls(self, own: Mapping[str, Marked], name: str) -> tuple[str, ...]:
        """The URLs of an optional list."""
        return tuple(self.checked_url(item) for item in self.items(own, name))

    def url(self, own: Mapping[str, Marked], name: str) -> str:
        """A URL, or nothing."""
        return self.checked_url(own[name]) if name in own else ""

    def number(self, own: Mapping[str, Marked], name: str) -> float:
        """A number, or 0."""
        at = own.get(name)
        if at is None:
            return 0.0
        value = at.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.reader.problem(at, f"{name} is a number, found {at.plain!r}")
            return 0.0
        return float(value)

    def checked_url(self, at: Marked) -> str:
        """An absolute https URL; http only on the loopback, where nobody can listen."""
        text = self.reader.text(at)
        try:
            parts = urlsplit(text)
            good = bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if text and not (good and text.startswith(("https://", "http://"))):
            self.reader.problem(at, f"{text!r} is not an absolute https URL")
        elif text.startswith("http://") and not is_loopback(text):
            message = f"{text!r} is not https; codes and tokens would travel in the clear"
            self.reader.problem(at, message, "http is allowed for 127.0.0.1, ::1 and localhost")
        return text

    def secret(self, own: Mapping[str, Marked], name: str) -> str:
        """`{env: NAME}`, or a literal where the target is on the loopback."""
        at = own.get(name)
        if at is None:
            return ""
        if isinstance(at.value, str):
            if not is_loopback(self.issuer):
                hint = f"{name}: {{env: NAME}}, and set NAME in the environment"
                self.reader.problem(at, f"{name} must not stand in the file", hint)
            return at.value
        return self.from_environment(at, name)

    def from_environment(self, at: Marked, name: str) -> str:
        """The value of `{env: NAME}`."""
        own = self.reader.mapping(at, allowed=("env",), required=("env",))
        variable = self.text(own, "env")
        if not variable:
            return ""
        if variable not in self.environ:
            hint = f"export {variable}=…"
            message = f"the environment variable {variable} for {name} is not set"
            self.reader.problem(at, message, hint)
        return self.environ.get(variable, "")

    def file(self, own: Mapping[str, Marked], name: str) -> str:
        """The path of a file that can be read, or nothing."""
        at = own.get(name)
        if at is None:
            return ""
        path = self.folder / self.reader.text(at)
        self._read(at, path, name)
        return str(path)

    def private_key(self, own: Mapping[str, Marked]) -> PrivateKeyTypes | None:
        """The key of `private_key: {file: …}` or `{env: …}`."""
        at = own.get("private_key")
        if at is None:
            return None
        inner = self.reader.mapping(at, allowed=("env", "file"))
        if "file" in inner:
            path = self.folder / self.reader.text(inner["file"])
            pem = self._read(inner["file"], path, "key")
        else:
            pem = self.from_environment(at, "private_key").encode()
        if not pem:
            return None
        try:
            return load_pem_private_key(pem, None)
        except (ValueError, TypeError) as error:
            self.reader.problem(
                at, "the private key is not a PEM key without passphrase", str(error)
            )
            return None

    def _read(self, at: Marked, path: Path, name: str) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"the {name} file cannot be read: {error.strerror}"
            self.reader.problem(at, message.replace("_file file", "_file"), str(path))
            return b""
