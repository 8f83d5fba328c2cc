#!/usr/bin/env bash
# Libraries: httpx 0.28.1 with httpcore 1.0.9 and h2 4.4.1 (PyPI), seen on Python 3.11.7.
#
# Expected: by its docstring a httpx.Client can be shared between threads. A server on the loopback answers
# each request at once and ends no connection, so each thread gets its answer, with HTTP/2 as without.
#
# Instead: with http2=True some get none: RemoteProtocolError, "Server disconnected". The threads share one
# TLS connection. While one reads, others write to it; OpenSSL keeps in the connection what a call waits
# for, this version of Python's ssl puts no lock around that, and neither does httpcore. So the reader takes
# "nothing yet" for the end. A program that fetches tokens or keys in threads sees its identity provider
# break off, though nothing is wrong there. It is luck: of rounds of eight requests the first such one was the
# 20th to 350th.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    httpx==0.28.1 httpcore==1.0.9 h2==4.4.1 trustme==1.2.1 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import collections
import concurrent.futures
import contextlib
import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.events
import httpx
import trustme

THREADS, ROUNDS = 8, 1500
authority = trustme.CA()
serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("127.0.0.1").configure_cert(serving)
serving.set_alpn_protocols(["h2"])
asking = ssl.create_default_context()
authority.configure_trust(asking)


def serve(bare):
    """Answer each request with status 200, for as long as the client stays."""
    spoken = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    with contextlib.suppress(OSError), serving.wrap_socket(bare, server_side=True) as wire:
        spoken.initiate_connection()
        wire.sendall(spoken.data_to_send())
        while data := wire.recv(65536):
            for event in spoken.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    spoken.send_headers(event.stream_id, [(":status", "200")])
                    spoken.send_data(event.stream_id, b"{}", end_stream=True)
            wire.sendall(spoken.data_to_send())


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept, args=(listener,), daemon=True).start()
url = f"https://127.0.0.1:{listener.getsockname()[1]}/token"


def outcome(client):
    try:
        return str(client.post(url, data={"grant_type": "client_credentials"}).status_code)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def outcomes(http2):
    seen = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for _ in range(ROUNDS):
            with httpx.Client(http2=http2, verify=asking) as client:
                seen[outcome(client)] += 1  # the connection is open before the threads use it
                seen.update(pool.map(outcome, [client] * THREADS))
            if any("disconnected" in said for said in seen):
                break
    return seen


seen = outcomes(http2=True)
print(f"Python {sys.version.split()[0]}, {ssl.OPENSSL_VERSION}")
for said, times in seen.most_common():
    print(f"{times:6} times  {said}")
sys.exit(0 if any("Server disconnected" in said for said in seen) else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
