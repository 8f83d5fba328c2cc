"""How each peer is installed and started, and what its target file says besides."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any


class PeerError(Exception):
    """A peer could not be installed or started; the message holds the tail of its output."""


METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")


@dataclass(frozen=True, slots=True)
class Language:
    """How peers in one language are installed and started. Files are relative to the peer's folder.

    `install` fills an empty folder; `command` gives the arguments that start the server, from that
    folder and a working folder that holds a copy of the peer's files.
    """

    manifest: tuple[str, ...]  # the first says which version of the product
    install: Callable[[Path, Path], None]
    command: Callable[[Path, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one peer is installed and started."""

    vendor: str
    product: str
    version: re.Pattern[str]  # matches the manifest, group 1 is the version
    language: Language
    scope: str
    environment: Mapping[str, str] = field(default_factory=dict)
    authorize: Mapping[str, str] = field(default_factory=dict)  # sent with ordinary requests
    methods: tuple[str, ...] = METHODS  # of client authentication; that of the main client first
    path: str = ""  # of the issuer
    client_suffix: str = ""  # behind the name of each client
    second: bool = False  # the issuer is at the second of the two addresses that a peer may use
    ready: str = "/.well-known/openid-configuration"  # under the issuer, answers when it is up
    # Of the target file; the addresses are put in for {issuer} and {second}.
    more: Mapping[str, Any] = field(default_factory=dict)
    # Other settings of the same process, each with a target file: the fields that differ there.
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    second_user: bool = False  # has another one, who signs in by the same pages
    heavy: bool = False  # takes minutes: outside the gate, and of the matrix only when asked for
    start_seconds: float = 90.0  # from the start of the process to its first answer


def _run(command: list[str], folder: Path) -> None:
    """Run an installer in `folder`.

    Raises:
        PeerError: the program is missing or failed.
    """
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise PeerError(f"{command[0]} is not installed; the peer needs it") from error
    if done.returncode:
        output = (done.stdout + done.stderr)[-2000:]
        raise PeerError(f"{shlex.join(command)} failed with status {done.returncode}:\n{output}")


def _install_node(folder: Path, source: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(source / name, folder)
    _run(["npm", "ci", "--ignore-scripts"], folder)


def _start_node(installation: Path, work: Path) -> list[str]:
    # Node looks for the packages of a module in the folders above it.
    (work / "node_modules").symlink_to(installation / "node_modules")
    return ["node", "server.js"]


def _install_python(folder: Path, source: Path) -> None:
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    _run([*pip, "--require-hashes", "-r", str(source / "requirements.txt")], folder)


def _start_python(installation: Path, _work: Path) -> list[str]:
    return [str(installation / "bin" / "python"), "server.py"]


def _install_go(folder: Path, source: Path) -> None:
    _run(["go", "build", "-o", str(folder / "server"), "."], source)


def _go_tool(*options: str, cgo: bool) -> Callable[[Path, Path], None]:
    """For a product that is a program of its own: the tool that the manifest names."""

    def install(folder: Path, source: Path) -> None:
        build = ["env", f"CGO_ENABLED={int(cgo)}", "go", "build", "-trimpath", *options]
        _run([*build, "-p", "1", "-o", f"{folder}{os.sep}", "tool"], source)  # it is much
        _install_go(folder, source)

    return install


def _start_go(installation: Path, _work: Path) -> list[str]:
    return [str(installation / "server")]


def _install_keycloak(folder: Path, source: Path) -> None:
    artifact, digest = (source / "artifact.txt").read_text("utf-8").split()
    _, name, version, kind = artifact.split(":")
    copy = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}"]
    _run([*copy, f"-DoutputDirectory={folder}"], folder)
    archive = folder / f"{name}-{version}.{kind}"
    with archive.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != f"sha256:{found}":
        raise PeerError(f"{archive.name} is not what {source.name}/artifact.txt pins")
    shutil.unpack_archive(archive, folder)
    archive.unlink()
    (folder / f"keycloak-{version}").rename(folder / "keycloak")
    script = folder / "keycloak" / "bin" / "kc.sh"
    script.chmod(0o755)  # what unpacks an archive here knows no such bits
    # What `start-dev` would do at every start, and it takes most of the time.
    # The cache by a variable: some versions know it as an option of `start` alone.
    _run(["env", "KC_CACHE=local", str(script), "build", "--db=dev-mem"], folder)


def _start_keycloak(installation: Path, work: Path) -> list[str]:
    home = work / "keycloak"  # a copy, as it reads the realms and keeps what it makes in there
    shutil.copytree(installation / "keycloak", home)
    return [sys.executable, "server.py", str(home)]


def _install_spring(folder: Path, source: Path) -> None:
    shutil.copy(source / "pom.xml", folder)
    shutil.copytree(source / "src", folder / "src")
    _run(["mvn", "-q", "-B", "package"], folder)


def _start_spring(installation: Path, _work: Path) -> list[str]:
    return [sys.executable, "server.py", str(installation / "target" / "server.jar")]


