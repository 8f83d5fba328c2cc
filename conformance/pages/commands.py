"""docs/reference/commands.md: every verb with its options, as the command line declares them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.conformance.cli import module_of
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.pages.table import code, table

HEAD = """\
# Commands and options

`tokenspec VERB --help` says the same, with examples. [Exit codes](verdicts.md#exit-codes) are those
of every verb, unless its own text says otherwise. Every option of `run` is an option of pytest as
well, with the prefix `--oauth-`: `pytest --oauth-target target.yaml --oauth-select pkce`.
"""


@dataclass(slots=True)
class Declared:
    """A verb as it declares itself. Takes the place of argparse's parser, and only writes down."""

    name: str
    description: str = ""
    arguments: list[tuple[tuple[str, ...], Mapping[str, Any]]] = field(default_factory=list)
    verbs: list[Declared] = field(default_factory=list)

    def add_argument(self, *names: str, **settings: Any) -> None:
        """An option, or an argument by its place."""
        self.arguments.append((names, settings))

    def add_parser(self, name: str, **settings: Any) -> Declared:
        """A verb below this one."""
        told = settings.get("description") or settings.get("help", "")
        verb = Declared(f"{self.name} {name}", told)
        self.verbs.append(verb)
        return verb

    def add_subparsers(self, **_settings: Any) -> Declared:
        """Verbs are written down where they belong."""
        return self

    def set_defaults(self, **_settings: Any) -> None:
        """What is done is not written down."""


def declared() -> Declared:
    """The command with all its verbs."""
    command = Declared("tokenspec")
    for verb in VERBS:
        module_of(verb).add_to(command)
    return command


def text() -> str:
    """The page."""
    return "\n".join([HEAD, *(line for verb in declared().verbs for line in _verb(verb))])


def _verb(verb: Declared) -> Iterator[str]:
    yield f"## `{verb.name}`\n"
    yield from [*textwrap.wrap(_sentence(verb.description), 100), ""]
    if verb.arguments:
        rows = [_argument(names, settings) for names, settings in verb.arguments]
        yield from table(("argument", "value", "what it does", "without it"), rows)
    for below in verb.verbs:
        yield from _verb(below)


def _sentence(told: str) -> str:
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."


def _argument(names: tuple[str, ...], settings: Mapping[str, Any]) -> tuple[str, ...]:
    positional = not names[0].startswith("-")
    shown = settings.get("metavar", names[0]) if positional else ", ".join(names)
    told = settings.get("help", "")
    default = settings.get("default")
    described = re.search(r"default:? ([^;)]+)\)?", told)
    without = described[1] if described else "" if default in (None, [], "") else str(default)
    told = re.sub(r"(; |^)default:? .*$", "", told)
    return f"`{shown}`", _value(settings, positional=positional), told, without


def _value(settings: Mapping[str, Any], *, positional: bool) -> str:
    if settings.get("choices"):
        value = code(settings["choices"])
    elif settings.get("action") == "store_true":
        return ""
    elif positional:
        value = {"?": "may be left out", "*": "any number", "+": "one or more"}.get(
            str(settings.get("nargs")), "needed"
        )
    else:
        value = f"`{settings['metavar']}`" if "metavar" in settings else _kind(settings)
    return f"{value}, repeatable" if settings.get("action") == "append" else value


def _kind(settings: Mapping[str, Any]) -> str:
    return {int: "a whole number", float: "a number"}.get(settings.get("type", str), "a text")
