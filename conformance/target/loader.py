"""The strict loader of target files: all problems of a file at once, secrets from elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from tokenspec.conformance.documents import Marked, Reader, read_text, suggest
from tokenspec.conformance.target import format as tables
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.target.model import (
    CERTIFICATE_METHODS,
    CLIENT_AUTH_METHODS,
    DEFAULT_PROFILE,
    IP_VERSIONS,
    LOGIN_KINDS,
    RSA_ALGORITHMS,
    STEP_WORDS,
    Api,
    Client,
    ClientAuth,
    Endpoints,
    Lifetimes,
    Limits,
    Login,
    LoginStep,
    Network,
    Product,
    Registration,
    Target,
)
from tokenspec.conformance.target.reading import Reading

MOST_USERS = 2
FRACTIONS = ("rate", "timeout", "outage", "case", "run")  # limits that need not be whole
NOBODY = {"kind": "form"}  # a login that says no more: the server asks nobody to sign in
NEEDED_BY_KIND = {
    "form": ("username", "password"),
    "reference": ("username", "password"),
    "cookie": ("cookies",),
    "command": ("command",),
    "python": ("function",),
}


def read_target(path: Path, environ: Mapping[str, str], profiles: Collection[str]) -> Target:
    """The target of a file; nothing is sent.

    Args:
        path: the file; relative key files are looked for beside it.
        environ: where `{env: NAME}` is looked up.
        profiles: the names it may give as its profile.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(path)
    documents = reader.documents(read_text(path))
    if len(documents) != 1:
        reader.problem(Marked(None, 1, 1), "a target file holds exactly one document")
        reader.finish()
    target = _File(Reading(reader, path.parent, environ), documents[0], profiles).target()
    reader.finish()
    return target


