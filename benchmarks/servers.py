"""Other servers on the same machine: the suite against one, and token exchanges a second."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.common import TOKENSPEC, Row, child, opened_peers, over_loopback, served
from tests.peers.launch import running
from tests.peers.recipes import PeerError
from tokenspec.conformance.play import requests, wire
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.play.player import session_of
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.scenario.model import Setting

CODES = 100  # exchanged in a round
CLIENTS = 4  # requests at once
PEERS = ("oidc-provider", "authlib")


def oidc_provider(rounds: int) -> Iterator[Row]:
    """The whole suite against oidc-provider, beside the same against the reference server."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        try:
            peer = stack.enter_context(running("oidc-provider"))
        except PeerError as error:
            yield Row(f"oidc-provider: {error}"[:90], "not measured")
            return
        command = [*TOKENSPEC, "run", str(peer.target_file), "--report-dir", folder]
        took = [child(command, os.environ | peer.env) for _round in range(rounds)]
        footer = read_record(Path(folder) / "record.ndjson").footer or {}
        ours = [child([*TOKENSPEC, "run", "--report-dir", folder]) for _round in range(rounds)]
    seconds = statistics.median(child.seconds for child in took)
    bundled = statistics.median(child.seconds for child in ours)
    yield Row(
        f"tokenspec run at oidc-provider, loopback, {footer['requests']} requests",
        f"{seconds:.1f} s",
        f"bundled server, in process {bundled:.1f} s",
        seconds / bundled,
    )


def exchanges(rounds: int) -> Iterator[Row]:
    """Codes exchanged a second by a bare client, in turn at each server."""
    with ExitStack() as stack:
        setups = {"reference server": stack.enter_context(over_loopback(_served(stack)))}
        for name, opened in opened_peers(stack, PEERS):
            if isinstance(opened, Row):
                yield opened
            else:
                setups[name] = opened.setup
        rates: dict[str, list[float]] = {name: [] for name in setups}
        for _round in range(rounds):
            for name, setup in setups.items():
                rates[name].append(_rate(setup))
    own = statistics.median(rates["reference server"])
    for name, found in rates.items():
        rate = statistics.median(found)
        yield Row(
            f"token exchanges a second, {CLIENTS} at once: {name}",
            f"{rate:.0f} / s",
            "reference server" if name != "reference server" else "",
            rate / own if name != "reference server" else None,
        )


def _served(stack: ExitStack) -> str:
    return stack.enter_context(served())


def _rate(setup: Setup) -> float:
    """Codes are had first, one after the other; only their exchange is timed."""
    forms = [_form(setup) for _number in range(CODES)]
    with httpx.Client() as client, ThreadPoolExecutor(CLIENTS) as pool:

        def exchange(form: dict[str, str]) -> bool:
            answer = client.post(setup.side.endpoints.token, data=form)
            return "access_token" in answer.json()

        begun = time.perf_counter()
        granted = list(pool.map(exchange, forms))
        seconds = time.perf_counter() - begun
    if not all(granted):
        raise RuntimeError(f"{setup.target.issuer} granted {sum(granted)} of {CODES}")
    return CODES / seconds


def _form(setup: Setup) -> dict[str, str]:
    """A valid token request of the main, public, client, with a fresh code."""
    memory = Memory.begin(setup.side, Setting())
    sent = requests.authorize(memory)
    url = wire.with_query(setup.side.endpoints.authorization, urlencode(requests.pairs(dict(sent))))
    redirect_uri = str(sent["redirect_uri"][0])
    with session_of(setup.side) as session:
        result = setup.side.driver.authorize(url, redirect_uri, session, setup.side.connect())
    return {
        "grant_type": "authorization_code",
        "client_id": memory.client.client_id,
        "code": str(result.parameters["code"]),
        "redirect_uri": redirect_uri,
        "code_verifier": memory.proof_key.code_verifier,
    }
