"""The documentation is a site: its links lead somewhere, and it fetches nothing from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]+src="?https?:"""
    r"""|<link[^>]+rel="?(?:stylesheet|preconnect|preload)"?[^>]+href="?https?:"""
    r"""|url\(["']?https?:"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made as strictly as it can be: a broken link ends it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_it_has_every_page(site: Path) -> None:
    own = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}
    for page in own - {"README.md"}:
        place = page.removesuffix(".md").removesuffix("/README")
        assert (site / place / "index.html").is_file(), page


def test_a_linked_file_outside_the_documentation_is_in_it(site: Path) -> None:
    assert (site / "project" / "CONTRIBUTING" / "index.html").is_file()
    schema = "conformance/schema/record-1.schema.json"
    assert (site / "project" / schema).read_bytes() == (ROOT / schema).read_bytes()
    page = (site / "reference" / "formats" / "index.html").read_text(encoding="utf-8")
    assert f'href="../../project/{schema}"' in page


def test_it_fetches_nothing_from_elsewhere(site: Path) -> None:
    for path in (*site.rglob("*.html"), *site.rglob("*.css")):
        assert not FETCHED.search(path.read_text(encoding="utf-8")), path
    assert FETCHED.search('<script src="https://cdn.example/a.js">')
    assert FETCHED.search('<link rel="stylesheet" href="https://fonts.example/a.css">')


def test_it_can_be_searched(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "code_verifier" in index
