"""What a liberty is, and how one is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.seams import Alter


@dataclass(frozen=True, slots=True)
class Liberty:
    """A difference that the specifications permit.

    Attributes:
        name: as `tokenspec serve --liberty` takes it.
        permitted_by: document and section, such as `RFC 6749 §5.1`.
        permission: what is said there, in our words.
        alteration: what is done; its summary is the sentence that `tokenspec explain` tells.
        group: liberties of one group exclude each other: they are ways to do the same thing.
        states: what the target file of such a server says of its capabilities, by their names.
        takes_away: whether cases do not apply any more, so that other liberties go unseen there.
        forbidden_by: the profiles whose rules do not permit it.
        unmet: the premises of cases, by their names, that do not hold at such a server for some
            client: what rests on them cannot run there, and is reported so.
        endpoints_named: whether the target file has to name the endpoints, as nothing else does.
    """

    name: str
    permitted_by: str
    permission: str
    alteration: Alteration
    group: str = ""
    states: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    takes_away: bool = False
    forbidden_by: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    endpoints_named: bool = False

    @property
    def summary(self) -> str:
        """What a server that takes it does."""
        return self.alteration.summary


def telling(
    name: str,
    by: str,
    permission: str,
    summary: str,
    *,
    group: str = "",
    takes_away: bool = False,
    forbidden_by: tuple[str, ...] = (),
    unmet: tuple[str, ...] = (),
    **tells: Alter,
) -> Liberty:
    """Another value told at seams, by their names."""
    alteration = Alteration(name, by, summary, tells=tells)
    return Liberty(
        name,
        by,
        permission,
        alteration,
        group,
        takes_away=takes_away,
        forbidden_by=forbidden_by,
        unmet=unmet,
    )


def checking(name: str, by: str, permission: str, summary: str, **guards: Check) -> Liberty:
    """Other checks in the place of guards; `__` stands for the dot of a guard's name."""
    checks = {key.replace("__", "."): check for key, check in guards.items()}
    return Liberty(name, by, permission, Alteration(name, by, summary, checks))


def configured(
    name: str,
    by: str,
    permission: str,
    summary: str,
    configures: Callable[[ServerConfig], ServerConfig],
    *,
    group: str = "",
    forbidden_by: tuple[str, ...] = (),
) -> Liberty:
    """Another configuration; two that set the same thing are of one group."""
    alteration = Alteration(name, by, summary, configures=configures)
    return Liberty(name, by, permission, alteration, group, forbidden_by=forbidden_by)
