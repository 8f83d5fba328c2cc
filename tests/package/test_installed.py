"""Installed, the project takes one name: from wheel, sdist, editable install and bare checkout."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.package.environments import PARTS, ROOT, Environment, fresh, run

IMPORTS = "".join(f"import tokenspec.{part}; " for part in PARTS)
SAID = f"{IMPORTS}print(*(sys.modules['tokenspec.' + p].__file__ for p in {PARTS}), sep='\\n')"
USERS_FILE = """\
from pathlib import Path

from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.scenario.model import Case
from tokenspec.reference_server import Request, Server


def failed(path: Path) -> list[str]:
    return [line["key"] for line in read_record(path).findings if line["verdict"] == "fail"]


def status(server: Server, url: str) -> int:
    return server.handle(Request("GET", url)).status


def area(case: Case) -> str:
    return case.area
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(ROOT, sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    return folder


@pytest.fixture(scope="module")
def installed(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that the wheel is installed in."""
    made = fresh(tmp_path_factory.mktemp("wheel") / "environment")
    made.install(*archives.glob("*.whl"))
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with folders of all four names, each a package with content of its own."""
    for part in PARTS:
        (tmp_path / part).mkdir()
        (tmp_path / part / "__init__.py").write_text(f"OWN = {part!r}\n", encoding="utf-8")
    checks = "".join(f"from {part} import OWN as {part}\n" for part in PARTS)
    checks += f"\ndef test_they_are_ours():\n    assert ({', '.join(PARTS)}) == {PARTS}\n"
    (tmp_path / "test_own.py").write_text(checks, encoding="utf-8")
    return tmp_path


def places(environment: Environment, cwd: Path, **more: str) -> list[Path]:
    """Where the four parts are imported from."""
    said = environment.python(cwd, "-c", f"import sys; {SAID}", **more)
    return [Path(line).parent for line in said.splitlines()]


def test_the_wheel_has_one_name(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tokenspec"}
    assert len(tops) == 2
    assert "tokenspec/py.typed" in names


def test_every_file_of_the_parts_is_in_the_wheel(archives: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    own = {
        f"tokenspec/{path.relative_to(ROOT)}"
        for part in PARTS
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not own - names


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_an_archive_brings_all_parts(archives: Path, kind: str, tmp_path: Path) -> None:
    made = fresh(tmp_path / "environment")
    made.install(*archives.glob(kind))
    assert places(made, tmp_path) == [made.site / "tokenspec" / part for part in PARTS]


def test_a_project_with_folders_of_these_names_has_its_own(
    installed: Environment, project: Path
) -> None:
    assert "1 passed" in installed.python(project, "-m", "pytest")
    assert "Conforms" in run(project, installed.bin / "tokenspec", "run", "--quick")


def test_an_editable_install_is_the_checkout(tmp_path: Path) -> None:
    made = fresh(tmp_path / "environment")
    made.install("-e", ROOT)
    assert [path.resolve() for path in places(made, tmp_path)] == [ROOT / part for part in PARTS]
    assert "usage: tokenspec" in run(tmp_path, made.bin / "tokenspec", "--help")


def test_a_bare_checkout_works(tmp_path: Path) -> None:
    made = fresh(tmp_path / "environment")
    source = str(ROOT / "src")
    said = made.python(tmp_path, "-m", "tokenspec", "list", "pkce", PYTHONPATH=source)
    assert "pkce-verifier-wrong" in said
    chosen = ("scenarios/pkce", "--oauth-select", "pkce-verifier-wrong/another-verifier")
    said = made.python(ROOT, "-m", "pytest", "-p", "no:cacheprovider", *chosen)
    assert "1 passed" in said


def test_mypy_is_content_with_a_file_that_uses_the_wheel(
    installed: Environment, tmp_path: Path
) -> None:
    (tmp_path / "user.py").write_text(USERS_FILE, encoding="utf-8")
    python = ("--python-executable", installed.bin / "python")
    said = run(tmp_path, sys.executable, "-m", "mypy", "--strict", *python, "user.py")
    assert "no issues found" in said
