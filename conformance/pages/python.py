"""docs/reference/python.md: what is public, as the docstrings of the code say it."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.pages.declarations import Declaration, Field, declarations
from tokenspec.conformance.pages.table import code, table

HEAD = """\
# Python

What other projects may import. [Embed the reference server](../embedding.md) shows the usual uses.

## What stays

- **Public** are the names on this page, the verbs, options and exit codes of
  [the command](commands.md), the options of the pytest plugin, which has no fixtures, the
  [codes of errors](errors.md), and [file formats](formats.md) by their number.
- **Within a major version** a public name stays, and a call that works goes on working. A function
  may get another optional argument, a class another member with a default, an enumeration another
  value, a record another member. Whatever is to go is deprecated first, by a warning that names
  what replaces it, for one minor version at least.
- **Until version 1.0** a minor version (0.2, 0.3) counts as a major one. The
  [changelog](../../CHANGELOG.md) lists every change to what is public.
- **Private** is everything else, with or without an underscore: other modules, texts of messages,
  the markup of pages. The suite grows with each release and so may find more: a gate that must not
  change by itself pins the version.

Times are in seconds, sizes in bytes, unless a line says otherwise. Values are immutable: frozen
dataclasses whose sequences are tuples.
"""
# Each module with what it is for. Its `__all__` says which names of it are public.
MODULES = (
    "tokenspec",
    "tokenspec.reference_server",
    "tokenspec.reference_server.shell",
    "tokenspec.reference_server.demo",
    "tokenspec.conformance.scenario.model",
    "tokenspec.conformance.scenario.loader",
    "tokenspec.conformance.vocabulary",
    "tokenspec.conformance.record.reading",
    "tokenspec.reports.record",
    "tokenspec.conformance.errors",
)


def text() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    modules = {name: declarations(name) for name in MODULES}
    names = ((f"`{n}`", code(one.name for one in public)) for n, (_, public) in modules.items())
    yield from table(("module", "public names"), names)
    for name, (about, public) in modules.items():
        yield f"## `{name}`\n"
        first, _, _ = about.partition("\n\n")
        yield f"{first}\n"
        for declared in public:
            yield from _declaration(declared)


def _declaration(declared: Declaration) -> Iterator[str]:
    yield f"### `{declared.name}`\n"
    yield f"```python\n{declared.signature}\n```\n"
    if declared.about:
        yield f"{_sections(declared.about)}\n"
    if declared.fields:
        yield from table(("member", "type", "default", "what it is"), map(_field, declared.fields))
    for method in declared.methods:
        yield f"**`{declared.name}.{method.name}`**\n"
        yield f"```python\n{method.signature}\n```\n"
        yield f"{_sections(method.about)}\n"


def _field(field: Field) -> tuple[str, ...]:
    default = f"`{field.default}`" if field.default else ""
    return f"`{field.name}`", f"`{field.type}`" if field.type else "", default, field.about


def _sections(about: str) -> str:
    """A docstring as Markdown: the entries of `Args:` and its like become lists."""
    made: list[str] = []
    listing = False
    for line in about.splitlines():
        title = line.removesuffix(":")
        if line in ("Args:", "Raises:", "Returns:", "Yields:", "Attributes:"):
            listing = True
            made += [f"*{title}*", ""]
        elif listing and line.startswith("    ") and not line.startswith("     "):
            name, colon, told = line.strip().partition(": ")
            made.append(f"- `{name}`: {told}" if colon else f"- {name}")
        elif listing and line.startswith("     "):
            made.append(f"  {line.strip()}")
        else:
            listing = listing and not line
            made.append(line)
    return "\n".join(made)
