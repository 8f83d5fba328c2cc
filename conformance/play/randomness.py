"""Randomness that can be had again, for what may be the same in two runs.

A verifier or a made-up token is drawn from the seed of the run, so that a failure that hangs on its
characters comes back. What has to be new each time (`state`, `nonce`, `jti`, keys) never is: a
server may refuse to see it twice.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable

LARGEST = 2**32


def new_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(LARGEST)


def chosen_seed(given: int | None, shard: str | None) -> int:
    """The seed of a run: the one given, 0 where several shards have to agree, else a new one."""
    if given is not None:
        return given
    return 0 if shard else new_seed()


def stream(seed: int, *names: str) -> Callable[[int], bytes]:
    """Gives so many bytes, always the same in the same order for a seed and names."""
    text = "/".join((str(seed), *names))
    return random.Random(text).randbytes  # noqa: S311 - it has to be repeatable
