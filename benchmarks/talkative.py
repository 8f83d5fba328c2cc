"""`tokenspec` with a bundled server that says more: each answer has so many further headers.

`python -m benchmarks.talkative 40 run --report-dir DIR`. What the answers say is evidence, which
goes to the record; memory must not grow with it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from unittest import mock

from tokenspec.conformance.cli import main
from tokenspec.reference_server import Server
from tokenspec.reference_server.messages import Request, Response

OCTETS = 500  # of one header, which evidence shows whole


def run(count: int, arguments: list[str]) -> int:
    """The exit code of the command."""
    handle = Server.handle
    more = tuple((f"X-More-{number}", "x" * OCTETS) for number in range(count))

    def talk(self: Server, request: Request) -> Response:
        answer = handle(self, request)
        return replace(answer, headers=(*answer.headers, *more))

    with mock.patch.object(Server, "handle", talk):
        return main(arguments)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
