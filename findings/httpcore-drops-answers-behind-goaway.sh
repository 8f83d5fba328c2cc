#!/usr/bin/env bash
# Library: httpcore 1.0.9 with h2 4.4.1 (PyPI), which httpx 0.28.1 sends with; seen on Python 3.11.7.
#
# Expected: RFC 9113 §6.8: a server that ends a connection in good order sends GOAWAY with the last stream that
# it acts on, and finishes what came up to there. Here it sends one behind the only request, names its stream,
# and answers it then. So the answer arrives.
#
# Instead: no answer comes. When httpcore next reads for a stream and has seen GOAWAY, it raises
# RemoteProtocolError, also for a stream up to the one that was named. The request was processed: a code that
# was in it is spent, and the tokens are lost. Proxies end connections so when they are loaded anew, or after
# some number of requests.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check httpcore==1.0.9 h2==4.4.1 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import socket
import sys
import threading
import time

import h2.config
import h2.connection
import h2.events
import httpcore


def goaway(last):
    """The frame by hand: h2 sends nothing more once it has made one."""
    return b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + last.to_bytes(4, "big") + bytes(4)


def serve(listener, early):
    """One connection, one request: GOAWAY before its answer, or behind it."""
    wire = listener.accept()[0]
    spoken = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    spoken.initiate_connection()
    wire.sendall(spoken.data_to_send())
    while data := wire.recv(65536):
        for event in spoken.receive_data(data):
            if isinstance(event, h2.events.StreamEnded):
                if early:
                    wire.sendall(goaway(event.stream_id))
                    time.sleep(0.2)  # the answer takes a moment, as answers do
                spoken.send_headers(event.stream_id, [(":status", "200")])
                spoken.send_data(event.stream_id, b'{"access_token": "x"}', end_stream=True)
                wire.sendall(spoken.data_to_send())
                if not early:
                    wire.sendall(goaway(event.stream_id))
                return
        wire.sendall(spoken.data_to_send())


def outcome(early):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, early), daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
    with httpcore.ConnectionPool(http1=False, http2=True) as pool:
        try:
            return str(pool.request("POST", url, content=b"grant_type=client_credentials").status)
        except Exception as error:
            return f"{type(error).__name__}: {error}"


behind, before = outcome(early=False), outcome(early=True)
print(f"GOAWAY behind the answer:  {behind}")
print(f"GOAWAY before the answer:  {before}")
sys.exit(0 if behind == "200" and before.startswith("RemoteProtocolError") else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
