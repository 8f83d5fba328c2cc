"""The strict loader of target files: all problems of a file at once, secrets from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.documents import Marked, Reader, read_text, suggest
from conformance.login.cookies import is_loopback
from conformance.target.capabilities import CAPABILITIES
from conformance.target.model import (
    CLIENT_AUTH_METHODS,
    LOGIN_KINDS,
    Api,
    Client,
    Endpoints,
    Lifetimes,
    Limits,
    Login,
    Product,
    Target,
)

PROFILES = ("rfc",)
KEYS = (
    "format", "issuer", "product", "endpoints", "clients", "login", "apis", "scope", "authorize",
    "profile", "capabilities", "limits", "lifetimes", "hosts", "verify_tls",
)  # fmt: skip
CLIENT_KEYS = ("client_id", "auth", "secret", "private_key", "key_id", "redirect_uris")
LOGIN_KEYS = (
    "kind", "username", "password", "cookies", "command", "username_field", "password_field",
    "hosts",
)  # fmt: skip
API_KEYS = ("audience", "offline_access")
PRODUCT_KEYS = ("vendor", "name", "version")
ENDPOINT_KEYS = tuple(item.name for item in fields(Endpoints))
LIMIT_KEYS = tuple(item.name for item in fields(Limits))
LIFETIME_KEYS = tuple(item.name for item in fields(Lifetimes))
NOTHING: Mapping[str, Marked] = MappingProxyType({})


def read_target(path: Path, environ: Mapping[str, str]) -> Target:
    """The target of a file; nothing is sent.

    Args:
        path: the file; relative key files are looked for beside it.
        environ: where `{env: NAME}` is looked up.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(path)
    documents = reader.documents(read_text(path))
    if len(documents) != 1:
        reader.problem(Marked(None, 1, 1), "a target file holds exactly one document")
        reader.finish()
    target = _Reading(reader, path.parent, environ, documents[0]).target()
    reader.finish()
    return target


