"""The registry: its data is sound, and ids are found, suggested and selected by section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tokenspec.reference_server.server  # noqa: F401 - registers the guards
from tokenspec.conformance.errors import HarnessError, UnusableFile, UsageError
from tokenspec.conformance.registry import Level, Registry, Requirement
from tokenspec.conformance.registry.catalogue import read_folder
from tokenspec.conformance.registry.loader import read_document
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.guarding import GUARDS

REGISTRY = Registry.load()
SCENARIOS = Path(__file__).parents[3] / "scenarios"

HEAD = """\
format: 1
document: RFC 7636
prefix: RFC7636
title: Proof Key for Code Exchange by OAuth Public Clients
url: https://www.rfc-editor.org/rfc/rfc7636
section_url: https://www.rfc-editor.org/rfc/rfc7636#section-{section}
appendix_url: https://www.rfc-editor.org/rfc/rfc7636#appendix-{section}
requirements:
"""


def row(
    identifier: str = "RFC7636-4.6-a", *, source: str = "RFC 7636", section: str = "4.6"
) -> Requirement:
    return Requirement(identifier, source, section, Level.MUST, "Text.", "https://rfc.example")


class TestBundledData:
    def test_it_is_loaded_once(self) -> None:
        assert Registry.load() is REGISTRY

    def test_every_id_states_its_document_and_section(self) -> None:
        for requirement in REGISTRY.all:
            prefix, section, slug = requirement.id.split("-", 2)
            assert section == requirement.section, requirement.id
            assert slug, requirement.id
            number = re.search(r"[0-9]+", prefix)
            assert (
                number is None
                or requirement.source.startswith("Auth0")
                or (number[0] in requirement.source.replace(".", ""))
            ), requirement.id

    @pytest.mark.parametrize("level", Level)
    def test_every_level_is_in_use(self, level: Level) -> None:
        assert any(requirement.level is level for requirement in REGISTRY.all)

    def test_every_url_names_a_page_and_holds_no_placeholder(self) -> None:
        for requirement in REGISTRY.all:
            assert re.fullmatch(r"https://[a-z0-9.-]+/[^\s{}]+", requirement.url), requirement.id

    def test_a_section_of_an_rfc_has_its_own_anchor(self) -> None:
        for requirement in REGISTRY.all:
            if requirement.source.startswith("RFC"):
                assert requirement.url.endswith(f"-{requirement.section}"), requirement.id

    def test_every_text_is_one_sentence(self) -> None:
        for requirement in REGISTRY.all:
            assert re.fullmatch(r"[A-Z][^\n]*[^.\s]\.", requirement.text), requirement.id
            assert not re.search(r"[.!?]\s+[A-Z]", requirement.text), requirement.id

    def test_no_two_rows_of_a_document_say_the_same(self) -> None:
        seen: dict[tuple[str, str], str] = {}
        for requirement in REGISTRY.all:
            key = (requirement.source, requirement.text)
            assert key not in seen, (requirement.id, seen[key])
            seen[key] = requirement.id

    def test_every_guard_and_defect_of_the_reference_server_cites_a_row(self) -> None:
        cited = [*GUARDS.values(), *DEFECTS.values()]
        assert not [problem for item in cited if (problem := REGISTRY.problem(item.requirement))]

    def test_every_scenario_cites_a_row(self) -> None:
        cited = {
            found
            for path in SCENARIOS.rglob("*.yaml")
            for found in re.findall(
                r"^\s*requirement:\s*(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE
            )
        }
        assert not [problem for item in cited if (problem := REGISTRY.problem(item))]


class TestRequirement:
    @pytest.mark.parametrize(
        ("level", "gates"),
        [
            (Level.MUST, "fail"),
            (Level.MUST_NOT, "fail"),
            (Level.SHOULD, "warn"),
            (Level.SHOULD_NOT, "warn"),
            (Level.MAY, "observe"),
        ],
    )
    def test_the_level_decides_the_verdict(self, level: Level, gates: str) -> None:
        requirement = Requirement("A-1-b", "A", "1", level, "Text.", "https://rfc.example")
        assert requirement.severity == gates

    @pytest.mark.parametrize(
        ("source", "section", "citation"),
        [
            ("RFC 7636", "4.6", "RFC 7636 §4.6"),
            ("RFC 6749", "A.11", "RFC 6749 Appendix A.11"),
            ("RFC 6749", "B", "RFC 6749 Appendix B"),
            ("Auth0 Authentication API", "Remarks", "Auth0 Authentication API, Remarks"),
        ],
    )
    def test_it_is_cited_as_people_write_it(self, source: str, section: str, citation: str) -> None:
        assert row(source=source, section=section).citation == citation


class TestLookup:
    def test_a_known_id_gives_its_row(self) -> None:
        requirement = REGISTRY.get("RFC7636-4.6-mismatch_invalid_grant")
        assert requirement.citation == "RFC 7636 §4.6"
        assert requirement.level is Level.MUST
        assert requirement.url == "https://www.rfc-editor.org/rfc/rfc7636#section-4.6"
        assert REGISTRY.problem(requirement.id) == ""

    def test_an_unknown_id_is_refused_with_the_closest(self) -> None:
        with pytest.raises(UsageError, match=r"RFC7636-4\.6-mismatch_invalid_grnt") as caught:
            REGISTRY.get("RFC7636-4.6-mismatch_invalid_grnt")
        assert caught.value.hint == "did you mean 'RFC7636-4.6-mismatch_invalid_grant'?"

    def test_a_problem_is_one_short_sentence_with_the_closest_id(self) -> None:
        assert REGISTRY.problem("RFC7636-4.6-mismatch") == (
            "unknown requirement 'RFC7636-4.6-mismatch': "
            "did you mean 'RFC7636-4.6-mismatch_invalid_grant'?"
        )

    def test_where_nothing_is_close_the_documents_are_named(self) -> None:
        assert Registry.of([row()]).problem("?") == (
            "unknown requirement '?': an id begins with one of RFC7636"
        )

    @given(st.text(max_size=40))
    def test_any_text_is_either_known_or_has_a_problem(self, text: str) -> None:
        registry = Registry.of([row()])
        assert bool(registry.problem(text)) != (text in registry.rows)

    def test_a_section_selects_its_rows_in_order(self) -> None:
        selected = REGISTRY.matching("RFC7636-4.6")
        assert [requirement.section for requirement in selected] == ["4.6"] * len(selected)
        assert selected[0].id == "RFC7636-4.6-mismatch_invalid_grant"

    def test_a_selection_ends_where_a_part_of_the_id_ends(self) -> None:
        rows = [row("RFC6749-4.1-a"), row("RFC6749-4.1.2-b"), row("RFC6749-4.10-c")]
        registry = Registry.of(rows)
        assert registry.matching("RFC6749-4.1") == tuple(rows[:2])
        assert registry.matching("RFC6749-4") == tuple(rows)
        assert registry.matching("RFC6749") == tuple(rows)
        assert registry.matching("RFC6749-4.10-c") == (rows[2],)
        assert registry.matching("RFC674") == ()
        assert registry.matching("") == ()

    def test_an_id_stands_once(self) -> None:
        with pytest.raises(HarnessError, match=r"RFC7636-4\.6-a is defined twice in the registry"):
            Registry.of([row(), row()])


class TestReading:
    def read(self, rows: str, head: str = HEAD) -> tuple[Requirement, ...]:
        return read_document("x.yaml", head + rows)

    def refusal(self, rows: str, head: str = HEAD) -> str:
        with pytest.raises(UnusableFile) as caught:
            self.read(rows, head)
        return str(caught.value)

    def test_a_row_takes_source_section_and_url_from_its_file_and_id(self) -> None:
        (read,) = self.read("  RFC7636-4.6-a: {level: MUST NOT, text: It is so., note: But.}\n")
        url = "https://www.rfc-editor.org/rfc/rfc7636#section-4.6"
        assert read == Requirement(
            "RFC7636-4.6-a", "RFC 7636", "4.6", Level.MUST_NOT, "It is so.", url, "But."
        )

    def test_an_appendix_has_its_own_address(self) -> None:
        (read,) = self.read("  RFC7636-B-a: {level: MAY, text: It is so.}\n")
        assert read.url == "https://www.rfc-editor.org/rfc/rfc7636#appendix-B"

    def test_every_fault_is_named_with_its_line(self) -> None:
        told = self.refusal(
            "  RFC7636-4.6-a: {level: MUS, text: It is so.}\n"
            "  RFC6749-4.6-b: {level: MUST, text: It is so.}\n"
            "  RFC7636-4.6-c: {level: MUST, txt: It is so.}\n"
            "  RFC7636-4.6-d: {level: MUST, text: It is so. So it is.}\n"
            "  RFC7636-4.6-d: {level: MUST, text: It is so.}\n"
        )
        assert "x.yaml:9:26: 'MUS' is not one of: MUST, MUST NOT, SHOULD, SHOULD NOT, MAY" in told
        assert "did you mean 'MUST'?" in told
        assert "x.yaml:10:18: 'RFC6749-4.6-b' is not an id of this document" in told
        assert "an id is RFC7636-SECTION-slug" in told
        assert "x.yaml:11:37: unknown key 'txt'" in told
        assert "x.yaml:11:18: missing key 'text'" in told
        assert "x.yaml:12:38: 'text' is one sentence" in told
        assert "x.yaml:13:3: duplicate key 'RFC7636-4.6-d'" in told

    def test_a_head_that_lacks_a_key_is_refused(self) -> None:
        told = self.refusal("  {}\n", HEAD.replace("prefix", "prefx"))
        assert "missing key 'prefix'" in told
        assert "did you mean 'prefix'?" in told

    def test_a_file_holds_one_document(self) -> None:
        assert "expected one YAML document, found 0" in self.refusal("", "")


class TestFolder:
    def test_its_files_are_read_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        for name in ("b", "a"):
            text = f"  RFC7636-4.6-{name}: {{level: MUST, text: It is so.}}\n"
            (tmp_path / f"{name}.yaml").write_text(HEAD + text, encoding="utf-8")
        (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
        assert [requirement.id for requirement in read_folder(tmp_path).all] == [
            "RFC7636-4.6-a",
            "RFC7636-4.6-b",
        ]

    def test_a_wrong_file_is_our_fault_and_is_named_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text(HEAD + "  RFC7636-4.6-a: {}\n", encoding="utf-8")
        with pytest.raises(HarnessError, match=r"bad\.yaml:9:18: missing key 'level'"):
            read_folder(tmp_path)
