"""Findings shared between machines that search the same target, by Hypothesis's example database.

A directory serves processes of one machine, Redis several machines. What comes from there is read
by the strict loader like any other document; what cannot be used is passed over and counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from tokenspec.conformance.errors import UnusableFile, UsageError
from tokenspec.conformance.fuzz.documents import Document
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.vocabulary import vocabulary

REDIS = ("redis://", "rediss://", "unix://")
PATIENCE = 10  # seconds
EXTRA = "install the extra: pip install 'tokenspec[share]'"


class Shared:
    """What all machines found at one target.

    Args:
        database: where it is kept.
        issuer: of the target; findings at another are none of ours.
        failures: what the database raises where it cannot be reached. The campaign goes on by
            itself then, and `trouble` says why.
    """

    def __init__(
        self, database: ExampleDatabase, issuer: str, failures: tuple[type[Exception], ...] = ()
    ) -> None:
        self._database = database
        self._key = f"tokenspec {issuer}".encode()
        self._failures: tuple[type[Exception], ...] = (OSError, *failures)
        self._seen: set[bytes] = set()
        self.passed_over = 0
        self.trouble = ""

    def save(self, document: Document) -> None:
        """Tell the others of a document that shows a finding."""
        value = json.dumps(document, sort_keys=True).encode()
        self._seen.add(value)
        with self._noted():
            self._database.save(self._key, value)

    def news(self) -> Iterator[Document]:
        """What others have found since the last time, in an order that is the same everywhere."""
        fetched: set[bytes] = set()
        with self._noted():
            fetched = set(self._database.fetch(self._key))
        for value in sorted(fetched - self._seen):
            self._seen.add(value)
            document = _document(value)
            if document is None:
                self.passed_over += 1
            else:
                yield document

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            self.trouble = self.trouble or f"findings were not shared any more: {error}"


def _document(value: bytes) -> Document | None:
    """A document as it was saved; None where it is none that can be played."""
    try:
        document = json.loads(value)
        load_document(document, vocabulary(), area="generated", shown="shared")
    except (ValueError, RecursionError, UnusableFile):
        return None
    return dict(document)


def shared(place: str, issuer: str) -> Shared:
    """The findings kept at `place`, a directory or the address of a Redis server.

    Raises:
        UsageError: the server cannot be reached, or the package for it is not installed.
    """
    if not place.startswith(REDIS):
        return Shared(DirectoryBasedExampleDatabase(Path(place)), issuer)
    try:
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415 - an extra
        from redis import Redis, RedisError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("--share: the package redis is missing", EXTRA) from error
    try:
        client: Any = Redis.from_url(
            place, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )
        client.ping()
    except (RedisError, ValueError) as error:
        raise UsageError(f"--share: no Redis server can be used there: {error}") from error
    return Shared(RedisExampleDatabase(client, key_prefix=b""), issuer, (RedisError,))
