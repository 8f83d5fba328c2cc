"""No way to a code: `login: {kind: none}`."""

from __future__ import annotations

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.login.handed import Carry


def by_nobody() -> Carry:
    """Refuses every request; cases that need a code are left out before they ask."""

    def carry(_url: str, _redirect_uri: str) -> str:
        raise LoginBlocked(
            "login kind none has no way to an authorization code",
            "give another 'login.kind'; docs/login.md shows them",
        )

    return carry
