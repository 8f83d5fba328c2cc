"""The reference server in a process of its own that ends at a given token request.

Arguments: port, number of token requests it lives for (0: forever; below: it does not begin).
Writes the id of a child it starts to the file `child`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import serve_forever

HOST = "127.0.0.1"


class Mortal(Server):
    lives = 0

    def handle(self, request: Request) -> Response:
        if "/oauth/token" in request.url and next(self.asked) == self.lives:
            sys.stdout.write("out of memory\x1b[2J\n")
            sys.stdout.flush()
            os._exit(7)
        return super().handle(request)


if __name__ == "__main__":
    port, lives = int(sys.argv[1]), int(sys.argv[2])
    server = Mortal(demo_config(f"http://{HOST}:{port}"))
    server.lives, server.asked = lives, count(1)
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    Path("child").write_text(str(child.pid), encoding="utf-8")
    if lives < 0:
        sys.exit("no database")
    serve_forever(server, HOST, port)
