"""From findings to causes: what explains most with least, and what is said of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tokenspec.conformance.diagnosis.diagnose import causes
from tokenspec.conformance.diagnosis.dictionary import (
    FILE,
    Dictionary,
    dictionary,
    packed,
    unpacked,
)
from tokenspec.conformance.diagnosis.likelihood import said
from tokenspec.conformance.diagnosis.model import Cause, Nature, Severity
from tokenspec.conformance.diagnosis.of_record import cause_lines
from tokenspec.conformance.diagnosis.scoring import MISSED, Evidence, fits, misses
from tokenspec.conformance.diagnosis.shown import Shown, shown
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.digest import case_digest
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import AT_REGISTERED
from tokenspec.reference_server.alterations.defects import DEFECTS

REMAKE = "bring it up to date: python -m tokenspec.conformance.selftest.dictionary ROWS"
CASES: Mapping[str, Case] = {case.key: case for case in whole_suite()}


def a_line(key: str, seen: Shown | None = None, **more: Any) -> dict[str, Any]:
    """A finding as a record has it; a pass, unless something was seen."""
    case = CASES[key]
    row = Registry.load().get(case.requirement)
    said = seen or Shown("pass", "", "")
    line = {
        "key": key, "scenario": case.scenario, "area": case.area, "title": case.title,
        "requirement": row.id, "citation": row.citation, "level": str(row.level), "url": row.url,
        "verdict": said.verdict, "kind": said.kind, "step": "token", "observed": said.seen,
        "expected": "refused (400, invalid_grant)", "note": "", "why": case.why, "sent": ["x"],
        "digest": "", "judged": "", "seen_in": (),
    }  # fmt: skip
    return line | more


def a_run(*defects: str) -> list[dict[str, Any]]:
    """What a run finds at a server with defects, as the dictionary has each by itself."""
    rows = [dictionary().rows[name] for name in defects]
    seen = {key: one for row in reversed(rows) for key, one in row.items()}
    return [a_line(key, seen.get(key)) for key in dictionary().digests if key in CASES]


def first(findings: Iterable[Mapping[str, Any]]) -> Cause:
    return causes(findings)[0]


def telling() -> list[str]:
    """Defects that something broken shows, and that show what no other does."""
    rows = dictionary().rows
    known = [frozenset(row.items()) for row in rows.values()]
    return [
        name
        for name, row in rows.items()
        if known.count(frozenset(row.items())) == 1 and any(one.broken for one in row.values())
    ]


SAMPLE = random.Random(20).sample(telling(), 25)


@pytest.mark.parametrize("defect", SAMPLE)
def test_one_fault_is_named(defect: str) -> None:
    found = first(a_run(defect))
    named = [found.id, *(other.id for other in found.alternatives)]
    assert defect in named
    assert found.requirement


@pytest.mark.parametrize(("one", "other"), list(zip(SAMPLE[:10], SAMPLE[10:20], strict=True)))
def test_two_faults_are_both_named(one: str, other: str) -> None:
    found = causes(a_run(one, other))
    named = {n for c in found[:4] for n in (c.id, *(alike.id for alike in c.alternatives))}
    assert {one, other} <= named


def test_where_nothing_is_broken_no_cause_is_looked_for() -> None:
    assert causes([]) == ()
    observed = Shown("observe", "", "granted")
    keys = list(CASES)[:20]
    assert causes([a_line(key, observed) for key in keys]) == ()


def test_what_passed_counts() -> None:
    """A fault that should have turned many cases does not explain the one that failed."""
    keys = list(CASES)[:30]
    seen = Shown("fail", "accepted", "granted")
    broad = {"code.unused": dict.fromkeys(keys, seen)}
    known = Dictionary(broad, dict.fromkeys(keys, ""), {})
    all_broken = causes([a_line(key, seen) for key in keys], known)
    assert [cause.id for cause in all_broken] == ["code.unused"]
    one = [a_line(keys[0], seen), *(a_line(key) for key in keys[1:])]
    assert [cause.nature for cause in causes(one, known)] == [Nature.FINDING]


def test_the_same_answer_in_many_scenarios_is_said_once() -> None:
    seen = Shown("warn", "wrong-error", "refused: status 403")
    keys = [key for key, case in CASES.items() if case.area == "code"][:25]
    findings = [a_line(key, seen) for key in keys]
    found = causes(findings, Dictionary({}, {}, {}))
    assert [cause.nature for cause in found] == [Nature.UNIFORM]
    assert "status 403" in found[0].sentence
    assert len(found[0].cases) == len(keys)
    assert found[0].likelihood is None


def test_refusals_that_only_have_another_status_are_one_cause_with_the_rule_of_statuses() -> None:
    """Whatever error they name, and where a refresh is refused as well."""
    keys = [key for key, case in CASES.items() if case.area in {"code", "refresh"}][:20]
    errors = ("invalid_grant", "invalid_request")
    findings = [
        a_line(key, Shown("fail", "wrong-error", f"refused: status 401, error {errors[n % 2]}"))
        | {"expected": f"refused (400, {errors[n % 2]})", "step": ("token", "refresh-2")[n % 2]}
        for n, key in enumerate(keys)
    ]
    (found,) = causes(findings, Dictionary({}, {}, {}))
    assert found.sentence.startswith("The token endpoint refuses with status 401;")
    assert (found.requirement, len(found.cases)) == ("RFC6749-5.2-status_400", len(keys))


def test_what_no_known_fault_is_like_is_put_together_by_what_was_seen() -> None:
    """A fault of the dictionary that would show some of it, and more that passed, is not told."""
    keys = [key for key, case in CASES.items() if case.area == "redirect_uri"][::3]
    others = [key for key, case in CASES.items() if case.area == "pkce"][:24]
    seen = Shown("fail", "leak", "a redirect to a URI that was not to be used: status 302")
    row = dict.fromkeys((*keys[:2], *others), Shown("fail", "accepted", "granted"))
    known = Dictionary({"pkce.verifier_matches": row}, {}, {})
    findings = [*(a_line(key, seen, step="authorize") for key in keys), *map(a_line, others)]
    (found,) = causes(findings, known)
    assert (found.nature, found.likelihood) == (Nature.UNIFORM, None)
    assert found.sentence.endswith(f"in {len(keys)} cases.")


def test_grants_are_put_together_by_the_rule_that_forbids_them() -> None:
    keys = [key for key, case in CASES.items() if case.requirement.startswith("RFC6749-3.1-")]
    seen = Shown("fail", "accepted", "granted")
    findings = [a_line(key, seen, step="authorize") for key in keys]
    found = causes(findings, Dictionary({}, {}, {}))
    alike = [cause for cause in found if cause.nature is Nature.UNIFORM]
    assert alike
    for cause in alike:
        assert {CASES[key].requirement for key in cause.cases} == {cause.requirement}


def test_two_faults_that_show_the_same_share_the_likelihood() -> None:
    keys = list(CASES)[:4]
    seen = Shown("fail", "accepted", "granted")
    row = dict.fromkeys(keys[:3], seen)
    rows = {"code.unused": row, "code.issued": row | {keys[3]: seen}}
    known = Dictionary(rows, {}, {})
    missing = a_line(keys[3], verdict="not-applicable", note="needs a second client")
    found = causes([*(a_line(key, seen) for key in keys[:3]), missing], known)[0]
    assert len(found.alternatives) == 1
    assert found.likelihood is not None
    assert found.likelihood < 0.6
    assert found.further == f"{keys[3]}, which says: needs a second client"


def test_a_case_that_has_changed_since_is_left_out() -> None:
    key = next(iter(CASES))
    seen = Shown("fail", "accepted", "granted")
    known = Dictionary({"code.unused": {key: seen}}, {key: "12345678"}, {})
    same, another = (a_line(key, seen, digest=digest * 8) for digest in ("12345678", "87654321"))
    assert first_id([same], known) == "code.unused"
    assert first_id([another], known).startswith("finding:")


def first_id(findings: Iterable[Mapping[str, Any]], known: Dictionary) -> str:
    return causes(findings, known)[0].id


def test_the_gravest_come_first() -> None:
    found = causes(a_run("userinfo.address_text", "authorize.redirect_backslash"))
    order = [tuple(Severity).index(cause.severity) for cause in found]
    assert order == sorted(order)
    assert found[0].severity is Severity.NOW
    assert all(cause.severity_why for cause in found)


def _at_redirect_uri(key: str, note: str = "", kind: str = "accepted") -> Severity:
    seen = Shown("fail", kind, "granted")
    return first([a_line(key, seen, step="authorize", note=note)]).severity


def test_what_came_to_the_registered_address_is_nobodys_gain() -> None:
    spaced = "redirect-uri-at-authorize/leading-space"
    assert _at_redirect_uri(spaced, AT_REGISTERED) is Severity.INTEROPERABILITY
    assert _at_redirect_uri(spaced) is Severity.WITH_ANOTHER
    assert _at_redirect_uri(spaced, kind="leak") is Severity.NOW


def test_a_fault_that_grants_explains_no_refusal() -> None:
    fault = "redirect_uri.host_only"
    row = dictionary().rows[fault]
    keys = [key for key, one in row.items() if one.kind == "accepted"][:6]
    refused = Shown("warn", "wrong-error", "refused: status 401, error invalid_grant")
    found = causes([a_line(key, refused) for key in keys])
    assert fault not in {cause.id for cause in found}


def test_what_was_refused_speaks_against_a_fault_that_grants() -> None:
    row = {f"a/{number}": Shown("fail", "accepted", "granted") for number in range(3)}
    told = Shown("warn", "wrong-error", "refused: status 400, error invalid_request")
    seen = {"a/0": row["a/0"], "a/1": told, "a/2": told}
    assert fits(row, Evidence(seen, frozenset())).keys() == {"a/0"}
    assert misses(row, Evidence(seen, frozenset())) == 2 * MISSED["fail"]


def test_a_record_holds_what_a_diagnosis_says() -> None:
    lines = cause_lines(a_run("code.unused") if "code.unused" in SAMPLE else a_run(SAMPLE[0]))
    assert json.loads(json.dumps(lines)) == list(lines)


def test_chance_is_left_out_of_what_is_compared() -> None:
    one = shown("fail", "wrong-envelope", "x (case a, token)", "exp is 1764530000 and 'abc' more")
    two = shown("fail", "wrong-envelope", "y (case b, token)", "exp is 1764539999 and 'xyz' more")
    assert one == two
    looked_at = shown("fail", "wrong-envelope", "no Pragma (a, token)", "9 answers of the run were")
    assert looked_at.seen == "no Pragma"


def test_nothing_is_said_to_be_certain() -> None:
    assert said(0.0) > 0
    assert said(1.0) < 1


def test_the_dictionary_is_small_and_is_read_as_it_was_written() -> None:
    content = FILE.read_bytes()
    assert len(content) < 300_000
    assert unpacked(packed(unpacked(content))) == unpacked(content)


def test_the_dictionary_is_of_this_suite() -> None:
    """A case that changes is left out until it is made anew; many of them are too many."""
    known = dictionary()
    current = sum(
        case_digest(case).startswith(known.digests.get(key, "-")) for key, case in CASES.items()
    )
    assert current > 0.9 * len(CASES), REMAKE
    assert len(known.rows) > 0.9 * len(DEFECTS), REMAKE
