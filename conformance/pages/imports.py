"""Who imports whom, read from the source: also imports for type checking and inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("conformance", "reports", "reference_server")
PACKAGE = "tokenspec."


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the checkout; `imports` are the names of others of its kind."""

    name: str  # below tokenspec: `conformance.play.judge`
    path: Path
    lines: int
    imports: frozenset[str]


def read_modules(root: Path = ROOT) -> dict[str, Module]:
    """Every module of the three packages by its name, in the order of the names."""
    paths = {
        _name(path.relative_to(root)): path
        for folder in FOLDERS
        for path in (root / folder).rglob("*.py")
    }
    return {name: _read(name, paths[name], paths) for name in sorted(paths)}


def cycles(imports: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Groups of names that import each other, directly or on a way round."""
    reached = {name: _reached(name, imports) for name in imports}
    circle = {
        name: sorted(other for other in reached[name] if name in reached.get(other, ()))
        for name in sorted(imports)
    }
    return [group for name, group in circle.items() if group and group[0] == name]


def _reached(name: str, imports: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(imports[name])
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += imports.get(one, frozenset())
    return found


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(name: str, path: Path, known: Mapping[str, Path]) -> Module:
    text = path.read_text(encoding="utf-8")
    named = {word.removeprefix(PACKAGE) for word in _named(ast.parse(text))}
    # `from package import name` names a module, or what is in the package
    found = {word if word in known else word.rpartition(".")[0] for word in named}
    return Module(name, path, len(text.splitlines()), frozenset(found & known.keys() - {name}))


def _named(tree: ast.Module) -> Iterator[str]:
    """The dotted names that are imported: of a module, or of something in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