class _Reading:
    """One file being read."""

    def __init__(
        self, reader: Reader, folder: Path, environ: Mapping[str, str], document: Marked
    ) -> None:
        self.reader = reader
        self.folder = folder
        self.environ = environ
        self.document = document
        self.fields = reader.mapping(
            document, allowed=KEYS, required=("format", "issuer", "clients", "login")
        )
        reader.format_1(self.fields)
        self.issuer = self._url(self.fields, "issuer")

    def target(self) -> Target:
        """Everything the file says."""
        read = self.reader
        hosts = self.fields.get("hosts")
        return Target(
            issuer=self.issuer,
            clients=self._clients(),
            login=self._login(),
            file=read.file,
            product=Product(**self._texts("product", PRODUCT_KEYS)),
            endpoints=self._endpoints(),
            scope=self._text(self.fields, "scope", "openid"),
            apis=self._apis(),
            authorize=MappingProxyType(self._texts("authorize", None)),
            profile=read.choice(self.fields["profile"], PROFILES)
            if "profile" in self.fields
            else "rfc",
            capabilities=MappingProxyType(self._capabilities()),
            limits=self._limits(),
            lifetimes=self._lifetimes(),
            hosts=tuple(self._checked_url(item) for item in self._items(hosts)),
            verify_tls=read.boolean(self.fields["verify_tls"])
            if "verify_tls" in self.fields
            else True,
        )

    def _clients(self) -> tuple[Client, ...]:
        at = self.fields.get("clients")
        items = self.reader.sequence(at) if at else ()
        if at and isinstance(at.value, tuple) and not items:
            self.reader.problem(at, "a target has at least one client")
        return tuple(self._client(item) for item in items) or (Client(""),)

    def _client(self, at: Marked) -> Client:
        read = self.reader
        own = read.mapping(at, allowed=CLIENT_KEYS, required=("client_id", "redirect_uris"))
        auth = read.choice(own["auth"], CLIENT_AUTH_METHODS) if "auth" in own else "none"
        secret = self._secret(own, "secret")
        key = self._private_key(own)
        if auth.startswith("client_secret") and "secret" not in own:
            read.problem(at, f"auth {auth} needs a 'secret'", "secret: {env: NAME}")
        if auth == "private_key_jwt" and "private_key" not in own:
            read.problem(at, "auth private_key_jwt needs a 'private_key'", "{file: key.pem}")
        if auth == "none" and ("secret" in own or "private_key" in own):
            read.problem(at, "a client with a secret or key says how it is used", "add 'auth'")
        uris = self._items(own.get("redirect_uris"))
        if "redirect_uris" in own and not uris:
            read.problem(own["redirect_uris"], "a client has at least one redirect URI")
        return Client(
            client_id=self._text(own, "client_id"),
            auth=next((m for m in CLIENT_AUTH_METHODS if m == auth), "none"),
            secret=secret,
            private_key=key,
            key_id=self._text(own, "key_id"),
            redirect_uris=tuple(read.text(item) for item in uris),
        )

    def _login(self) -> Login:
        read = self.reader
        at = self.fields.get("login")
        own = read.mapping(at, allowed=LOGIN_KEYS) if at else NOTHING
        kind = read.choice(own["kind"], LOGIN_KINDS) if "kind" in own else "form"
        needed = {
            "form": ("username", "password"),
            "reference": ("username", "password"),
            "cookie": ("cookies",),
            "command": ("command",),
        }
        for name in needed.get(kind, ()):
            if at and name not in own:
                read.problem(at, f"login kind {kind} needs {name!r}")
        return Login(
            kind=next((k for k in LOGIN_KINDS if k == kind), "form"),
            username=self._text(own, "username"),
            password=self._secret(own, "password"),
            cookies=self._secret(own, "cookies"),
            command=tuple(read.text(item) for item in self._items(own.get("command"))),
            username_field=self._text(own, "username_field"),
            password_field=self._text(own, "password_field"),
            hosts=tuple(self._checked_url(item) for item in self._items(own.get("hosts"))),
        )

    def _endpoints(self) -> Endpoints:
        at = self.fields.get("endpoints")
        own = self.reader.mapping(at, allowed=ENDPOINT_KEYS) if at else NOTHING
        return Endpoints(**{name: self._checked_url(value) for name, value in own.items()})

    def _apis(self) -> tuple[Api, ...]:
        apis = []
        for item in self._items(self.fields.get("apis")):
            own = self.reader.mapping(item, allowed=API_KEYS, required=("audience",))
            offline = own.get("offline_access")
            allowed = self.reader.boolean(offline) if offline else False
            apis.append(Api(self._text(own, "audience"), allowed))
        return tuple(apis)

    def _capabilities(self) -> dict[str, bool]:
        at = self.fields.get("capabilities")
        own = self.reader.mapping(at) if at else NOTHING
        for name, value in own.items():
            if name not in CAPABILITIES:
                hint = suggest(name, CAPABILITIES)
                self.reader.problem(value, f"unknown capability {name!r}", hint)
        return {name: self.reader.boolean(value) for name, value in own.items()}

    def _limits(self) -> Limits:
        at = self.fields.get("limits")
        own = self.reader.mapping(at, allowed=LIMIT_KEYS) if at else NOTHING
        given: dict[str, float] = {}
        for name, value in own.items():
            number = self._positive(name, value)
            if number is None:
                continue
            if name in ("rate", "timeout"):
                given[name] = float(number)
            elif isinstance(number, int):
                given[name] = number
            else:
                self.reader.problem(value, f"{name} is a whole number")
        return Limits(**given)  # type: ignore[arg-type]  # each name was matched with its type

    def _lifetimes(self) -> Lifetimes:
        at = self.fields.get("lifetimes")
        own = self.reader.mapping(at, allowed=LIFETIME_KEYS) if at else NOTHING
        return Lifetimes(**{name: self._positive(name, value) for name, value in own.items()})

    def _positive(self, name: str, at: Marked) -> float | None:
        number = at.value
        if isinstance(number, int | float) and not isinstance(number, bool) and number > 0:
            return number
        self.reader.problem(at, f"{name} is a number above zero, found {at.plain!r}")
        return None

    def _secret(self, fields_: Mapping[str, Marked], name: str) -> str:
        """`{env: NAME}`, or a literal where the target is on the loopback."""
        at = fields_.get(name)
        if at is None:
            return ""
        if isinstance(at.value, str):
            if not is_loopback(self.issuer):
                hint = f"{name}: {{env: NAME}}, and set NAME in the environment"
                self.reader.problem(at, f"{name} must not stand in the file", hint)
            return at.value
        return self._from_environment(at, name)

    def _from_environment(self, at: Marked, name: str) -> str:
        own = self.reader.mapping(at, allowed=("env",), required=("env",))
        variable = self._text(own, "env")
        if not variable:
            return ""
        if variable not in self.environ:
            hint = f"export {variable}=…"
            message = f"the environment variable {variable} for {name} is not set"
            self.reader.problem(at, message, hint)
        return self.environ.get(variable, "")

    def _private_key(self, fields_: Mapping[str, Marked]) -> PrivateKeyTypes | None:
        at = fields_.get("private_key")
        if at is None:
            return None
        own = self.reader.mapping(at, allowed=("env", "file"))
        if "file" in own:
            pem = self._key_file(own["file"])
        else:
            pem = self._from_environment(at, "private_key").encode()
        if not pem:
            return None
        try:
            return load_pem_private_key(pem, None)
        except (ValueError, TypeError) as error:
            self.reader.problem(
                at, "the private key is not a PEM key without passphrase", str(error)
            )
            return None

    def _key_file(self, at: Marked) -> bytes:
        path = self.folder / self.reader.text(at)
        try:
            return path.read_bytes()
        except OSError as error:
            self.reader.problem(at, f"the key file cannot be read: {error.strerror}", str(path))
            return b""

    def _texts(self, name: str, allowed: tuple[str, ...] | None) -> dict[str, str]:
        at = self.fields.get(name)
        own = self.reader.mapping(at, allowed=allowed) if at else NOTHING
        return {key: self.reader.text(value) for key, value in own.items()}

    def _text(self, fields_: Mapping[str, Marked], name: str, default: str = "") -> str:
        return self.reader.text(fields_[name]) if name in fields_ else default

    def _items(self, at: Marked | None) -> tuple[Marked, ...]:
        return self.reader.sequence(at) if at else ()

    def _url(self, fields_: Mapping[str, Marked], name: str) -> str:
        return self._checked_url(fields_[name]) if name in fields_ else ""

    def _checked_url(self, at: Marked) -> str:
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
