"""One step of the preflight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tokenspec.conformance.target.rules import Decision

NOTHING: Mapping[str, Decision] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CheckStep:
    """What a step of the preflight found.

    Attributes:
        name: what was looked at.
        passed: whether it is as it should be.
        detail: the evidence.
        hint: the setting to change and how.
        required: without it the target, or what `client` and `need` name, cannot be judged.
        client: the client_id of the client it speaks of, where all others can be judged without it.
        need: the capability it speaks of, where all that does not need it can be judged.
        reported: a run goes on, as it has a case that reports this.
        learned: capabilities that it showed, by name.
    """

    name: str
    passed: bool
    detail: str
    hint: str = ""
    required: bool = True
    client: str = ""
    need: str = ""
    reported: bool = False
    learned: Mapping[str, Decision] = field(default_factory=lambda: NOTHING)

    @property
    def ends_it(self) -> bool:
        """Whether nothing after it can be looked at."""
        return self.failed and not (self.client or self.need or self.reported)

    @property
    def failed(self) -> bool:
        """Whether something has to be changed before the target is ready to be judged."""
        return self.required and not self.passed

    @property
    def told(self) -> str:
        """Evidence and hint in one line."""
        return f"{self.name}: {self.detail}{f' ({self.hint})' if self.hint else ''}"
