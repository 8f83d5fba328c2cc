"""One step of `tokenspec check`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckStep:
    """What a step of the preflight found.

    `detail` is the evidence, `hint` the setting to change and how. `required`: without it
    nothing can be said of the target.
    """

    name: str
    passed: bool
    detail: str
    hint: str = ""
    required: bool = True

    @property
    def ends_it(self) -> bool:
        """Whether nothing after it can be looked at."""
        return self.required and not self.passed
