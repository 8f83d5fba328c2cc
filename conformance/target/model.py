"""What a target file says, as frozen values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

ClientAuth = Literal[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
]
CLIENT_AUTH_METHODS: tuple[ClientAuth, ...] = (
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
)
CERTIFICATE_METHODS = ("tls_client_auth", "self_signed_tls_client_auth")  # RFC 8705 §2
LoginKind = Literal["reference", "form", "browser", "cookie", "command", "python", "manual", "none"]
LOGIN_KINDS: tuple[LoginKind, ...] = (
    "reference",
    "form",
    "browser",
    "cookie",
    "command",
    "python",
    "manual",
    "none",
)
SIGNS_IN = ("form", "reference", "browser")  # a new session whenever one is wanted
STEP_WORDS = ("fill", "click", "wait")
IP_VERSIONS = (0, 4, 6)  # 0: whichever the system prefers


@dataclass(frozen=True, slots=True)
class Client:
    """A client registered at the target.

    `algorithm` is what its key signs with; empty: what the type of the key calls for.
    `par_required` says whether its requests have to be pushed (RFC 9126 §6); None: as the server
    has it for all.
    """

    client_id: str
    auth: ClientAuth = "none"
    secret: str = field(default="", repr=False)
    private_key: PrivateKeyTypes | None = field(default=None, repr=False)
    key_id: str = ""
    algorithm: str = ""
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    par_required: bool | None = None

    @property
    def has_rsa_key(self) -> bool:
        """Whether it signs its assertions with an RSA key."""
        return isinstance(self.private_key, rsa.RSAPrivateKey)

    @property
    def single_uri(self) -> bool:
        """Whether one redirect URI is registered, so that leaving it out is unambiguous."""
        return len(self.redirect_uris) == 1


# what an RSA key may sign with (RFC 7518 §3.1)
RSA_ALGORITHMS = ("RS256", "PS256")
FITTING: Mapping[str, Callable[[Client], bool]] = MappingProxyType(
    {
        "confidential": lambda client: client.auth not in ("none", *CERTIFICATE_METHODS),
        "public": lambda client: client.auth == "none",
        "code_only": lambda client: "refresh_token" not in client.grant_types,
        "single": lambda client: client.single_uri,
    }
)


@dataclass(frozen=True, slots=True)
class Api:
    """An API (resource server) known to the target, named by the `audience` parameter."""

    audience: str
    offline_access: bool = False


@dataclass(frozen=True, slots=True)
class LoginStep:
    """One thing a browser does on a login page. `act` is a word of STEP_WORDS."""

    act: str
    selector: str
    value: str = ""  # username | password
    text: str = ""  # what else is filled in


@dataclass(frozen=True, slots=True)
class Login:
    """How an authorization code is obtained; see `tables.LOGIN` for what each kind reads."""

    kind: LoginKind = "form"
    username: str = ""
    password: str = field(default="", repr=False)
    cookies: str = field(default="", repr=False)
    command: tuple[str, ...] = ()
    username_field: str = ""
    password_field: str = ""
    hosts: tuple[str, ...] = ()  # further origins the login page may live on
    recipe: str = ""  # empty: whichever recognises the page
    function: str = ""  # file.py:name or module:name
    steps: tuple[LoginStep, ...] = ()
    press: tuple[str, ...] = ()  # texts on buttons that are pressed before any other
    chromium: str = ""  # path of the browser
    screenshots: str = ""  # folder


@dataclass(frozen=True, slots=True)
class Network:
    """Proxy, certificates and other settings of the connection."""

    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    client_certificate: str = ""  # path of a PEM file
    client_key: str = ""  # path of a PEM file; empty: in the certificate's file
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    address: str = ""  # host:port that is connected to, whatever the URL names
    host: str = ""  # Host header and certificate name, whatever the URL names
    htu: str = ""  # origin that DPoP proofs name
    clock_offset: float = 0.0  # seconds the target's clock is ahead of ours
    plain_http: bool = False  # http is spoken where URLs say https
    http2: bool = False
    ip_version: int = 0


@dataclass(frozen=True, slots=True)
class Registration:
    """Clients registered for one run and deleted after it (RFC 7591, RFC 7592)."""

    clients: tuple[ClientAuth, ...] = ("none", "none", "client_secret_basic")
    redirect_uris: tuple[str, ...] = (
        "https://client.example/callback",
        "https://client.example/other",
    )
    initial_access_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much load the harness may cause. `rate` is in requests a second, None: no limit."""

    rate: float | None = None
    timeout: float = 10.0  # seconds of wall clock for one response
    jobs: int = 4
    hops: int = 20  # redirects followed in one login
    body: int = 1024 * 1024  # bytes of one response
    consecutive_failures: int = 5  # infrastructure errors in a row before the target is waited for
    outage: float = 30.0  # seconds that it is waited for before the run stops
    case: float = 180.0  # seconds that the requests of one case may take together
    run: float = 14400.0  # seconds before a run stops, whatever is left of it


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How many seconds each is good for; None where waiting for it is not wanted."""

    code: float | None = None
    access_token: float | None = None
    refresh_token: float | None = None
    dpop_nonce: float | None = None
    request_uri: float | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Absolute URLs; empty where the target has none."""

    authorization: str = ""
    token: str = ""
    userinfo: str = ""
    revocation: str = ""
    introspection: str = ""
    par: str = ""
    jwks: str = ""
    logout: str = ""
    registration: str = ""
    resource: str = ""  # what access tokens open, named in the file alone


@dataclass(frozen=True, slots=True)
class Product:
    """What is tested, for the report."""

    vendor: str = ""
    name: str = ""
    version: str = ""


DEFAULT_PROFILE = "rfc"


@dataclass(frozen=True, slots=True)
class Target:
    """A target file, read and checked, secrets resolved. `file` names where it came from."""

    issuer: str
    clients: tuple[Client, ...]
    login: Login
    second_login: Login | None = None  # of another user
    file: str = ""
    product: Product = Product()
    tester: str = ""  # who tests, for the report
    endpoints: Endpoints = Endpoints()  # what the file gives; the rest comes from discovery
    scope: str = "openid"  # space separated, asked for by every ordinary authorization request
    apis: tuple[Api, ...] = ()
    authorize: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    profile: str = DEFAULT_PROFILE
    capabilities: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    limits: Limits = Limits()
    lifetimes: Lifetimes = Lifetimes()
    hosts: tuple[str, ...] = ()  # further hosts the harness may talk to
    verify_tls: bool = True
    network: Network = Network()
    registration: Registration | None = None
    revoking: str = "main"  # the role of the client that revokes; learned, see `preflight.revoking`

    @property
    def main(self) -> Client:
        """The client most scenarios use: the first of the file."""
        return self.clients[0]

    def client(self, role: str) -> Client | None:
        """The client for a role of the scenario format, or None where the file has none.

        Roles: `main`; `second`, the next client that authenticates as `main` does, else any
        other; an authentication method, the first client that uses it; `confidential`, the first
        that authenticates with a secret or key of the request; `code_only`, the first that may
        not refresh; `single`, the first with one redirect URI; `revoking`, `main`, or where that
        one may not revoke, `confidential`.
        """
        others = self.clients[1:]
        match role:
            case "main":
                return self.main
            case "revoking":
                return self.client(self.revoking)
            case "second":
                alike = (client for client in others if client.auth == self.main.auth)
                return next(alike, others[0] if others else None)
            case _:
                fits = FITTING.get(role)
                fitting = (c for c in self.clients if (fits(c) if fits else c.auth == role))
                return next(fitting, None)
