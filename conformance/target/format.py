"""Every key of a target file, as tables: the loader reads by them, the reference tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the shape of its value, what it says, what holds without it.

    `default` empty: nothing, or said in `summary`. `needed` keys must be there.
    """

    shape: str
    summary: str
    default: str = ""
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of a target file. `place` is where it stands, as a user would write it."""

    place: str
    summary: str
    keys: Mapping[str, Key]

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys that must be there."""
        return tuple(name for name, key in self.keys.items() if key.needed)


SECRET = "`{env: NAME}`"
RECIPES = Path(__file__).parents[1] / "login" / "recipes"
REGISTERED_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")


def recipe_names() -> tuple[str, ...]:
    """The login recipes there are."""
    return tuple(sorted(path.stem for path in RECIPES.glob("*.yaml")))


TARGET = Section(
    "",
    "The file is one YAML mapping. What it does not say comes from the server's metadata or from "
    "the defaults below.",
    MappingProxyType(
        {
            "format": Key("`1`", "The version of this format.", needed=True),
            "issuer": Key(
                "URL",
                "The issuer identifier, exactly as the server states it in its metadata. Metadata "
                "is looked for under it (OpenID Connect Discovery §4, RFC 8414 §3).",
                needed=True,
            ),
            "clients": Key(
                "list",
                "The clients registered for the tests; the first is the main one. Needed unless "
                "there is `registration`.",
            ),
            "login": Key(
                "mapping, or a list of one or two",
                "How an authorization code is obtained. The second of a list is another user of "
                "the same server; with one, cases about two users apply.",
                needed=True,
            ),
            "product": Key("mapping", "What is tested, for the reports."),
            "tester": Key("text", "Who tests: name and organisation, for the reports."),
            "scope": Key(
                "text",
                "What every ordinary authorization request asks for, separated by spaces. With "
                "`offline_access` refresh tokens are expected.",
                "`openid`",
            ),
            "authorize": Key(
                "mapping of texts",
                "Parameters added to every ordinary authorization request, such as "
                "`{prompt: consent}` or `{connection: test-users}`.",
            ),
            "apis": Key("list", "APIs that tokens can be asked for, by the `audience` parameter."),
            "endpoints": Key(
                "mapping", "Endpoint URLs, where the metadata has none or other ones are meant."
            ),
            "profile": Key("word", "What the target is held to.", "`rfc`"),
            "capabilities": Key(
                "mapping of true/false",
                "What the target can do, where it cannot be known otherwise. The names are "
                "listed below; the file overrides the metadata.",
            ),
            "limits": Key("mapping", "Limits on the load that the harness causes."),
            "lifetimes": Key(
                "mapping",
                "How long codes, tokens and nonces are good for, where the run may wait for it.",
            ),
            "hosts": Key(
                "list of URLs",
                "Further origins that belong to the target. The harness talks to no origin that "
                "this file does not name, whatever the metadata says.",
            ),
            "verify_tls": Key(
                "true/false",
                "`false` accepts any certificate. Every report says so.",
                "`true`",
            ),
            "network": Key("mapping", "Proxy, certificates and other settings of the connection."),
            "registration": Key(
                "mapping, may be `{}`",
                "Clients are registered at the server for the run and deleted after it, so that "
                "none has to be there before.",
            ),
        }
    ),
)  # fmt: skip

CLIENT = Section(
    "clients[]",
    "One client is enough. A second public client, a confidential one, a second redirect URI let "
    "further cases apply; the end of a run lists what was left out.",
    MappingProxyType(
        {
            "client_id": Key("text", "Its identifier.", needed=True),
            "redirect_uris": Key(
                "list of URIs",
                "Redirect URIs registered for it, the first one used by default. Nothing has to "
                "answer there: the harness reads the redirect and does not follow it.",
                needed=True,
            ),
            "grant_types": Key(
                "list of texts",
                "The grants it may use. A case needs a client without `refresh_token`.",
                "both grants",
            ),
            "auth": Key(
                "word",
                "How it authenticates: `none` (a public client), `client_secret_basic`, "
                "`client_secret_post`, `private_key_jwt`; or by the certificate of `network`, "
                "`tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2).",
                "`none`",
            ),
            "secret": Key(SECRET, "Its secret, for the two `client_secret_` methods."),
            "private_key": Key(
                "`{file: key.pem}` or `{env: NAME}`",
                "Its private key in PEM without passphrase, for `private_key_jwt`. A relative "
                "file is looked for beside the target file.",
            ),
            "key_id": Key("text", "The `kid` of that key, where the server asks for one."),
            "algorithm": Key(
                "word",
                "What an RSA key signs with, `RS256` or `PS256`; without it the former, under FAPI "
                "the latter. A key of another kind has one algorithm.",
            ),
            "par_required": Key(
                "true/false",
                "Whether its authorization requests have to be pushed, as its metadata "
                "`require_pushed_authorization_requests` would say (RFC 9126 §6).",
                "as the server has it for all, by its metadata or as seen",
            ),
        }
    ),
)

