"""Completion as a shell does it: bash is really asked, and fish where there is one."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tokenspec.conformance.cli import build_parser, main
from tokenspec.conformance.cli.completion import SHELLS, script
from tokenspec.conformance.record.conclusion import ExitCode

ASK = """\
source "$1"; shift
name=$(complete -p tokenspec); name=${name##*-F }; name=${name%% *}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
"$name" tokenspec "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@cache
def made(shell: str) -> str:
    return script(build_parser(), shell)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for shell in ("bash", "fish"):
        (tmp_path / shell).write_text(made(shell), encoding="utf-8")
    for name in ("target.yaml", "record.ndjson", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "out").mkdir()
    return tmp_path


LINES = pytest.mark.parametrize(
    ("line", "offered", "never"),
    [
        ("", {"run", "replay", "completion", "selftest"}, {"--jobs"}),
        ("rep", {"replay", "report"}, {"run"}),
        ("run --fail-on ", {"must", "should", "never"}, {"--jobs"}),
        ("run --sel", {"--select"}, {"--shard"}),
        ("run --select pkce-verifier-wr", {"pkce-verifier-wrong"}, {"code-used-twice"}),
        ("run --select pkce-verifier-wrong/last-ch",
         {"pkce-verifier-wrong/last-character-changed"}, set()),
        ("run --select redir", {"redirect_uri"}, set()),
        ("run --select RFC7636-4.6", {"RFC7636-4.6-mismatch_invalid_grant"}, set()),
        ("run --profile fapi", {"fapi-2.0"}, {"rfc"}),
        ("run t", {"target.yaml"}, {"notes.txt"}),
        ("run --report-dir ", {"out"}, {"target.yaml"}),
        ("replay r", {"record.ndjson"}, set()),
        ("replay record.ndjson pkce-verifier-wr", {"pkce-verifier-wrong"}, set()),
        ("waivers ", {"update", "prune"}, set()),
        ("serve --defect pkce.ver", {"pkce.verifier_matches"}, set()),
        ("completion ", set(SHELLS), {"tcsh"}),
    ],
)  # fmt: skip


@LINES
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_is_offered(folder: Path, line: str, offered: set[str], never: set[str]) -> None:
    done = subprocess.run(
        [str(shutil.which("bash")), "-c", ASK, "ask", "./bash", "tokenspec", *line.split(" ")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    found = set(done.stdout.split())
    assert offered <= found
    assert not never & found


@LINES
@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_is_offered(folder: Path, line: str, offered: set[str], never: set[str]) -> None:
    ask = f'source ./fish; complete -C "tokenspec {line}"'
    done = subprocess.run(
        [str(shutil.which("fish")), "--no-config", "-c", ask],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    found = {told.partition("\t")[0].rstrip("/") for told in done.stdout.splitlines()}
    assert offered <= found
    assert not never & found


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_can_read_its_script(shell: str, tmp_path: Path) -> None:
    text = made(shell)
    assert "pkce-verifier-wrong/last-character-changed" in text
    if shutil.which(shell) is None:
        return
    path = tmp_path / "script"
    path.write_text(text, encoding="utf-8")
    subprocess.run([shell, "-n", str(path)], check=True, timeout=30)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert "complete -" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["completion", "cmd"])
    assert ended.value.code == ExitCode.WRONG_USAGE
