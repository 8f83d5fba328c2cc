"""Three records with all that is made of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.target_files import PUBLIC
from tokenspec.conformance.cli import main
from tokenspec.reference_server import Server
from tokenspec.reference_server.alterations.catalogue import DEFECTS
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.guarding import GUARDS
from tokenspec.reference_server.shell import running

TWO = ("pkce.verifier_matches", "code.replay_revokes")
BUNDLE, KEY, PUBLIC_KEY = "evidence.zip", "key.pem", "public.pem"
BROKEN = ("fail", "warn")


@dataclass(frozen=True)
class Outputs:
    """What a run has written into a folder."""

    name: str
    folder: Path

    @property
    def lines(self) -> list[dict[str, object]]:
        """The record."""
        text = (self.folder / "record.ndjson").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    @property
    def findings(self) -> int:
        return sum(line["type"] == "finding" for line in self.lines)

    @property
    def broken(self) -> int:
        return sum(line.get("verdict") in BROKEN for line in self.lines)


def fifty() -> tuple[str, ...]:
    """Checks of all parts of the server that are not made, evenly taken."""
    names = [name for name in DEFECTS if name in GUARDS]
    return tuple(names[:: len(names) // 50][:50])


def made(folder: Path) -> Iterator[Outputs]:
    """A whole run each, every format, and a signed bundle."""
    for name, defects in (("no fault", ()), ("two faults", TWO), ("fifty faults", fifty())):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        with running(
            lambda issuer, given=defects: Server(demo_config(issuer), defects=given)
        ) as issuer:
            (place / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
            _command(place, "run", "target.yaml", "--report-dir", ".", "--formats", "all")
        _make_key(place)
        _command(
            place, "report", "record.ndjson", "--bundle", BUNDLE, "--sign", KEY,
            "--report-dir", ".",
        )  # fmt: skip
        yield Outputs(name, place)


def _command(folder: Path, *words: str) -> None:
    with chdir(folder), redirect_stdout(io.StringIO()):
        main(list(words))


def _make_key(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / KEY).write_bytes(private)