LOGIN = Section(
    "login",
    "How the harness obtains authorization codes; [login.md](login.md) explains each kind.",
    MappingProxyType(
        {
            "kind": Key(
                "word",
                "`form`: fill in the server's own login and consent pages. `browser`: the same in "
                "a real Chromium, for pages made by scripts. `cookie`: a session stored by a "
                "browser. `command`: a program of yours. `python`: a function of yours. `manual`: "
                "a person opens each URL. `none`: only cases that need no code. `reference`: the "
                "bundled server.",
                "`form`",
            ),
            "username": Key("text", "The test user, for `form` and `browser`."),
            "password": Key(SECRET, "The test user's password, for `form` and `browser`."),
            "recipe": Key(
                "word",
                "For `form`: the product whose pages they are. Without it each page is looked at.",
            ),
            "username_field": Key(
                "text", "For `form`: the name of the field for the username, if it is not found."
            ),
            "password_field": Key("text", "The same for the password."),
            "steps": Key(
                "list",
                "For `browser`: what to do on the page, one of `{fill: SELECTOR, with: username}`, "
                "`{fill: SELECTOR, with: password}`, `{fill: SELECTOR, text: …}`, "
                "`{click: SELECTOR}`, `{wait: SELECTOR}`. Without it the usual fields are filled.",
            ),
            "press": Key(
                "list of texts",
                "For `form`: what stands on the buttons to press, where the right one is not "
                "found; `check` tells which were pressed.",
            ),
            "chromium": Key(
                "path", "For `browser`: the browser to start.", "found in the `PATH`"
            ),
            "screenshots": Key(
                "folder", "For `browser`: where a page that could not be passed is pictured.",
                "tokenspec-report",
            ),
            "cookies": Key(
                SECRET, "For `cookie`: the Cookie header of a browser that is signed in."
            ),
            "command": Key(
                "list of texts",
                "For `command`: a program and its arguments. It gets the authorization URL as its "
                "last argument and prints the callback URL as its last line.",
            ),
            "function": Key(
                "`file.py:name` or `module:name`",
                "For `python`: called with the authorization URL and the redirect URI, returns the "
                "callback URL.",
            ),
            "hosts": Key("list of URLs", "Further origins of the login pages."),
        }
    ),
)  # fmt: skip

API = Section(
    "apis[]",
    "Resource servers known to the target. All cases apply with one of each kind: with and without "
    "offline access.",
    MappingProxyType(
        {
            "audience": Key("text", "What the `audience` parameter names it by.", needed=True),
            "offline_access": Key(
                "true/false", "Whether refresh tokens may be issued for it.", "`false`"
            ),
        }
    ),
)

PRODUCT = Section(
    "product",
    "Shown in reports; changes nothing else.",
    MappingProxyType(
        {
            "vendor": Key("text", "Who makes it."),
            "name": Key("text", "What it is called."),
            "version": Key("text", "Which version runs."),
        }
    ),
)

ENDPOINTS = Section(
    "endpoints",
    "Each is an absolute URL and overrides the metadata. A server without metadata needs at "
    "least `authorization` and `token`.",
    MappingProxyType(
        {
            "authorization": Key("URL", "RFC 6749 §3.1."),
            "token": Key("URL", "RFC 6749 §3.2."),
            "userinfo": Key("URL", "OpenID Connect Core §5.3."),
            "revocation": Key("URL", "RFC 7009."),
            "introspection": Key("URL", "RFC 7662."),
            "par": Key("URL", "Pushed authorization requests, RFC 9126."),
            "jwks": Key("URL", "The key set, RFC 7517 §5."),
            "logout": Key("URL", "OpenID Connect RP-Initiated Logout 1.0 §2."),
            "registration": Key("URL", "Dynamic client registration, RFC 7591 §3."),
            "resource": Key(
                "URL",
                "A protected resource that ordinary access tokens open, asked by GET. No metadata "
                "names it; with one, access tokens are tried where there is no OpenID Connect too.",
            ),
        }
    ),
)

