"""`tokenspec init`: a target file from discovery, with secrets as references to the environment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.schema import schema_file, schema_text
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import TargetUnusable, UsageError
from tokenspec.conformance.profile import load_preset, recognise
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.target.discovery import NEEDED, find_metadata, looked_for
from tokenspec.conformance.target.format import ENDPOINTS
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.target.model import (
    LOGIN_KINDS,
    Client,
    ClientAuth,
    Endpoints,
    Limits,
    Login,
    LoginKind,
    Network,
)
from tokenspec.conformance.target.writing import Wanted, secret_names, target_text
from tokenspec.conformance.transport.network import NetworkTransport

WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
CALLBACK = "https://client.example/callback"
UNKNOWN, NOBODY = "CHANGE-ME", "-"
# the others need a key or certificate, which docs/target-file.md shows how to name
METHODS: tuple[ClientAuth, ...] = ("none", "client_secret_basic", "client_secret_post")
SECRET, PASSWORD, COOKIES = "TOKENSPEC_SECRET", "TOKENSPEC_PASSWORD", "TOKENSPEC_COOKIES"
SECOND_PASSWORD = "TOKENSPEC_SECOND_PASSWORD"
BY_PASSWORD = ("form", "browser", "reference")
EPILOG = """\
examples:
  tokenspec init https://login.example
  tokenspec init https://login.example --client-id web --auth client_secret_basic --username test
  tokenspec init https://login.example --register --username test --second-username other
  tokenspec init https://login.example --endpoint authorization=https://login.example/authorize \\
                                       --endpoint token=https://login.example/token
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "init",
        help=VERBS["init"].help,
        description="Read the metadata of an issuer and write a target file of at most 16 lines, "
        "with secrets as references to environment variables. In a terminal it asks for what it "
        "cannot know.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("issuer", metavar="ISSUER_URL", help="URL of the issuer or of its metadata")
    add("--client-id", help="client_id of a client registered there")
    add("--auth", choices=METHODS, help="how the client authenticates")
    add(
        "--secret-env",
        metavar="NAME",
        help=f"environment variable with the client secret; default {SECRET}",
    )
    add(
        "--redirect-uri",
        action="append",
        metavar="URI",
        help="redirect URI registered for the client",
    )
    add("--register", action="store_true", help="register new clients for each run instead")
    add(
        "--login",
        choices=LOGIN_KINDS,
        help="how to obtain an authorization code; default form, and none where the metadata says "
        "that there are no codes",
    )
    add("--username", help=f"name of the test user; {NOBODY} where the server signs in whoever "
        "comes, without a page for it")  # fmt: skip
    add("--password-env", metavar="NAME", default=PASSWORD, help="environment "
        f"variable with the password; default {PASSWORD}")  # fmt: skip
    add("--second-username", metavar="NAME", help="name of another test user, for the cases "
        "about two users")  # fmt: skip
    add("--second-password-env", metavar="NAME", default=SECOND_PASSWORD, help="environment "
        f"variable with the password of that user; default {SECOND_PASSWORD}")  # fmt: skip
    add("--command", metavar="PROGRAM", help="program that obtains the code, for --login command")
    add(
        "--function", metavar="FILE:NAME", help="function that obtains the code, for --login python"
    )
    add("--scope", help="scopes to ask for; default: supported scopes from the metadata")
    add("--endpoint", action="append", default=[], metavar="NAME=URL", help="an endpoint that "
        f"the metadata does not name: {', '.join(ENDPOINTS.keys)}")  # fmt: skip
    add("--ca-file", metavar="FILE", help="CA certificates to trust (PEM)")
    add("--no-verify-tls", action="store_true", help="do not verify the certificate of the server")
    add("--no-input", action="store_true", help="do not ask questions in a terminal")
    add("--output", default="target.yaml", metavar="FILE", help="output file; never overwritten")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Write the file; one that is there is kept.

    Raises:
        UsageError: the file exists, or an option is wrong.
        TargetUnusable: the metadata cannot be read, and no endpoints were given.
    """
    path = Path(options.output)
    if path.exists():
        raise UsageError(f"{path} exists and is kept", "give another name with --output")
    endpoints = _endpoints(options.endpoint)
    found = _find(options, endpoints)
    asker = _asker(options)
    preset = recognise(found.issuer, found.metadata)
    wanted = _wanted(options, found, endpoints, asker)
    vendor = load_preset(preset).vendor if preset else ""
    path.write_text(target_text(wanted, found.metadata, (preset, vendor)), encoding="utf-8")
    path.with_name(schema_file("target")).write_text(schema_text("target"), encoding="utf-8")
    pretended = dict.fromkeys(secret_names(wanted), "checked for its form only")
    read_target(path, pretended, profile_names())
    _tell(path, wanted, found, (preset, vendor))
    return ExitCode.CONFORMS


@dataclass(frozen=True, slots=True)
class _Found:
    """What the server says of itself, and where."""

    issuer: str
    metadata: Mapping[str, Any]
    source: str


Ask = Callable[[str, str], str]  # a question and the answer that holds if none is given


def _asker(options: argparse.Namespace) -> Ask:
    """Asks in a terminal; elsewhere the answer is the one that was prepared."""
    if options.no_input or not sys.stdin.isatty():
        return lambda _question, prepared: prepared

    def ask(question: str, prepared: str) -> str:
        return input(f"{question} [{prepared}]: ").strip() or prepared

    return ask


def _find(options: argparse.Namespace, endpoints: Endpoints) -> _Found:
    issuer = _bare(options.issuer)
    network = Network(ca_file=options.ca_file or "")
    verify = not options.no_verify_tls
    with NetworkTransport(Limits(), verify_tls=verify, network=network) as transport:
        found = find_metadata(issuer, transport)
    given = all(getattr(endpoints, name) for name in NEEDED)
    if not found.source and not given:
        raise TargetUnusable(
            f"there is no metadata: {looked_for(found)}",
            "is it the issuer, with its path? A server without metadata needs --endpoint "
            "authorization=URL --endpoint token=URL",
        )
    named = found.document.get("issuer")
    name = named if isinstance(named, str) and named else issuer
    return _Found(name, found.document, found.source)


def _bare(url: str) -> str:
    """The issuer of an address that may be that of its metadata."""
    for part in WELL_KNOWN:
        before, found, after = url.partition(part)
        if found:  # at the end (OpenID Connect Discovery §4), or before the path (RFC 8414 §3.1)
            return f"{before}{after}"
    return url


def _endpoints(given: list[str]) -> Endpoints:
    values = {}
    for pair in given:
        name, equals, url = pair.partition("=")
        if not equals or name not in ENDPOINTS.keys:
            known = ", ".join(ENDPOINTS.keys)
            raise UsageError(f"--endpoint {pair}: give NAME=URL", f"names: {known}")
        values[name] = url
    return Endpoints(**values)


def _wanted(options: argparse.Namespace, found: _Found, endpoints: Endpoints, ask: Ask) -> Wanted:
    kind: LoginKind = options.login or ("form" if _gives_codes(found, endpoints) else "none")
    clients = () if options.register else (_client(options, found, ask),)
    return Wanted(
        file=options.output,
        issuer=found.issuer,
        clients=clients,
        login=_login(options, kind, ask),
        second_login=_second_login(options, kind),
        endpoints=endpoints,
        scope=options.scope or "",
        ca_file=str(Path(options.ca_file).resolve()) if options.ca_file else "",
        verify_tls=not options.no_verify_tls,
    )


def _client(options: argparse.Namespace, found: _Found, ask: Ask) -> Client:
    client_id = options.client_id or ask("client_id of a client registered there", UNKNOWN)
    auth = options.auth or ("" if options.secret_env else "none")
    if not options.auth and not options.secret_env:
        auth = ask(f"how the client authenticates ({', '.join(METHODS)})", "none")
    method: ClientAuth = next((m for m in METHODS if m == (auth or _listed(found))), "none")
    uris = tuple(options.redirect_uri or (ask("a redirect URI registered for it", CALLBACK),))
    secret = (options.secret_env or SECRET) if method.startswith("client_secret") else ""
    return Client(client_id, method, secret=secret, redirect_uris=uris)


def _listed(found: _Found) -> str:
    """The method for a secret that the server lists; Basic where it lists none (RFC 8414 §2)."""
    listed = found.metadata.get("token_endpoint_auth_methods_supported") or ()
    basic, post = "client_secret_basic", "client_secret_post"
    return post if post in listed and basic not in listed else basic


def _gives_codes(found: _Found, endpoints: Endpoints) -> bool:
    """Whether users sign in there; RFC 8414 §2: metadata that lists no grants means codes too."""
    if not found.metadata:
        return True
    named = endpoints.authorization or found.metadata.get("authorization_endpoint")
    grants = found.metadata.get("grant_types_supported")
    return bool(named) and (not isinstance(grants, list) or "authorization_code" in grants)


def _login(options: argparse.Namespace, kind: LoginKind, ask: Ask) -> Login:
    if kind not in BY_PASSWORD:
        return Login(
            kind=kind,
            cookies=COOKIES if kind == "cookie" else "",
            command=(options.command or UNKNOWN,) if kind == "command" else (),
            function=(options.function or "login.py:authorize") if kind == "python" else "",
        )
    question = f"a test user, or {NOBODY} where nobody has to sign in"
    username = options.username or ask(question, UNKNOWN)
    if username == NOBODY and kind == "form":
        return Login(kind=kind)
    return Login(kind=kind, username=username, password=options.password_env)


def _second_login(options: argparse.Namespace, kind: LoginKind) -> Login | None:
    """How another user signs in, where one is named.

    Raises:
        UsageError: the way to sign in takes no password, or both users are the same.
    """
    username = options.second_username
    if not username:
        return None
    if kind not in BY_PASSWORD:
        hint = "name both users under 'login' in the file: docs/login.md has an example"
        raise UsageError(f"--second-username does not go with --login {kind}", hint)
    if username == options.username:
        raise UsageError("--second-username is another user than --username")
    return Login(kind=kind, username=username, password=options.second_password_env)


def _tell(path: Path, wanted: Wanted, found: _Found, preset: tuple[str, str]) -> None:
    print(f"wrote {path}, from {found.source or 'the endpoints given'}")
    print(f"editors complete and check it by {schema_file('target')}, beside it")
    if wanted.login.kind == "none":
        print("nobody signs in (login kind none): cases that need a code will not run")
    name, vendor = preset
    if name:
        print(f"recognised {vendor}: 'profile: {name}' tells its documented differences apart")
    if not found.metadata and not wanted.scope:
        print("without metadata the scope is a guess: 'scope' in the file, or --scope")
    if "registration_endpoint" in found.metadata and wanted.clients:
        print("the server registers clients itself: with --register none of yours is needed")
    if UNKNOWN in path.read_text(encoding="utf-8"):
        print(f"put the real values where {path} says {UNKNOWN}")
    exports = "".join(f"  export {name}=…\n" for name in secret_names(wanted))
    print(f"next:\n{exports}  tokenspec check {path}")
