"""Fresh environments to install tokenspec into, without network: the dependencies are linked."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("conformance", "reference_server", "reports", "scenarios")
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--no-compile")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that has every dependency and, at first, no tokenspec."""

    folder: Path

    @property
    def site(self) -> Path:
        """Where packages are installed."""
        places = {"base": str(self.folder), "platbase": str(self.folder)}
        return Path(sysconfig.get_path("purelib", vars=places))

    @property
    def bin(self) -> Path:
        """Where its commands are."""
        return self.folder / "bin"

    def install(self, *what: str | Path) -> None:
        """Install by pip: an archive, or `-e` and a folder."""
        quiet = ("--quiet", "--disable-pip-version-check")
        pip = ("-m", "pip", "--python", self.folder, "install", *quiet, *OFFLINE)
        said = run(self.folder, sys.executable, *pip, *what)
        assert not said, said

    def python(self, cwd: Path, *words: str | Path, **more: str) -> str:
        """What its python prints."""
        return run(cwd, self.bin / "python", *words, **more)


def fresh(folder: Path) -> Environment:
    """An environment of its own, to which the installed dependencies of this one are linked."""
    made = Environment(folder)
    venv.create(folder, with_pip=False)
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "tokenspec" not in path.name and path.suffix != ".pth":
            (dependencies / path.name).symlink_to(path)
    (made.site / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    return made


def run(cwd: Path, *command: str | Path, **more: str) -> str:
    """What a command prints; it has to succeed. It sees no PYTHONPATH but the one in `more`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**own, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