NODE = Language(("package.json", "package-lock.json"), _install_node, _start_node)
PYTHON = Language(("requirements.txt",), _install_python, _start_python)
GO = Language(("go.mod", "go.sum", "main.go"), _install_go, _start_go)
DEX = Language(GO.manifest, _go_tool(cgo=False), _start_go)
HYDRA = Language(GO.manifest, _go_tool("-tags", "sqlite,json1", cgo=True), _start_go)
KEYCLOAK = Language(("artifact.txt",), _install_keycloak, _start_keycloak)
SPRING = Language(("pom.xml", "src/main/java/peer/Server.java"), _install_spring, _start_spring)
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "oidc-provider": Recipe(
            vendor="panva",
            product="oidc-provider",
            version=re.compile(r'"oidc-provider": "([\d.]+)"'),
            language=NODE,
            scope="openid profile email offline_access",
            environment=MappingProxyType({"NODE_ENV": "production"}),
            # offline_access is granted only where consent is asked for (OIDC Core §11)
            authorize=MappingProxyType({"prompt": "consent"}),
            second_user=True,
        ),
        "authlib": Recipe(
            vendor="authlib",
            product="Authlib",
            version=re.compile(r"^authlib==([\d.]+)", re.MULTILINE),
            language=PYTHON,
            scope="openid profile email",
            environment=MappingProxyType({"AUTHLIB_INSECURE_TRANSPORT": "1"}),
        ),
        "node-oauth": Recipe(
            vendor="node-oauth",
            product="@node-oauth/oauth2-server",
            version=re.compile(r'"@node-oauth/oauth2-server": "([\d.]+)"'),
            language=NODE,
            scope="read",
            methods=("none", "client_secret_basic", "client_secret_post"),
            ready="/login",
            more=MappingProxyType(
                {
                    "endpoints": {
                        "authorization": "{issuer}/authorize",
                        "token": "{issuer}/token",
                    },
                    "capabilities": {"refresh": True, "pkce-plain-off": True},
                }
            ),
        ),
        "django-oauth-toolkit": Recipe(
            vendor="Django OAuth Toolkit",
            product="django-oauth-toolkit",
            version=re.compile(r"^django-oauth-toolkit==([\d.]+)", re.MULTILINE),
            language=PYTHON,
            scope="openid read",
            methods=("none", "client_secret_basic", "client_secret_post"),
            path="/o",
            second_user=True,
            more=MappingProxyType({"capabilities": {"refresh": True}}),
        ),
        "zitadel-oidc": Recipe(
            vendor="zitadel",
            product="zitadel/oidc",
            version=re.compile(r"github.com/zitadel/oidc/v3 v([\d.]+)"),
            language=GO,
            scope="openid profile email offline_access",
            methods=("none", "client_secret_basic"),
            more=MappingProxyType({"capabilities": {"session": False, "prompt-none": False}}),
        ),
        "workers-oauth": Recipe(
            vendor="Cloudflare",
            product="@cloudflare/workers-oauth-provider",
            version=re.compile(r'"@cloudflare/workers-oauth-provider": "([\d.]+)"'),
            language=NODE,
            scope="read offline_access",
            methods=("none", "client_secret_basic", "client_secret_post"),
            ready="/.well-known/oauth-authorization-server",
            more=MappingProxyType({"profile": "workers-oauth"}),
            heavy=True,
        ),
        "better-auth": Recipe(
            vendor="better-auth",
            product="@better-auth/oauth-provider",
            version=re.compile(r'"@better-auth/oauth-provider": "([\d.]+)"'),
            language=NODE,
            scope="openid profile email offline_access",
            path="/api/auth",
            # a refresh token that comes back ends every grant of its user: one case at a time
            more=MappingProxyType({"profile": "better-auth", "limits": {"jobs": 1}}),
            heavy=True,
        ),
        "dex": Recipe(
            vendor="Dex",
            product="dex",
            version=re.compile(r"// Dex ([\d.]+):"),
            language=DEX,
            scope="openid profile email offline_access",
            methods=("none", "client_secret_basic", "client_secret_post"),
            path="/dex",
            # a new sign-in ends the refresh token of before: one case at a time
            more=MappingProxyType({"capabilities": {"session": False}, "limits": {"jobs": 1}}),
            settings=MappingProxyType({"no-reuse": {"second": True}}),
            heavy=True,
        ),
        "hydra": Recipe(
            vendor="Ory",
            product="hydra",
            version=re.compile(r"github.com/ory/hydra/v2 v([\d.]+)"),
            language=HYDRA,
            scope="openid profile email offline_access",
            # SQLite, where requests at one moment end in errors: one case at a time
            more=MappingProxyType(
                {"profile": "hydra", "hosts": ["{second}"], "limits": {"jobs": 1}}
            ),
            heavy=True,
            start_seconds=60.0,
        ),
        "keycloak": Recipe(
            vendor="Keycloak",
            product="keycloak",
            version=re.compile(r"keycloak-quarkus-dist:([\d.]+)"),
            language=KEYCLOAK,
            scope="openid profile email offline_access",
            path="/realms/default",
            # the first requests after a start wait for much to be loaded
            more=MappingProxyType({"profile": "keycloak", "limits": {"timeout": 60}}),
            settings=MappingProxyType(
                {
                    "rotation": {"path": "/realms/rotation"},
                    "dpop": {"path": "/realms/dpop"},
                }
            ),
            second_user=True,
            heavy=True,
            start_seconds=600.0,
        ),
        "spring-authorization-server": Recipe(
            vendor="Spring",
            product="spring-authorization-server",
            version=re.compile(r"<spring-(?:security|authorization-server).version>([\d.]+)"),
            language=SPRING,
            scope="openid profile read",
            # public clients get no refresh tokens, so that another is the main one
            methods=("client_secret_basic", "client_secret_post", "none", "private_key_jwt"),
            settings=MappingProxyType(
                {"consent": {"client_suffix": "-consent", "methods": METHODS}}
            ),
            # the first requests after a start wait for much to be loaded
            more=MappingProxyType({"profile": "spring", "limits": {"timeout": 60}}),
            heavy=True,
            start_seconds=180.0,
        ),
    }
)