LIMITS = Section(
    "limits",
    "A 429 is obeyed as `Retry-After` says, and so is a 503, whatever is set here.",
    MappingProxyType(
        {
            "rate": Key("number", "Most requests a second.", "no limit"),
            "timeout": Key("seconds", "For one whole response.", "`10`"),
            "jobs": Key("whole number", "Cases played at once.", "`4`"),
            "hops": Key("whole number", "Redirects and pages of one login.", "`20`"),
            "body": Key("bytes", "Of one response.", "`1048576`"),
            "consecutive_failures": Key(
                "whole number", "Requests without answer, in a row, after which the target is "
                "taken to be away.",
                "`5`",
            ),
            "outage": Key("seconds", "A target that is away is waited for.", "`30`"),
            "case": Key("seconds", "For all requests of one case.", "`180`"),
            "run": Key("seconds", "For a run; what is left then is not established.", "`14400`"),
        }
    ),
)  # fmt: skip

LIFETIMES = Section(
    "lifetimes",
    "In seconds. Cases about expiry wait so long, in real time; without the key they are left out.",
    MappingProxyType(
        {
            "code": Key("seconds", "Of an authorization code.", "not waited for"),
            "access_token": Key("seconds", "Of an access token.", "not waited for"),
            "refresh_token": Key("seconds", "Of a refresh token.", "not waited for"),
            "dpop_nonce": Key("seconds", "Of a nonce for DPoP proofs.", "not waited for"),
            "request_uri": Key("seconds", "Of a pushed request.", "not waited for"),
        }
    ),
)

NETWORK = Section(
    "network",
    "Proxy settings of the environment are not read; only what is set here counts.",
    MappingProxyType(
        {
            "proxy": Key(
                "URL or `{env: NAME}`", "An HTTP or HTTPS proxy, for everything that is sent."
            ),
            "ca_file": Key("path", "Certificates (PEM) to trust beside those of the system."),
            "client_certificate": Key(
                "path",
                "A certificate (PEM) shown at every connection, also for `auth: tls_client_auth`.",
            ),
            "client_key": Key("path", "Its key (PEM), where it is in another file."),
            "headers": Key(
                "mapping of texts or `{env: NAME}`",
                "Headers added to every request, such as the key of a gateway. Reports do not "
                "show them.",
            ),
            "address": Key(
                "`host:port`",
                "Where to connect to, whatever host the URLs name: one instance behind a load "
                "balancer. Host header and certificate name stay those of the URL.",
            ),
            "host": Key(
                "text",
                "The Host header and certificate name, where the URLs of this file name an "
                "inner address.",
            ),
            "htu": Key(
                "URL",
                "The origin that DPoP proofs name in `htu`, where the server knows itself by "
                "another one than the URLs of this file.",
            ),
            "clock_offset": Key(
                "seconds", "How far the target's clock is ahead of this machine's.", "`0`"
            ),
            "plain_http": Key(
                "true/false",
                "Speak http where URLs say https: the server itself, behind a proxy that ends TLS. "
                "Many servers then want `headers: {X-Forwarded-Proto: https}`.",
                "`false`",
            ),
            "http2": Key("true/false", "Speak HTTP/2 where the target does.", "`false`"),
            "ip_version": Key("`4` or `6`", "Which addresses to use.", "either"),
        }
    ),
)

REGISTRATION = Section(
    "registration",
    "RFC 7591; deleted by RFC 7592 where the server gives a `registration_client_uri`, and named "
    "in the output where it does not.",
    MappingProxyType(
        {
            "clients": Key(
                "list of words",
                "How each client authenticates: `none`, `client_secret_basic`, "
                "`client_secret_post`, `private_key_jwt`. Methods the metadata does not list are "
                "left out, and public clients where the server refuses them.",
                "`[none, none, client_secret_basic]`",
            ),
            "redirect_uris": Key(
                "list of URIs",
                "Registered for each of them.",
                "`[https://client.example/callback, https://client.example/other]`",
            ),
            "initial_access_token": Key(SECRET, "The token the server asks for, if it does."),
        }
    ),
)

SECTIONS = (
    TARGET,
    CLIENT,
    LOGIN,
    API,
    PRODUCT,
    ENDPOINTS,
    LIMITS,
    LIFETIMES,
    NETWORK,
    REGISTRATION,
)
