"""The key set of a server, which may change while a run goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

KeySet = Mapping[str, Any]

NONE: KeySet = {}
MOST_AGAIN = 50  # times a run that the key set is fetched again


class PublishedKeys:
    """A key set, fetched when first needed and again when a signature has none of its keys.

    OpenID Connect Core §10.1.1: keys are replaced while tokens are issued, and a verifier fetches
    the key set again at a kid that it does not know. The keys of before are kept, as what they
    signed is judged later. Safe for many threads.

    Args:
        fetch: gives the key set as the server shows it now; empty where it shows none.
    """

    def __init__(self, fetch: Callable[[], KeySet] = lambda: NONE) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._seen: list[KeySet] = []
        self._again = 0

    def newest(self) -> KeySet:
        """The key set as it was when last fetched."""
        return self.every()[-1]

    def every(self) -> Sequence[KeySet]:
        """What the key set has been in this run, the newest last; one at least."""
        with self._lock:
            if not self._seen:
                self._see(self._fetch())
            return tuple(self._seen) or (NONE,)

    def again(self) -> bool:
        """Fetch it again, as often as a run may; whether it shows what was not seen before."""
        with self._lock:
            if self._again >= MOST_AGAIN:
                return False
            self._again += 1
            return self._see(self._fetch())

    def _see(self, keys: KeySet) -> bool:
        """Keep what was not seen before; an answer without keys is tried again next time."""
        new = bool(keys) and keys not in self._seen
        if keys:
            self._seen = [*(before for before in self._seen if before != keys), keys]
        return new
