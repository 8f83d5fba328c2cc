"""A program of the user's own carries authorization requests."""

from __future__ import annotations

import shlex
import subprocess

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.login.handed import Carry

SECONDS = 120  # that one command may take


def by_command(command: tuple[str, ...]) -> Carry:
    """Runs `command` with the authorization URL as its last argument, without a shell.

    It prints the callback URL as the last line of its output, or `error-page:` and what the page
    says.
    """
    name = shlex.join(command)

    def carry(url: str, _redirect_uri: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
                [*command, url], capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LoginBlocked(
                f"the login command {name!r} failed: {error}", "check login.command"
            ) from error
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            told = done.stderr.strip()[-300:]
            raise LoginBlocked(
                f"the login command {name!r} ended with status {done.returncode}: {told}",
                "it has to print the callback URL as its last line",
            )
        return lines[-1].strip()

    return carry
