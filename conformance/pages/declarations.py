"""What a module declares for others, read from its source: names, signatures, docstrings, members.

The source is read, not the objects in memory, so that a default stands as it is written and the
comment beside a member is told with it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

Function = ast.FunctionDef | ast.AsyncFunctionDef
PLAIN = 88  # characters that a signature has in one line


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a class: of a dataclass, or a value of an enumeration."""

    name: str
    type: str
    default: str
    about: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A public function, class, method or value."""

    name: str
    signature: str
    about: str
    fields: tuple[Field, ...] = ()
    methods: tuple[Declaration, ...] = ()


def public_names(module: ModuleType) -> tuple[str, ...]:
    """The names in `__all__`; without one, the functions and classes defined in the module."""
    if hasattr(module, "__all__"):
        return tuple(module.__all__)
    own = (inspect.isfunction, inspect.isclass)
    return tuple(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and any(is_one(value) for is_one in own)
        and value.__module__ == module.__name__
    )


def declarations(name: str) -> tuple[str, list[Declaration]]:
    """The docstring of a module, and what is public of it."""
    module = importlib.import_module(name)
    about = inspect.getdoc(module) or ""
    return about, [_find(module, public) for public in public_names(module)]


def _written(node: ast.AST) -> str:
    """A piece of source in one line, with the quotes that the formatter leaves alone."""
    text = ast.unparse(node)
    return text if '"' in text else text.replace("'", '"')


def _find(module: ModuleType, name: str) -> Declaration:
    """What `name` stands for: in the module, or in the one that it was imported from."""
    there = getattr(getattr(module, name), "__module__", None) or module.__name__
    for home in (module, importlib.import_module(there)):
        source = inspect.getsource(home)
        for node in ast.parse(source).body:
            match node:
                case ast.FunctionDef() if node.name == name:
                    return _function(node)
                case ast.ClassDef() if node.name == name:
                    return _class(node, source.splitlines())
                case ast.Assign(targets=[ast.Name(id=found)]) if found == name:
                    return Declaration(name, _written(node), "")
    raise LookupError(f"{module.__name__} has no {name} in its source")


def _function(node: Function, *, bound: bool = False) -> Declaration:
    about = ast.get_docstring(node) or ""
    kinds = {_written(one) for one in node.decorator_list}
    if bound and kinds & {"property", "functools.cached_property"}:
        return Declaration(node.name, f"{node.name}: {_returns(node)}", about)
    own = bound and "staticmethod" not in kinds
    manager = "@contextmanager\n" if "contextmanager" in kinds else ""
    return Declaration(node.name, manager + _signature(node, own=own), about)


def _returns(node: Function) -> str:
    return _written(node.returns) if node.returns else "None"


def _signature(node: Function, *, own: bool) -> str:
    """How it is called; in several lines where one is too long. `own` has a `self` to leave out."""
    parts = list(_parts(node.args))[own:]
    line = f"{node.name}({', '.join(parts)}) -> {_returns(node)}"
    if len(line) <= PLAIN:
        return line
    inner = "".join(f"    {part},\n" for part in parts)
    return f"{node.name}(\n{inner}) -> {_returns(node)}"


def _parts(taken: ast.arguments) -> Iterator[str]:
    """Each argument as it is written."""
    positional = [*taken.posonlyargs, *taken.args]
    missing = len(positional) - len(taken.defaults)
    for number, argument in enumerate(positional):
        default = taken.defaults[number - missing] if number >= missing else None
        yield _argument(argument, default)
    if taken.vararg:
        yield f"*{_argument(taken.vararg, None)}"
    elif taken.kwonlyargs:
        yield "*"
    for argument, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        yield _argument(argument, default)
    if taken.kwarg:
        yield f"**{_argument(taken.kwarg, None)}"


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    shown = _written(argument)
    return shown if default is None else f"{shown} = {_written(default)}"


def _class(node: ast.ClassDef, lines: list[str]) -> Declaration:
    functions = [one for one in node.body if isinstance(one, ast.FunctionDef)]
    about, told = _attributes(ast.get_docstring(node) or "")
    made = next((one for one in functions if one.name == "__init__"), None)
    methods = tuple(_function(one, bound=True) for one in functions if one.name[0] != "_")
    bases = ", ".join(_written(base) for base in node.bases)
    signature = f"class {node.name}({bases})" if bases else f"class {node.name}"
    if made is not None:
        call = _signature(made, own=True).removesuffix(" -> None")
        signature += "\n" + call.replace("__init__", node.name, 1)
    return Declaration(node.name, signature, about, tuple(_fields(node, lines, told)), methods)


def _attributes(about: str) -> tuple[str, Mapping[str, str]]:
    """A docstring without its section `Attributes:`, and what that says of each member."""
    rest, found, listed = about.partition("\nAttributes:\n")
    if not found:
        return about, {}
    section, _, after = listed.partition("\n\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", section, re.MULTILINE)
    return f"{rest}\n{after}".strip(), {name: " ".join(text.split()) for name, text in entries}


def _fields(node: ast.ClassDef, lines: list[str], told: Mapping[str, str]) -> Iterator[Field]:
    """Members of a dataclass and values of an enumeration, those without an underscore."""
    for one in node.body:
        match one:
            case ast.AnnAssign(target=ast.Name(id=name)) if name[0] != "_":
                about = told.get(name, "") or _comment(one, lines)
                yield Field(name, _written(one.annotation), _default(one), about)
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0] != "_":
                about = told.get(name, "") or _comment(one, lines)
                yield Field(name, "", _written(one.value), about)


def _default(member: ast.AnnAssign) -> str:
    """What a member is where nothing is given; empty where something has to be."""
    match member.value:
        case None:
            return ""
        case ast.Call(func=ast.Name(id="field"), keywords=given):
            values = {one.arg: _written(one.value) for one in given}
            mapping = _written(member.annotation).startswith(("Mapping", "dict"))
            made = "{}" if mapping else "()"
            return made if "default_factory" in values else values.get("default", "")
        case written:
            return _written(written)


def _comment(node: ast.stmt, lines: list[str]) -> str:
    """What stands behind a line, after its `#`."""
    if node.end_lineno is None or node.end_col_offset is None:
        return ""
    rest = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
    return rest.partition("#")[2].strip()
