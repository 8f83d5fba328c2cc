"""What the documentation site needs beside mkdocs.yml, as hooks of mkdocs.

The order of pages is that of the lists in docs/README.md. Files outside docs/ that a page links to
come into the site below `project/`, and the links are led there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PROJECT = "project"  # the folder of the site for files outside docs/
LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?P<heading>#[^)\s]*)?(?=\))")
ENTRY = re.compile(r"\[([^]]+)\]\(([^)\s#]+)[^)]*\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation: what docs/README.md lists, in its order."""
    config.nav = [{"Documentation": INDEX.name}, *_listed()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files of the site, with those outside docs/ that are linked."""
    for uri, path in _brought().items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """A page whose links lead to where their files are in the site."""
    source = Path(page.file.abs_src_path or "")
    here = Path(page.file.src_uri).parent

    def led(link: re.Match[str]) -> str:
        there = os.path.relpath(_uri(_target(source, link["path"])), here)
        return there + (link["heading"] or "")

    return LINK.sub(led, markdown)


def _listed() -> Iterator[dict[str, Any]]:
    """Each group of docs/README.md: a line in bold, and the links of the list below it."""
    text = INDEX.read_text(encoding="utf-8")
    for group in re.split(r"^\*\*", text, flags=re.MULTILINE)[1:]:
        title = group.partition("**")[0]
        items = "\n".join(re.findall(r"^- .*(?:\n  .*)*", group, re.MULTILINE))
        entries = [(name, _target(INDEX, link)) for name, link in ENTRY.findall(items)]
        pages = [{name: _uri(path)} for name, path in entries if path.suffix == ".md"]
        yield {title: pages}


def _brought() -> dict[str, Path]:
    """Every file outside docs/ that a page leads to, by its place in the site."""
    found: dict[str, Path] = {}
    left = list(DOCS.rglob("*.md"))
    while left:
        page = left.pop()
        for link in LINK.finditer(page.read_text(encoding="utf-8")):
            path = _target(page, link["path"])
            if path.is_relative_to(DOCS) or _uri(path) in found:
                continue
            found[_uri(path)] = path
            if path.suffix == ".md":
                left.append(path)
    return found


def _target(page: Path, link: str) -> Path:
    """The file that a link of a page means; a folder means its README."""
    path = (page.parent / link).resolve()
    return path / "README.md" if path.is_dir() else path


def _uri(path: Path) -> str:
    """Where a file is in the site, which leaves out what begins with a dot."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    return "/".join((PROJECT, *(part.lstrip(".") for part in path.relative_to(ROOT).parts)))
