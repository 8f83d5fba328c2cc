"""Install, start and stop the peers: authorization servers of other authors.

`with running("oidc-provider") as peer:` gives a server on a free loopback port and a target file
for it. `python -m tests.peers.launch oidc-provider` does the same in the foreground. Packages are
installed once for each state of a peer's manifest, outside the checkout: in the folder named by
TOKENSPEC_PEERS_CACHE, else in the system's folder for temporary files.

Another version of a peer is a folder `old/NAME-VERSION` with the files that differ there, its
manifest with the hashes among them; `--version VERSION` starts it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import jwt
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.peers.recipes import RECIPES, PeerError, Recipe

HERE = Path(__file__).parent
OLD = HERE / "old"
USERNAME, SECOND_USERNAME = "alice", "bob"
KEY_FILE = "jwt-app.pem"
LOG_FILE = "server.log"
STOP_SECONDS = 5.0  # from the polite signal to the other one


@dataclass(frozen=True, slots=True)
class Peer:
    """A running peer. `env` holds the variables that its target files refer to.

    `target_files` has one for each setting of its recipe beside the usual one, by name.
    """

    name: str
    issuer: str
    target_file: Path
    env: Mapping[str, str]
    log_file: Path
    target_files: Mapping[str, Path]
    group: int  # of its processes


def versions(name: str) -> list[str]:
    """The other versions of a peer that can be started."""
    return sorted(folder.name.removeprefix(f"{name}-") for folder in OLD.glob(f"{name}-*"))


def lay_out(name: str, version: str | None, folder: Path) -> None:
    """Copy the files of a peer to a new folder; those of another version take their places.

    Raises:
        PeerError: there are none for that version.
    """
    shutil.copytree(HERE / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    if version is not None and version not in versions(name):
        raise PeerError(f"{name} has no version {version}: there is no old/{name}-{version}")
    if version is not None:
        shutil.copytree(OLD / f"{name}-{version}", folder, dirs_exist_ok=True)


def installed(name: str, source: Path | None = None) -> Path:
    """The folder with the packages of peer `name`, installed first where they are not yet.

    Args:
        name: a key of `RECIPES`.
        source: the folder with its files; by default that of its usual version.

    Raises:
        PeerError: the installation failed.
    """
    recipe, source = RECIPES[name], source or HERE / name
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {sys.base_prefix}".encode())
    for file in recipe.language.manifest:
        digest.update((source / file).read_bytes())
    cache = Path(
        os.environ.get("TOKENSPEC_PEERS_CACHE") or Path(tempfile.gettempdir()) / "tokenspec-peers"
    )
    folder = cache / f"{name}-{digest.hexdigest()[:16]}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=cache))
    try:
        recipe.language.install(unfinished, source)
        unfinished.rename(folder)
    except OSError:
        if not folder.exists():  # else another process was faster: its folder is as good
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _free_origin() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def _new_key(file: Path) -> dict[str, Any]:
    """Write a new private key to `file` (PEM) and give its public half as a JWK."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.touch(mode=0o600)
    file.write_bytes(pem)
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "use": "sig", "alg": "ES256"}


def _clients(public_key: Mapping[str, Any], secrets_: Mapping[str, str]) -> list[dict[str, Any]]:
    """The clients every peer knows, as client metadata (RFC 7591 §2); the first is the main one."""
    one, two = "https://app.example/callback", "https://app.example/other"
    jwks = {"keys": [dict(public_key)]}
    rows: list[tuple[str, str, list[str], dict[str, Any]]] = [
        ("public-app", "none", [one, two], {}),
        ("other-app", "none", [one], {}),
        ("basic-app", "client_secret_basic", [one], {"client_secret": secrets_["basic-app"]}),
        ("post-app", "client_secret_post", [one], {"client_secret": secrets_["post-app"]}),
        ("jwt-app", "private_key_jwt", [one], {"jwks": jwks}),
    ]
    return [
        {
            "client_id": client_id,
            "token_endpoint_auth_method": auth,
            "redirect_uris": redirect_uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            **more,
        }
        for client_id, auth, redirect_uris, more in rows
    ]


def _target(
    source: Path,
    recipe: Recipe,
    origins: tuple[str, str],
    clients: list[dict[str, Any]],
    variables: Mapping[str, str],
    *,
    dpop_nonce: bool,
) -> dict[str, Any]:
    """The target file's content; `recipe` is that of the setting."""
    issuer = origins[recipe.second] + recipe.path
    manifest = source / recipe.language.manifest[0]
    version = recipe.version.search(manifest.read_text("utf-8"))
    if version is None:
        raise PeerError(f"{manifest} does not pin {recipe.product}")
    entries = []
    for client in sorted(
        clients, key=lambda c: recipe.methods.index(c["token_endpoint_auth_method"])
    ):
        entry: dict[str, Any] = {
            "client_id": client["client_id"] + recipe.client_suffix,
            "auth": client["token_endpoint_auth_method"],
        }
        if "client_secret" in client:
            entry["secret"] = {"env": variables[client["client_id"]]}
        if "jwks" in client:
            entry["private_key"] = {"file": KEY_FILE}
        entries.append({**entry, "redirect_uris": client["redirect_uris"]})
    logins = [
        {"kind": "form", "username": name, "password": {"env": variables[name]}}
        for name in (USERNAME, *([SECOND_USERNAME] if recipe.second_user else []))
    ]
    target: dict[str, Any] = {
        "format": 1,
        "product": {"vendor": recipe.vendor, "name": recipe.product, "version": version[1]},
        "issuer": issuer,
        "clients": entries,
        "login": logins if recipe.second_user else logins[0],
        "scope": recipe.scope,
    }
    if recipe.authorize:
        target["authorize"] = dict(recipe.authorize)
    more = json.dumps(dict(recipe.more))
    target |= json.loads(more.replace("{issuer}", issuer).replace("{second}", origins[1]))
    if dpop_nonce:
        target["capabilities"] = {**target.get("capabilities", {}), "dpop-nonce": True}
    return target


