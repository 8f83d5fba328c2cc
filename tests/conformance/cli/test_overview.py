"""`tokenspec --help` lists the verbs from a table, without loading any."""

import subprocess
import sys

from tokenspec.conformance.cli import build_parser, overview

ASK = """
import sys
from contextlib import suppress
from tokenspec.conformance.cli import main
with suppress(SystemExit):
    main(["--help"])
print([name for name in ("pytest", "httpx", "jwt", "yaml", "argparse") if name in sys.modules])
"""


def test_it_says_what_the_whole_command_line_says() -> None:
    assert overview().format_help() == build_parser().format_help()


def test_it_loads_no_verb() -> None:
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert "run scenarios against a target" in asked.stdout
    assert asked.stdout.splitlines()[-1] == "['argparse']"
