"""Tokens looked up as no server should: by something other than their whole value."""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.store import Store, Token


def token_of(store: Store, fits: Callable[[str], bool]) -> Token | None:
    """The first token whose value fits."""
    return next((token for token in store.tokens() if fits(token.value)), None)