def _wait_until_ready(process: subprocess.Popen[bytes], peer: Peer, recipe: Recipe) -> None:
    """Ask for the discovery document until it comes.

    Raises:
        PeerError: the process ended, or the time allowed is over.
    """
    deadline = time.monotonic() + recipe.start_seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(peer.issuer + recipe.ready).is_success:
                return
        except httpx.TransportError:
            pass  # not listening yet
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    log = peer.log_file.read_text("utf-8", errors="replace")[-2000:]
    raise PeerError(f"{peer.name} did not answer at {peer.issuer}; its output ends with:\n{log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
    with suppress(ProcessLookupError):  # nothing of it is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def running(
    name: str,
    *,
    version: str | None = None,
    dpop_nonce: bool = False,
    different: Mapping[str, Any] = MappingProxyType({}),
    installation: Path | None = None,
) -> Iterator[Peer]:
    """Start peer `name` and stop it at the end of the block, its working folder removed.

    Args:
        name: a key of `RECIPES`.
        version: one of its other `versions`; by default the usual one.
        dpop_nonce: ask for server-provided DPoP nonces; oidc-provider only.
        different: fields of its recipe that are others this time.
        installation: the folder with its packages; by default what `installed` gives.

    Raises:
        PeerError: the peer could not be installed or did not start.
    """
    with tempfile.TemporaryDirectory(prefix=f"tokenspec-{name}-") as folder:
        work = Path(folder) / "server"
        lay_out(name, version, work)
        installation = installation or installed(name, work)
        recipe, origins = replace(RECIPES[name], **different), (_free_origin(), _free_origin())
        issuer = origins[0] + recipe.path
        variables = {
            USERNAME: "PEER_PASSWORD",
            SECOND_USERNAME: "PEER_SECOND_PASSWORD",
            "basic-app": "PEER_BASIC_SECRET",
            "post-app": "PEER_POST_SECRET",
        }
        secret = {owner: secrets.token_urlsafe(24) for owner in variables}
        known = _clients(_new_key(Path(folder) / KEY_FILE), secret)
        clients = [c for c in known if c["token_endpoint_auth_method"] in recipe.methods]
        for client in clients:
            client["scope"] = recipe.scope
        clients_file = Path(folder) / "clients.json"
        clients_file.write_text(json.dumps(clients), "utf-8")
        files = {}
        for setting, others in {"": {}, **recipe.settings}.items():
            files[setting] = Path(folder) / (f"target-{setting}.yaml" if setting else "target.yaml")
            there = replace(recipe, **others)
            content = _target(work, there, origins, clients, variables, dpop_nonce=dpop_nonce)
            files[setting].write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
        usual = files.pop("")
        env = {variable: secret[owner] for owner, variable in variables.items()}
        log_file = Path(folder) / LOG_FILE
        environment = {
            **os.environ,
            **recipe.environment,
            **env,
            "PEER_ISSUER": issuer,
            "PEER_SECOND": origins[1],
            "PEER_CLIENTS": str(clients_file),
            "PEER_USERNAME": USERNAME,
            "PEER_SECOND_USERNAME": SECOND_USERNAME,
            "PEER_DPOP_NONCE": "1" if dpop_nonce else "",
        }
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                recipe.language.command(installation, work),
                cwd=work,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        peer = Peer(
            name, issuer, usual, MappingProxyType(env), log_file, MappingProxyType(files),
            group=process.pid,
        )  # fmt: skip
        try:
            _wait_until_ready(process, peer, recipe)
            yield peer
        finally:
            _stop(process)


def main() -> int:
    """Run one peer until interrupted, after printing what a run against it needs."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.launch", description=__doc__)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--dpop-nonce", action="store_true", help="ask for DPoP nonces")
    parser.add_argument("--version", help="another version, of tests/peers/old/NAME-VERSION")
    options = parser.parse_args()
    stop = {signal.SIGINT, signal.SIGTERM}
    try:
        with running(options.name, version=options.version, dpop_nonce=options.dpop_nonce) as peer:
            signal.pthread_sigmask(signal.SIG_BLOCK, stop)
            lines = [f"export {name}={shlex.quote(value)}" for name, value in peer.env.items()]
            lines += [f"# {peer.name} at {peer.issuer}; its target file, until Ctrl-C:"]
            lines += [str(file) for file in (peer.target_file, *peer.target_files.values())]
            sys.stdout.write("\n".join([*lines, ""]))
            sys.stdout.flush()
            signal.sigwait(stop)
    except PeerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
