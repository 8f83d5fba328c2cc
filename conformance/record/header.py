"""The first line of a record: what was tested, by whom, with what, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol

from tokenspec import __version__
from tokenspec.conformance.profile import Profile
from tokenspec.conformance.record.reading import FORMAT
from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.target.rules import Decision

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Tested(Protocol):
    """What a record says of the target and of what it was held to; a run's setup has it all."""

    @property
    def target(self) -> Target:
        """The target file."""
        ...

    @property
    def discovered(self) -> Discovered:
        """The metadata that was found, and where."""
        ...

    @property
    def profile(self) -> Profile:
        """What it was judged by."""
        ...

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """Each capability: whether it has it, and how that is known."""
        ...


def header_line(
    tested: Tested,
    *,
    started: float,
    suite: Mapping[str, Any],
    settings: Mapping[str, Any] = NOTHING,
) -> dict[str, Any]:
    """What was tested, by whom, with what, when.

    Args:
        tested: the target as opened, and the profile it was judged by.
        started: seconds since the epoch.
        suite: version, digest and size of the suite (see `run.suite.Suite.facts`).
        settings: the options of the run that bear on its verdicts.
    """
    target = tested.target
    return {
        "type": "header",
        "format": FORMAT,
        "tokenspec": __version__,
        "started": moment(started),
        "tester": target.tester,
        "target": {
            "file": target.file,
            "issuer": target.issuer,
            "vendor": target.product.vendor,
            "name": target.product.name,
            "version": target.product.version,
            "metadata": tested.discovered.source,
            "metadata_sha256": tested.discovered.digest,
            "verify_tls": target.verify_tls,
        },
        "profile": {
            "name": tested.profile.name,
            "title": tested.profile.title,
            "date": tested.profile.date,
        },
        "suite": dict(suite),
        "seed": None,
        "settings": dict(settings),
        "capabilities": {
            name: {"present": decision.present, "reason": decision.reason}
            for name, decision in tested.decisions.items()
        },
    }


def moment(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
