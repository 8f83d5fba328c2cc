"""What holds for a whole case, read from its file, and the capabilities that follow from words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.scenario.bases import (
    CLIENT_NEEDS,
    SESSION_NEEDS,
    STEP_NEEDS,
    USER_NEEDS,
    Base,
)
from tokenspec.conformance.scenario.changes import CLIENT_ROLES, needs_of, read_pkce
from tokenspec.conformance.scenario.model import Case, Setting, Step

BOTH = "both"
KINDS = ("one", BOTH)  # of refresh tokens: that of the ordinary request, or each in turn
SESSIONS = ("live", "none", *SESSION_NEEDS)


def read_setting(reader: Reader, fields: Mapping[str, Marked], base: Base) -> Setting:
    """Client, session and proof key of a case."""
    return Setting(
        client=reader.choice(fields["client"], CLIENT_ROLES) if "client" in fields else "main",
        dpop=base.dpop,
        request_object=base.request_object,
        session=reader.choice(fields["session"], SESSIONS) if "session" in fields else "live",
        pkce=read_pkce(reader, fields["pkce"]) if "pkce" in fields else Setting().pkce,
    )


def implied_needs(setting: Setting, steps: Iterable[Step]) -> Iterator[str]:
    """The capabilities that client, session and steps take for granted."""
    if setting.client in CLIENT_NEEDS:
        yield CLIENT_NEEDS[setting.client]
    if setting.session in SESSION_NEEDS:
        yield SESSION_NEEDS[setting.session]
    for step in steps:
        yield from needs_of(step.changes)
        if step.kind in STEP_NEEDS:
            yield STEP_NEEDS[step.kind]
        if step.user in USER_NEEDS:
            yield USER_NEEDS[step.user]


def of_the_other_kind(case: Case) -> Case:
    """The same case by refresh tokens of the kind that the ordinary request does not bring."""
    own = case.setting.client
    return replace(
        case,
        id=f"{case.id}-other-kind",
        needs=(*case.needs, "both-refresh-tokens"),
        setting=replace(case.setting, other_kind=True),
        control_setting=replace(case.control_setting, other_kind=True),
        premises=tuple(replace(one, other_kind=one.client == own) for one in case.premises),
    )
