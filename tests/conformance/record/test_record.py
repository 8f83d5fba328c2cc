"""The record: every line fits the published schema, and what is cut off is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.reports.conftest import Made, make
from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.record.lines import RecordWriter, fault_line
from tokenspec.conformance.record.reading import read_record
from tokenspec.reports.audit import audit_page

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "conformance/schema/record-1.schema.json").read_text("utf-8")
)


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("record")
    return make(folder / "record.ndjson", ("pkce.verifier_matches", "error.no_echo"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def undescribed(value: Any, schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Members of `value` that the schema does not name."""
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for item in value:
            yield from undescribed(item, schema.get("items", {}), f"{place}[]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            if name not in schema["properties"]:
                yield f"{place}.{name}"
            else:
                yield from undescribed(item, schema["properties"][name], f"{place}.{name}")


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_line_fits_the_schema_and_every_member_is_described(flawed: Made) -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    for line in [*lines(flawed.path), fault_line("a/b", "broken")]:
        validator.validate(line)
        described = {"$ref": f"#/definitions/{line['type']}"}
        assert list(undescribed(line, described, line["type"])) == []


def test_the_schema_refuses_what_is_no_record(flawed: Made) -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    finding = next(line for line in lines(flawed.path) if line["type"] == "finding")
    for wrong in (
        {"type": "nothing"},
        finding | {"verdict": "good"},
        {name: value for name, value in finding.items() if name != "requirement"},
        finding | {"exchanges": [{"step": "token"}]},
    ):
        assert not validator.is_valid(wrong)


def test_the_command_writes_such_a_record(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "tokenspec", "run", "--select", "pkce"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    written = lines(tmp_path / "tokenspec-report" / "record.ndjson")
    for line in written:
        jsonschema.Draft7Validator(SCHEMA).validate(line)
    header, coverage, *_, footer = written
    assert header["suite"]["selected"] < header["suite"]["variants"]
    assert len(header["target"]["metadata_sha256"]) == 64
    assert header["settings"]["select"] == ["pkce"]
    assert footer["requests"] > footer["codes"] > 0
    rows = {row["requirement"]: row for row in coverage["requirements"]}
    tested = rows["RFC7636-4.6-mismatch_invalid_grant"]
    assert "pkce-verifier-wrong/last-character-changed" in tested["cases"]
    assert tested["reason"] == ""
    assert any(row["reason"] == "its cases were not selected in this run" for row in rows.values())
    assert "Conforms" in (tmp_path / "tokenspec-report" / "audit.html").read_text("utf-8")


def test_workers_write_the_same_header(tmp_path: Path) -> None:
    suite = Path(__file__).parents[3] / "scenarios" / "pkce"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", str(suite)],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    written = lines(tmp_path / "tokenspec-report" / "record.ndjson")
    for line in written:
        jsonschema.Draft7Validator(SCHEMA).validate(line)
    assert written[0]["suite"]["variants"] == len(written) - 3
    assert [line["type"] for line in written].count("coverage") == 1


def test_what_no_json_has_is_written_as_text(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    odd = {"type": "fault", "key": "a/b", "message": "m", "sent": [{"jti": float("nan")}, 1.5]}
    with RecordWriter(path) as writer:
        writer.write(odd)
    assert json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)["sent"] == [
        {"jti": "nan"},
        1.5,
    ]


def test_a_record_is_read_as_it_was_written(flawed: Made, tmp_path: Path) -> None:
    again = tmp_path / "again.ndjson"
    with RecordWriter(again) as writer:
        for line in lines(flawed.path):
            writer.write(line)
    assert read_record(again) == flawed.record
    assert flawed.record.complete
    assert flawed.record.unfinished == ()


def test_evidence_left_in_the_file_is_read_when_it_is_looked_at(flawed: Made) -> None:
    left = read_record(flawed.path, leave_evidence=True)
    assert [dict(finding) for finding in left.findings] == list(flawed.record.findings)
    assert audit_page(left) == audit_page(flawed.record)


def test_evidence_is_read_once_for_whoever_looks_several_times(
    flawed: Made, tmp_path: Path
) -> None:
    path = tmp_path / "record.ndjson"
    path.write_bytes(flawed.path.read_bytes())
    finding = read_record(path, leave_evidence=True).findings[0]
    exchanges = finding["exchanges"]
    path.unlink()
    assert (finding["exchanges"], "twin" in finding) == (exchanges, True)
    assert finding["twin"] == flawed.record.findings[0]["twin"]


def test_evidence_of_a_file_that_changed_is_not_told(flawed: Made, tmp_path: Path) -> None:
    first, *rest = flawed.path.read_text("utf-8").splitlines(keepends=True)
    path = tmp_path / "record.ndjson"
    path.write_text("".join([first, *rest]), "utf-8")
    finding = read_record(path, leave_evidence=True).findings[0]
    path.write_text("".join([first, *reversed(rest)]), "utf-8")
    with pytest.raises(UnusableFile, match=r"record\.ndjson.*changed while it was read"):
        finding["exchanges"]
    path.unlink()
    with pytest.raises(UnusableFile, match="changed while it was read"):
        finding["twin"]
    assert finding["verdict"]


@pytest.mark.parametrize("cut", [1, 40])
def test_a_record_cut_off_is_noticed_and_read_as_far_as_it_goes(
    flawed: Made, tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "cut.ndjson"
    content = flawed.path.read_bytes()
    last_finding = content.rstrip(b"\n").rfind(b"\n")
    path.write_bytes(content[: last_finding - cut])
    record = read_record(path)
    assert record.footer is None
    assert not record.complete
    assert len(record.findings) == len(flawed.record.findings) - 1
    assert record.unfinished == (lines(flawed.path)[-2]["key"],)


def test_separators_within_a_text_end_no_line(flawed: Made, tmp_path: Path) -> None:
    path = tmp_path / "odd.ndjson"
    with RecordWriter(path) as writer:
        for line in lines(flawed.path):
            writer.write(line | ({"note": "a\u2028b\x85c\x0bd"} if "note" in line else {}))
    assert {finding["note"] for finding in read_record(path).findings} == {"a\u2028b\x85c\x0bd"}


HEADER = json.dumps(
    {
        "type": "header", "format": 1, "tokenspec": "1.0.0", "started": "2026-11-30T12:00:00Z",
        "tester": "", "profile": {"name": "rfc"}, "suite": {}, "seed": None, "settings": {},
        "capabilities": {},
        "target": {
            "file": "", "issuer": "https://h", "vendor": "", "name": "", "version": "",
            "metadata": "", "metadata_sha256": "", "verify_tls": True,
        },
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no header of a known format"),
        ('{"type":"header","format":2}\n', "reads records of format 1"),
        (f'{HEADER}\n{{"type":"else"}}\n', "2:1: not a line of a record"),
        (f'{HEADER}\n{{"type":\n{{}}\n', "2:1: damaged line"),
        ("[]\n", "not a line of a record"),
    ],
)
def test_what_is_no_record_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.ndjson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableFile, match=told):
        read_record(path)
