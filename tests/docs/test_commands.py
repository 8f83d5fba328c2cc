"""Every command that is shown is run, and what is shown of its output is what it prints.

Each page is read from top to bottom in a folder of its own, against the bundled server on the
loopback. A block of the language `sh` holds commands; `console` holds commands after `$ ` with
their output, in which `…` stands for any lines. Comments above a block direct: `not run: REASON`,
`exit: N` (usual is 0), `file: NAME` (the block is that file), `server: DEFECT` (what the server
lacks from here on). To stay short a run without --select is held to one scenario.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs.pages import COMMAND, PAGES, ROOT, Block, blocks, inline_commands
from tokenspec.conformance.cli import build_parser, main, serve
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

SHOWN = "http://127.0.0.1:8414"
STAND_INS = {  # what a reader has under these names, this server has under those
    "https://login.example": SHOWN,
    "my-client": "tokenspec-public",
    "public-app": "tokenspec-public",
    "https://app.example": "https://client.example",
    "test-user": "alice",
}
ONE = "pkce-verifier-wrong"
ONE_CASE = ["--select", ONE]
NOT_RUN = {
    "needs the network": r"pip install|git pull|apt-get|npm install|pip-compile|tests\.peers",
    "needs the server": r"curl .*\$ISSUER",
    "takes minutes": r"tests\.peers|tokenspec (selftest|fuzz)|\.ci/run|pytest|--scenarios found",
}
LANGUAGES = {"sh", "console", "yaml", "python", "json", "text", "ini", "toml", "groovy"}
TARGET = """\
format: 1
issuer: {issuer}
clients:
  - client_id: tokenspec-public
    redirect_uris: [https://client.example/callback]
login: {{username: alice, password: {{env: TOKENSPEC_PASSWORD}}}}
scope: openid profile email offline_access
"""
WITH_COMMANDS = [
    page for page in PAGES if any(b.language in ("sh", "console") for b in blocks(page))
]


class Replaceable(Server):
    """A server of one address, whose make changes as a page goes on."""

    def __init__(self, issuer: str) -> None:
        super().__init__(demo_config(issuer))
        self.address = issuer
        self.current = Server(demo_config(issuer))

    def handle(self, request: Request) -> Response:
        return self.current.handle(request)


@dataclass(slots=True)
class Reading:
    """A reader of one page: a folder, an environment, a server."""

    folder: Path
    server: Replaceable
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    kept: dict[str, str] = field(default_factory=dict)

    def do(self, line: str) -> tuple[int, str]:
        """Run one line; gives its exit code and what it printed."""
        code, said = 0, ""
        for part in re.split(r" && ", line):
            code, out = self._one(part)
            said += out
            if code:
                break
        return code, said

    def _one(self, command: str) -> tuple[int, str]:
        actual = command
        for shown, meant in {**STAND_INS, SHOWN: self.server.address}.items():
            actual = actual.replace(shown, meant)
        words = shlex.split(actual, comments=True)
        if not words:
            return 0, ""
        if words[0] == "export":
            for word in words[1:]:
                name, value = word.split("=", 1)
                self.patch.setenv(name, os.path.expandvars(value))
            return 0, ""
        if words[0] == "tokenspec":
            return self._tokenspec(words[1:])
        done = subprocess.run(
            ["/bin/bash", "-c", actual],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def _tokenspec(self, words: list[str]) -> tuple[int, str]:
        into = None
        if words[-2:-1] in (["<"], [">"], [">>"]):
            into = self.folder / os.path.expandvars(words[-1])
            words = words[:-2]
        if words[0] == "serve":
            words += ["--port", self.server.address.rpartition(":")[2]]
        if words[0] == "init":
            self.folder.joinpath("target.yaml").unlink(missing_ok=True)
        if words[0] == "run" and "--select" not in words:
            words += ONE_CASE
        words = [found for word in words for found in self._found(word)]
        code = main(words)
        said = self.capture.readouterr()
        if into:
            into.write_text(said.out, encoding="utf-8")
        return code, "" if into else said.out + said.err

    def _found(self, word: str) -> list[str]:
        """What a pattern of files stands for, as a shell has it."""
        if "*" not in word:
            return [word]
        return sorted(path.name for path in self.folder.glob(word))


@pytest.fixture(scope="module")
def server() -> Iterator[Replaceable]:
    made: list[Replaceable] = []

    def make(issuer: str) -> Replaceable:
        made.append(Replaceable(issuer))
        return made[0]

    with running(make):
        yield made[0]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, server: Replaceable) -> Path:
    """The records that pages go on from: a run, and two shards of one."""
    folder = tmp_path_factory.mktemp("records")
    file = folder / "target.yaml"
    written = TARGET.replace("{{env: TOKENSPEC_PASSWORD}}", "wonderland")
    file.write_text(written.format(issuer=server.address), encoding="utf-8")
    for name, more in (("run", ()), ("1", ("--shard", "1/2")), ("2", ("--shard", "2/2"))):
        one = [
            "run",
            str(file),
            "--select",
            ONE,
            "--seed",
            "1",
            "--report-dir",
            str(folder / name),
            *more,
        ]
        assert main(one) == 0
    return folder


@pytest.fixture
def reading(
    tmp_path: Path,
    server: Replaceable,
    records: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Reading:
    server.current = Server(demo_config(server.address))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKENSPEC_PASSWORD", "wonderland")
    monkeypatch.setenv("PEER_PASSWORD", "wonderland")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))

    def replace_server(made: Server, _host: str, _port: int) -> None:
        server.current = made

    monkeypatch.setattr(serve, "serve_forever", replace_server)
    (tmp_path / "target.yaml").write_text(TARGET.format(issuer=server.address), encoding="utf-8")
    whole = (records / "run" / "record.ndjson").read_bytes()
    for name in ("tokenspec-report/record.ndjson", "yesterday/record.ndjson", "record.ndjson",
                 "RECORD", "OLD", "NEW"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(whole)
    for shard in ("1", "2"):
        part = (records / shard / "record.ndjson").read_bytes()
        (tmp_path / f"shard-{shard}.ndjson").write_bytes(part)
    capsys.readouterr()
    return Reading(tmp_path, server, capsys, monkeypatch)


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_works_as_shown(page: str, reading: Reading) -> None:
    for block in blocks(page):
        if "file" in block.directives:
            path = reading.folder / block.directives["file"]
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
        if "server" in block.directives:
            lacking = block.directives["server"].split()
            reading.server.current = Server(demo_config(reading.server.address), defects=lacking)
        if block.language not in ("sh", "console"):
            continue
        if "not run" in block.directives:
            _look_only(block)
            continue
        wanted = int(block.directives.get("exit", "0"))
        for command, shown in _commands(block):
            code, said = reading.do(command)
            assert code == wanted, f"{block.place}: {command}\n{said}"
            said = said.replace(reading.server.address, SHOWN)
            if block.language == "console":
                assert _fits(shown, said), f"{block.place}: {command}\nprints\n{said}"


def _commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block with the output shown under it."""
    lines = "\n".join(block.lines).replace("\\\n", " ").splitlines()
    if block.language == "sh":
        yield from ((line.strip(), []) for line in lines if line.strip())
        return
    command, shown = "", list[str]()
    for line in lines:
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    yield command, shown


def _fits(shown: list[str], said: str) -> bool:
    """Whether the output is the one shown; `…` alone stands for any lines."""
    pattern = ""
    for line in shown:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += re.escape(line.rstrip()) + r"[ ]*\n"
    return re.fullmatch(pattern, said.rstrip() + "\n") is not None


def _look_only(block: Block) -> None:
    """What is not run has a reason that is true of it, and is at least a command there is."""
    reason = block.directives["not run"]
    text = "\n".join(block.lines)
    assert reason in NOT_RUN, f"{block.place}: the reason {reason!r} is none of {list(NOT_RUN)}"
    assert re.search(NOT_RUN[reason], text), f"{block.place}: nothing in it {reason}"
    for command, _ in _commands(block):
        for part in re.split(r" && |; ", command):
            words = shlex.split(part, comments=True)
            if words and Path(words[0]).name == "tokenspec":
                parses(words[1:], block.place)
            if "-m" in words and words[0].endswith("python") and "tests" in part:
                assert importlib.util.find_spec(words[words.index("-m") + 1]), part


def parses(words: list[str], place: str) -> None:
    """The command line takes these words."""
    try:
        build_parser().parse_args(words)
    except SystemExit as error:
        assert error.code == 0, f"{place}: there is no such command: tokenspec {' '.join(words)}"  # noqa: PT017


@pytest.mark.parametrize("page", PAGES)
def test_no_command_hides_in_another_block(page: str) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{block.place}: say which language it is"
        if block.language not in ("sh", "console"):
            hidden = [line for line in block.lines if COMMAND.match(line)]
            assert not hidden or block.language == "yaml", f"{block.place}: {hidden}"


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_commands_in_sentences_exist(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in inline_commands(page):
        _, verb, *words = shlex.split(command)
        if verb == "VERB":
            continue
        try:
            build_parser().parse_args([verb, *words])
        except SystemExit:  # a sentence may leave out what has to be given
            assert "arguments are required" in capsys.readouterr().err, f"{page}: {command}"


def test_a_wrong_output_would_be_noticed() -> None:
    assert _fits(["…", "b", "…"], "a\nb\nc\n")
    assert not _fits(["…", "b"], "a\nb\nc\n")
    assert not _fits(["b"], "a\n")


def test_the_pages_with_commands_are_found() -> None:
    assert {"README.md", "docs/tutorial.md", "docs/login.md"} <= set(WITH_COMMANDS)
    assert all((ROOT / page).is_file() for page in PAGES)
