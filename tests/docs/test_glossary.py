"""One vocabulary: terms of the glossary are in use, and words that were given up stay away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, text_of
from tokenspec.conformance.cli import build_parser
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.reports import words

GLOSSARY = "docs/glossary.md"
TERM = re.compile(r"^\| \*\*([^*]+)\*\* \|", re.MULTILINE)
CODE = ("conformance", "reference_server", "reports", "benchmarks")

# In sentences and in code: a word that was given up, and the one to use.
RETIRED = {
    r"triangles?": "selftest",
    r"courts?": "judge",
    r"partings?": "divergence",
    r"(good|bad) (server|one)s?": "conforming server, broken server",
    r"own affairs?": "tolerance",
    r"valid twins?": "control",
    r"workshops?": "selftest runner",
    r"no good one": "no conforming server",
    r"accused?": "report as failing",
    r"(is|are) no (JWT|JSON|text|record|bundle|URL|number|boolean)": "is not a …",
    r"code is had": "obtain an authorization code",
    r"mend(s|ed|ing)?": "fix, correct",
    r"spoken to": "allowed",
}
# Names in code alone, where the word has another meaning in sentences.
RETIRED_NAMES = {
    "court": "judge",
    "parting": "divergence",
    "standing": "granted state",
    "lacking": "missing value",
    "letter": "outgoing request",
    "surround": "context",
    "surroundings": "operator context",
    "twin": "control",
    "twins": "control",
    "freedom": "allowed choice",
    "freedoms": "allowed choices",
    "affairs": "tolerances",
    "course": "sequence",
    "desk": "registrar, prompt",
    "landing": "authorization result",
    "ground": "conforming server",
    "grounds": "conforming servers",
    "workshop": "selftest runner",
    "kill": "detection",
    "kills": "detections",
    "hole": "gap",
    "holes": "gaps",
    "astray": "oracle mismatch",
    "flaw": "advisory",
    "flaws": "advisories",
    "triangle": "selftest",
    "variant": "case",
    "variants": "cases",
    "party": "side",
}
# Members of records keep their names, and so do terms of the protocols; `lacking("state")` makes a
# defect of the reference server, where no value of ours is missing.
KEPT = {"twin", "variant", "id_token_authorized_party", "lacking", "_lacking_in_error"}
KEPT_SENTENCES = re.compile(r"`[^`]*`")  # keys and names of files
# Judgements and generated pages quote others, and the glossary speaks of the words themselves.
NOT_OURS = {"docs/findings.md", "docs/matrix.md", "docs/requirements.md", "CHANGELOG.md"}


def retired(text: str) -> Iterator[str]:
    """Each word of `text` that was given up, with the one to use."""
    text = KEPT_SENTENCES.sub("", text)
    for pattern, better in RETIRED.items():
        for found in re.finditer(rf"\b{pattern}\b", text, re.IGNORECASE):
            yield f"{found[0]!r}: say {better!r}"


def retired_names(names: Iterable[str]) -> Iterator[str]:
    """Each name in code that has a word that was given up in it."""
    for name in names:
        if name in KEPT:
            continue
        for part in re.findall(r"[A-Z]?[a-z]+", name):
            better = RETIRED_NAMES.get(part.lower())
            if better:
                yield f"{name}: say {better!r}"


def names_of(tree: ast.AST) -> Iterator[str]:
    """What a module names itself: classes, functions, arguments and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def texts_of(tree: ast.AST) -> Iterator[str]:
    """The texts of a module that are sentences: docstrings, messages, help."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


MODULES = sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
TEMPLATES = sorted((ROOT / "reports" / "templates").glob("*.html"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_no_word_that_was_given_up(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = set(retired_names({*names_of(tree), path.stem}))
    assert not named | {word for text in texts_of(tree) for word in retired(text)}


@pytest.mark.parametrize("page", sorted(set(PAGES) - NOT_OURS))
def test_a_page_has_no_word_that_was_given_up(page: str) -> None:
    assert list(retired(text_of(page))) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_word_that_was_given_up(path: Path) -> None:
    text = re.sub(r"\{[{%].*?[%}]\}", " ", path.read_text(encoding="utf-8"))
    assert list(retired(text)) == []


@pytest.mark.parametrize("verb", [*VERBS, "waivers update", "waivers prune"])
def test_help_has_no_word_that_was_given_up(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args([*verb.split(), "--help"])
    shown = capsys.readouterr().out
    assert "usage:" in shown
    assert list(retired(shown)) == []


def test_verdicts_have_the_names_of_the_glossary() -> None:
    section = text_of(GLOSSARY).split("## Verdicts")[1].split("##")[0]
    assert set(TERM.findall(section)) == {word.name for word in words.VERDICTS}


@pytest.mark.parametrize("term", TERM.findall(text_of(GLOSSARY)))
def test_a_term_is_in_use(term: str) -> None:
    used = re.compile(r"\b" + "[ _-]?".join(map(re.escape, term.split())), re.IGNORECASE)
    pages = (page for page in PAGES if page != GLOSSARY)
    modules = (path.read_text(encoding="utf-8") for path in MODULES)
    assert any(used.search(text_of(page)) for page in pages) or any(map(used.search, modules))


def test_words_that_were_given_up_are_found() -> None:
    text = "The triangle holds: no good server is accused, X is no JWT, and `workshop` is a name."
    assert len(list(retired(text))) == 4
    assert list(retired("A conforming server passes, and this is a whole sentence.")) == []
    module = ast.parse("class Court:\n    def at_ground(self, shop_hole): twins = 1\n")
    assert len(list(retired_names(names_of(module)))) == 4
    assert list(retired_names(["background", "whole", "twin", "SelftestRunner"])) == []
