"""What is put around a store, and grants ended by more than a token of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokenspec.reference_server.store import Grant, Store


class AroundStore:
    """A store with something around it; what it does not do itself, the store inside does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def end_grants(store: Store, fits: Callable[[Grant], bool]) -> None:
    """End every grant that fits, with all tokens of it."""
    for token in store.living_tokens():
        if fits(token.grant):
            store.revoke_family(token.grant.family)


def end_grants_alike(store: Store, grant: Grant) -> None:
    """End all that the user of a grant let its client have."""
    owner = (grant.sub, grant.client_id)
    end_grants(store, lambda one: (one.sub, one.client_id) == owner)
