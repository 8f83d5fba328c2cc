"""`tokenspec init`: a target file from discovery, with secrets as references to the environment."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from conformance.errors import TargetUnusable, UsageError
from conformance.run.conclusion import ExitCode
from conformance.target.discovery import Discovered, discover
from conformance.target.model import Client, Limits, Login, Target
from conformance.transport.network import NetworkTransport

HEAD = """\
# A target of tokenspec; every key is explained in docs/target-file.md.
# Next: set the environment variables named here, then: tokenspec check {file}
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "init",
        help="write a target file for a server",
        description="Read the metadata of an issuer and write a target file with secrets as "
        "references to environment variables.",
        allow_abbrev=False,
    )
    parser.add_argument("issuer", metavar="ISSUER_URL")
    parser.add_argument("--client-id", default="CHANGE-ME", help="a client of yours there")
    parser.add_argument("--secret-env", metavar="NAME", help="the variable with its secret")
    parser.add_argument("--redirect-uri", default="https://client.example/callback")
    parser.add_argument("--username", default="CHANGE-ME", help="a test user")
    parser.add_argument("--output", default="target.yaml", metavar="FILE")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Write the file; one that is there is kept.

    Raises:
        UsageError: the file exists.
        TargetUnusable: the metadata cannot be read.
    """
    path = Path(options.output)
    if path.exists():
        raise UsageError(f"{path} exists and is kept", "give another name with --output")
    issuer = options.issuer.removesuffix("/.well-known/openid-configuration")
    found = _discover(issuer)
    content = HEAD.format(file=path) + yaml.safe_dump(_content(options, found), sort_keys=False)
    path.write_text(content, encoding="utf-8")
    print(f"wrote {path}, from {found.source}")
    print(f"set TOKENSPEC_PASSWORD, put the real values in {path}, then: tokenspec check {path}")
    return ExitCode.CONFORMS


def _discover(issuer: str) -> Discovered:
    blank = Target(issuer=issuer, clients=(Client("unknown"),), login=Login())
    with NetworkTransport(Limits()) as transport:
        try:
            return discover(blank, transport)
        except TargetUnusable as error:
            hint = f"{error.hint}; or write the file by hand with 'endpoints:'"
            raise TargetUnusable(error.message, hint.removeprefix("; ")) from error


def _content(options: argparse.Namespace, found: Discovered) -> dict[str, Any]:
    client: dict[str, Any] = {"client_id": options.client_id}
    if options.secret_env:
        client |= {"auth": _method(found), "secret": {"env": options.secret_env}}
    client["redirect_uris"] = [options.redirect_uri]
    scopes = found.metadata.get("scopes_supported") or ()
    wanted = [s for s in ("openid", "profile", "email", "offline_access") if s in scopes]
    return {
        "format": 1,
        "issuer": str(found.metadata.get("issuer", options.issuer)),
        "clients": [client],
        "login": {"username": options.username, "password": {"env": "TOKENSPEC_PASSWORD"}},
        "scope": " ".join(wanted or ["openid"]),
    }


def _method(found: Discovered) -> str:
    """The method for a secret that the server lists; Basic where it lists none (RFC 8414 §2)."""
    listed = found.metadata.get("token_endpoint_auth_methods_supported") or ()
    basic, post = "client_secret_basic", "client_secret_post"
    return post if post in listed and basic not in listed else basic
