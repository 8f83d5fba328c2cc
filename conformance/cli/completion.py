"""`tokenspec completion`: completion for shells, made from the command line itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import shtab

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.profile import profiles
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.policies import POLICIES
from tokenspec.reports.formats import ALL, FORMATS

SHELLS = ("bash", "zsh", "fish")
EPILOG = """\
examples:
  source <(tokenspec completion bash)                     for this shell
  tokenspec completion bash >> ~/.bash_completion         for every bash from now on
  tokenspec completion zsh > "${fpath[1]}/_tokenspec"      for zsh
  tokenspec completion fish > ~/.config/fish/completions/tokenspec.fish

The names of scenarios are those of this release: make the file again after an upgrade.
"""
FILES = {
    "TARGET.yaml": ("*.yaml", "*.yml"),
    "RECORD": ("*.ndjson",),
    "OLD": ("*.ndjson",),
    "NEW": ("*.ndjson",),
    "BUNDLE.zip": ("*.zip",),
    "FILE.zip": ("*.zip",),
    "KEY.pem": ("*.pem",),
    "PUBLIC.pem": ("*.pem",),
}


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "completion",
        help=VERBS["completion"].help,
        description="Print a script that completes verbs, options, scenarios and files.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete in")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print the script."""
    from tokenspec.conformance.cli import build_parser  # noqa: PLC0415 - which imports this module

    print(script(build_parser(), options.shell))
    return ExitCode.CONFORMS


def script(root: argparse.ArgumentParser, shell: str) -> str:
    """What completes the command line `root` in a shell."""
    words = _words()
    for parser, action in _actions(root):
        complete = _completion(parser, action, words)
        if complete:
            action.complete = complete  # type: ignore[attr-defined]  # read by shtab
    return shtab.complete(root, shell)


def _actions(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[argparse.ArgumentParser, argparse.Action]]:
    """Every option and argument, of every verb."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for verb in action.choices.values():
                yield from _actions(verb)
        else:
            yield parser, action


def _completion(
    parser: argparse.ArgumentParser, action: argparse.Action, words: Mapping[str, Any]
) -> Any:
    """What completes the value of an action; None where nothing can, or its choices do."""
    metavar = str(action.metavar or "")
    verb = parser.prog.rpartition(" ")[2]
    for name in (f"{verb} {metavar}", action.dest, metavar):
        if name in words:
            return words[name]
    if metavar in FILES:
        return shtab.glob(*FILES[metavar])
    return {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}.get(metavar)


def _words() -> dict[str, Any]:
    """Completions by words: for `verb METAVAR`, for the name of an option, or for a METAVAR."""
    cases = list(whole_suite())
    names = [name for case in cases for name in (case.scenario, case.key)]
    requirements = [name for case in cases for name in case.cited]
    areas = [case.area for case in cases]
    selected = _one_of("what", (*areas, *names, *requirements))
    return {
        "WHAT": selected,
        "explain ID": _one_of("id", (*names, *requirements, *DEFECTS)),
        "replay ID": _one_of("case", names),
        "profile": _one_of("profile", (profile.name for profile in profiles())),
        "formats": _one_of("format", (*FORMATS, ALL)),
        "report NAMES": _one_of("format", (*FORMATS, ALL)),
        "defect": _one_of("defect", DEFECTS),
        "policy": _one_of("policy", POLICIES),
    }


def _one_of(name: str, words: Iterable[str]) -> dict[str, Any]:
    """Completes one of `words`, by a function of that name."""
    listed = " ".join(sorted(set(words)))
    function = f"_tokenspec_{name}"
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "bash": f"{function}() {{ compgen -W '{listed}' -- \"$1\"; }}",
            "zsh": f"{function}() {{ compadd -- {listed} }}",
            "fish": f"function {function}\n  printf '%s\\n' {listed}\nend",
        },
    }