class _File:
    """One file being read, section by section."""

    def __init__(self, read: Reading, document: Marked, profiles: Collection[str]) -> None:
        self.read = read
        self.profiles = profiles
        self.reader = read.reader
        self.document = document
        self.fields = self.reader.mapping(
            document, allowed=tables.TARGET.keys, required=tables.TARGET.needed
        )
        self.reader.format_1(self.fields)
        read.issuer = read.url(self.fields, "issuer")

    def target(self) -> Target:
        """Everything the file says."""
        read, own = self.read, self.fields
        registration = self._registration()
        login, second_login = self._logins()
        return Target(
            issuer=read.issuer,
            clients=self._clients(optional=registration is not None),
            login=login,
            second_login=second_login,
            file=self.reader.file,
            product=Product(**self._texts("product", tables.PRODUCT)),
            tester=read.text(own, "tester"),
            endpoints=self._endpoints(),
            scope=read.text(own, "scope", "openid"),
            apis=self._apis(),
            authorize=MappingProxyType(self._texts("authorize", None)),
            profile=self.reader.choice(own["profile"], self.profiles)
            if "profile" in own
            else DEFAULT_PROFILE,
            capabilities=MappingProxyType(self._capabilities()),
            limits=self._limits(),
            lifetimes=self._lifetimes(),
            hosts=read.urls(own, "hosts"),
            verify_tls=read.flag(own, "verify_tls", default=True),
            network=self._network(),
            registration=registration,
        )

    def _clients(self, *, optional: bool) -> tuple[Client, ...]:
        at = self.fields.get("clients")
        if at is None and not optional:
            hint = "list a client, or say 'registration: {}' where clients register themselves"
            self.reader.problem(self.document, "missing key 'clients'", hint)
        items = self.read.items(self.fields, "clients")
        if at and isinstance(at.value, tuple) and not items:
            self.reader.problem(at, "a target has at least one client")
        clients = tuple(self._client(item) for item in items)
        return clients or (() if optional else (Client(""),))

    def _client(self, at: Marked) -> Client:
        read, reader = self.read, self.reader
        own = reader.mapping(at, allowed=tables.CLIENT.keys, required=tables.CLIENT.needed)
        auth = reader.choice(own["auth"], CLIENT_AUTH_METHODS) if "auth" in own else "none"
        secret = read.secret(own, "secret")
        key = read.private_key(own)
        if auth.startswith("client_secret") and "secret" not in own:
            reader.problem(at, f"auth {auth} needs a 'secret'", "secret: {env: NAME}")
        if auth == "private_key_jwt" and "private_key" not in own:
            reader.problem(at, "auth private_key_jwt needs a 'private_key'", "{file: key.pem}")
        if auth == "none" and ("secret" in own or "private_key" in own):
            reader.problem(at, "a client with a secret or key says how it is used", "add 'auth'")
        if auth in CERTIFICATE_METHODS and not self._has_certificate():
            hint = "network: {client_certificate: cert.pem, client_key: key.pem}"
            reader.problem(at, f"auth {auth} needs a client certificate", hint)
        uris = read.texts(own, "redirect_uris")
        if "redirect_uris" in own and not uris:
            reader.problem(own["redirect_uris"], "a client has at least one redirect URI")
        pushes = own.get("par_required")
        return Client(
            client_id=read.text(own, "client_id"),
            auth=_method(auth),
            secret=secret,
            private_key=key,
            key_id=read.text(own, "key_id"),
            algorithm=self._algorithm(own, key),
            redirect_uris=uris,
            grant_types=read.texts(own, "grant_types") or Client("").grant_types,
            par_required=reader.boolean(pushes) if pushes else None,
        )

    def _algorithm(self, own: Mapping[str, Marked], key: PrivateKeyTypes | None) -> str:
        if "algorithm" not in own:
            return ""
        if not isinstance(key, rsa.RSAPrivateKey):
            hint = "leave it out: the kind of the key decides"
            self.reader.problem(own["algorithm"], "'algorithm' is for an RSA key", hint)
            return ""
        return self.reader.choice(own["algorithm"], RSA_ALGORITHMS)

    def _has_certificate(self) -> bool:
        at = self.fields.get("network")
        return at is not None and isinstance(at.value, dict) and "client_certificate" in at.value

    def _logins(self) -> tuple[Login, Login | None]:
        """One user, or two in a list."""
        at = self.fields.get("login")
        if at is None or not isinstance(at.value, tuple):
            return self._login(at), None
        users = [self._login(item) for item in at.value]
        if len(users) not in (1, MOST_USERS):
            self.reader.problem(at, "a list of logins has one user or two")
        if len(users) < MOST_USERS:
            return next(iter(users), Login()), None
        first, second, *_ = users
        if first == second or (first.username and first.username == second.username):
            self.reader.problem(at.value[1], "the second login is another user than the first")
        if first.kind == "none" or second.kind == "none":
            self.reader.problem(at, "login kind none is for no user at all")
        return first, second

    def _login(self, at: Marked | None) -> Login:
        read = self.read
        own = read.mapping(at, tables.LOGIN.keys)
        kind = self.reader.choice(own["kind"], LOGIN_KINDS) if "kind" in own else "form"
        nobody = kind == NOBODY["kind"] and own.keys() == NOBODY.keys()
        for name in NEEDED_BY_KIND.get(kind, ()) if not nobody else ():
            if at and name not in own:
                self.reader.problem(at, f"login kind {kind} needs {name!r}")
        recipe = read.text(own, "recipe")
        if recipe and recipe not in tables.recipe_names():
            hint = suggest(recipe, tables.recipe_names())
            self.reader.problem(own["recipe"], f"unknown recipe {recipe!r}", hint)
        return Login(
            kind=next((k for k in LOGIN_KINDS if k == kind), "form"),
            username=read.text(own, "username"),
            password=read.secret(own, "password"),
            cookies=read.secret(own, "cookies"),
            command=read.texts(own, "command"),
            username_field=read.text(own, "username_field"),
            password_field=read.text(own, "password_field"),
            hosts=read.urls(own, "hosts"),
            recipe=recipe,
            function=self._function(own),
            steps=tuple(self._step(item) for item in read.items(own, "steps")),
            press=read.texts(own, "press"),
            chromium=read.text(own, "chromium"),
            screenshots=read.text(own, "screenshots"),
        )

    def _function(self, own: Mapping[str, Marked]) -> str:
        """`file.py:name`, the file looked for beside the target file; or `module:name`."""
        named = self.read.text(own, "function")
        if not named:
            return ""
        place, colon, name = named.rpartition(":")
        if not (colon and place and name.isidentifier()):
            hint = "function: login.py:authorize"
            self.reader.problem(own["function"], f"{named!r} names no function", hint)
        return f"{self.read.folder / place}:{name}" if place.endswith(".py") else named

    def _step(self, at: Marked) -> LoginStep:
        own = self.read.mapping(at, (*STEP_WORDS, "with", "text"))
        acts = [word for word in STEP_WORDS if word in own]
        if len(acts) != 1:
            known = ", ".join(STEP_WORDS)
            self.reader.problem(at, f"a step has exactly one of: {known}")
        act = acts[0] if acts else "wait"
        value = self.reader.choice(own["with"], ("username", "password")) if "with" in own else ""
        if act == "fill" and not ("with" in own or "text" in own):
            self.reader.problem(at, "fill says 'with: username', 'with: password' or 'text: …'")
        return LoginStep(act, self.read.text(own, act), value, self.read.text(own, "text"))

    def _network(self) -> Network:
        read = self.read
        own = read.mapping(self.fields.get("network"), tables.NETWORK.keys)
        version = own["ip_version"].plain if "ip_version" in own else 0
        if version not in IP_VERSIONS or isinstance(version, bool):
            self.reader.problem(own["ip_version"], f"ip_version is 4 or 6, found {version!r}")
        headers = read.reader.mapping(own["headers"]) if "headers" in own else {}
        if "client_key" in own and "client_certificate" not in own:
            self.reader.problem(own["client_key"], "client_key needs a 'client_certificate'")
        proxy = own.get("proxy")
        return Network(
            proxy=self._text_or_environment(proxy, "proxy") if proxy else "",
            ca_file=read.file(own, "ca_file"),
            client_certificate=read.file(own, "client_certificate"),
            client_key=read.file(own, "client_key"),
            headers=tuple((n, self._text_or_environment(v, n)) for n, v in headers.items()),
            address=read.text(own, "address"),
            host=read.text(own, "host"),
            htu=read.url(own, "htu"),
            clock_offset=read.number(own, "clock_offset"),
            plain_http=read.flag(own, "plain_http", default=False),
            http2=read.flag(own, "http2", default=False),
            ip_version=version if version in IP_VERSIONS else 0,
        )

    def _text_or_environment(self, at: Marked, name: str) -> str:
        """A text, or `{env: NAME}` where it holds a secret."""
        if isinstance(at.value, dict):
            return self.read.from_environment(at, name)
        return self.reader.text(at)

    def _registration(self) -> Registration | None:
        at = self.fields.get("registration")
        if at is None:
            return None
        read = self.read
        own = read.mapping(at, tables.REGISTRATION.keys)
        default = Registration()
        methods = tuple(
            _method(self.reader.choice(item, tables.REGISTERED_METHODS))
            for item in read.items(own, "clients")
        )
        return Registration(
            clients=methods or default.clients,
            redirect_uris=read.texts(own, "redirect_uris") or default.redirect_uris,
            initial_access_token=read.secret(own, "initial_access_token"),
        )

    def _endpoints(self) -> Endpoints:
        own = self.read.mapping(self.fields.get("endpoints"), tables.ENDPOINTS.keys)
        return Endpoints(**{name: self.read.checked_url(value) for name, value in own.items()})

    def _apis(self) -> tuple[Api, ...]:
        apis = []
        for item in self.read.items(self.fields, "apis"):
            own = self.reader.mapping(item, allowed=tables.API.keys, required=tables.API.needed)
            offline = self.read.flag(own, "offline_access", default=False)
            apis.append(Api(self.read.text(own, "audience"), offline))
        return tuple(apis)

    def _capabilities(self) -> dict[str, bool]:
        at = self.fields.get("capabilities")
        own = self.reader.mapping(at) if at else {}
        for name, value in own.items():
            if name not in CAPABILITIES:
                hint = suggest(name, CAPABILITIES)
                self.reader.problem(value, f"unknown capability {name!r}", hint)
        return {name: self.reader.boolean(value) for name, value in own.items()}

    def _limits(self) -> Limits:
        own = self.read.mapping(self.fields.get("limits"), tables.LIMITS.keys)
        given: dict[str, float] = {}
        for name, value in own.items():
            number = self._positive(name, value)
            if number is None:
                continue
            if name in FRACTIONS:
                given[name] = float(number)
            elif isinstance(number, int):
                given[name] = number
            else:
                self.reader.problem(value, f"{name} is a whole number")
        return Limits(**given)  # type: ignore[arg-type]  # each name was matched with its type

    def _lifetimes(self) -> Lifetimes:
        own = self.read.mapping(self.fields.get("lifetimes"), tables.LIFETIMES.keys)
        return Lifetimes(**{name: self._positive(name, value) for name, value in own.items()})

    def _positive(self, name: str, at: Marked) -> float | None:
        number = at.value
        if isinstance(number, int | float) and not isinstance(number, bool) and number > 0:
            return number
        self.reader.problem(at, f"{name} is a number above zero, found {at.plain!r}")
        return None

    def _texts(self, name: str, section: tables.Section | None) -> dict[str, str]:
        at = self.fields.get(name)
        if section is not None:
            own = self.read.mapping(at, section.keys)
        else:
            own = self.reader.mapping(at) if at else {}
        return {key: self.reader.text(value) for key, value in own.items()}


def _method(word: str) -> ClientAuth:
    return next((method for method in CLIENT_AUTH_METHODS if method == word), "none")
