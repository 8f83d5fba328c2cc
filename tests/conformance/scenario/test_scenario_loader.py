"""The scenario loader: what a file means, and what it says of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import tokenspec
from tokenspec.conformance.documents import Reader
from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.scenario.catalogue import shown_name
from tokenspec.conformance.scenario.loader import Vocabulary, load_file, load_folders
from tokenspec.conformance.scenario.model import (
    Answer,
    Change,
    Premise,
    Scenario,
    concurrent_groups,
    orders,
)
from tokenspec.conformance.scenario.schema import SCHEMA_FILE, build_schema, text

VOCABULARY = Vocabulary(
    requirement=lambda name: "" if name.startswith("RFC") else f"unknown requirement {name!r}",
    needs=("pkce-s256", "second-client"),
    checks=("id-token",),
)
GOOD = """\
format: 1
id: pkce-verifier
title: A wrong verifier is refused
requirement: RFC7636-4.6-mismatch_invalid_grant
needs: pkce-s256
base: code-exchange
given:
  authorize: {scope: openid}
expect: {status: 400, error: invalid_grant, strict: true}
variants:
  - id: last-character
    token: {code_verifier: {change_last: 1}}
  - id: other-client
    client_auth: {client: second}
    token: {client_id: {client: second}}
  - id: then-the-right-one
    token: {code_verifier: {fresh: true}}
    then:
      - token: {}
        expect: [{status: 400, error: invalid_grant}, {verdict: observe, status: 200}]
"""

# what is written instead, and what the loader says of it
FAULTS = [
    ("base: code-exchange", "base: code-exchnge", "6:7: 'code-exchnge' is not one of"),
    ("needs: pkce-s256", "needs: pkce-s265", "did you mean 'pkce-s256'?"),
    ("title:", "titel:", "unknown key 'titel'"),
    ("{change_last: 1}", "{change_lst: 1}", "did you mean 'change_last'?"),
    ("{change_last: 1}", "{change_last: x}", "operator 'change_last' takes a whole number"),
    ("RFC7636-4.6", "XYZ", "unknown requirement"),
    ("format: 1", "format: 2", "format 2 is not known here"),
    ("id: last-character", "id: Last[1]", "'Last[1]' is not a usable id"),
    ("id: other-client", "id: last-character", "case id 'last-character' is used twice"),
    ("  - id: last-character\n    token:", "  - id: a\n    refresh:", "no step 'refresh'"),
    ("expect: {status: 400,", "expects: {status: 400,", "missing key 'expect'"),
    ("base: code-exchange", "base: code-exchange\npremises: exchangex", "did you mean 'exchange'?"),
    ("base: code-exchange", "base: code-exchange\ncontrol: false", "7:10: unknown key 'control'"),
    ("expect: {status: 400,", "assume: {status: 400,", "missing key 'expect'"),
    (
        "  - id: last-character\n",
        "  - id: last-character\n    expect: granted\n    assume: granted\n",
        "a step has one of 'expect' and 'assume'",
    ),
    ("      - token: {}\n", "      - token: {}\n        user: second\n", "no user takes part"),
    ("error: invalid_grant, strict", "checks: id-tokn, strict", "did you mean 'id-token'?"),
]


def load(folder: Path, text: str) -> list[Scenario]:
    path = folder / "pkce" / "a.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_file(path, VOCABULARY, shown="pkce/a.yaml")


def test_a_case_is_the_base_with_its_changes(tmp_path: Path) -> None:
    (scenario,) = load(tmp_path, GOOD)
    case = scenario.cases[0]
    assert case.key == "pkce-verifier/last-character"
    assert case.area == "pkce"
    assert [step.name for step in case.steps] == ["authorize", "token"]
    assert case.steps[1].changes.parameters == {"code_verifier": Change("change_last", 1)}
    assert case.steps[1].expect[0].answer is Answer.REFUSED
    assert case.negative


def test_the_control_keeps_what_is_given_and_nothing_else(tmp_path: Path) -> None:
    (scenario,) = load(tmp_path, GOOD)
    authorize, token = scenario.cases[0].control
    assert authorize.changes.parameters == {"scope": Change("value", "openid")}
    assert not token.changes.any


def test_what_passes_by_a_grant_rests_on_premises_and_has_no_control(tmp_path: Path) -> None:
    shown = "  - id: shown\n    base: userinfo\n    expect: granted\n"
    named = shown.replace("shown", "named").replace("base", "premises: exchange\n    base")
    *_, case, other = load(tmp_path, GOOD + shown + named)[0].cases
    assert case.control == other.control == ()
    assert case.premises == (Premise("userinfo"),)
    assert other.premises == (Premise("exchange"),)


def test_other_clients_and_further_steps_are_premises_beside_the_control(tmp_path: Path) -> None:
    more = """\
  - id: then-revoked
    token: {code_verifier: {change_last: 1}}
    then:
      - revoke: {token: {copy: token.refresh_token}}
        assume: {status: 200}
      - refresh: {}
        expect: refused
"""
    first, second, *_, last = load(tmp_path, GOOD + more)[0].cases
    assert first.control
    assert first.premises == (Premise("exchange"),)
    assert second.premises == (Premise("exchange"), Premise("exchange", "second"))
    assert last.premises == (Premise("refresh-token-revocation"), Premise("refresh"))
    assert [step.assumed for step in last.steps] == [False, False, True, False]


def test_what_is_alike_in_a_scenario_is_one_value(tmp_path: Path) -> None:
    first, second, third = load(tmp_path, GOOD)[0].cases
    assert first.steps[0] is second.steps[0] is third.steps[0]
    assert first.control is second.control is third.control
    assert first.setting is third.setting
    assert first.steps[-1].expect[0] is second.steps[-1].expect[0]
    assert first.steps[-1] is not second.steps[-1]


def test_a_number_and_a_truth_value_are_not_alike(tmp_path: Path) -> None:
    claims = "dpop: {claims: {iat: %s}}\n"
    cases = "".join(f"  - id: v{i}\n    {claims % n}" for i, n in enumerate(("1", "true", "1.0")))
    made = load(tmp_path, GOOD[: GOOD.index("  - id")] + cases)[0].cases
    changes = [case.steps[-1].changes.dpop for case in made]
    assert [repr(one.claims["iat"].argument) for one in changes if one] == ["1", "True", "1.0"]


def test_needs_follow_from_the_words_used(tmp_path: Path) -> None:
    (scenario,) = load(tmp_path, GOOD)
    assert scenario.cases[0].needs == ("pkce-s256", "code")
    assert scenario.cases[1].needs == ("pkce-s256", "code", "second-client")


def test_a_case_for_both_kinds_of_refresh_tokens_is_there_twice(tmp_path: Path) -> None:
    """With the same steps; its control and the premises of its own client are of that kind too."""
    both = GOOD.replace("base: code-exchange", "base: code-exchange\nrefresh_tokens: both")
    (scenario,) = load(tmp_path, both.replace("id: then-", "refresh_tokens: one\n    id: then-"))
    kinds = {case.id: case.setting.other_kind for case in scenario.cases}
    assert kinds == {
        "last-character": False,
        "last-character-other-kind": True,
        "other-client": False,
        "other-client-other-kind": True,
        "then-the-right-one": False,
    }
    _, _, one, other, _ = scenario.cases
    assert one.steps == other.steps
    assert other.needs == (*one.needs, "both-refresh-tokens")
    assert other.control_setting.other_kind
    assert {premise.client: premise.other_kind for premise in other.premises} == {
        "main": True,
        "second": False,
    }


def test_a_step_of_the_second_user_needs_one(tmp_path: Path) -> None:
    step = "      - authorize: {}\n        user: second\n      - token: {}\n"
    (scenario,) = load(tmp_path, GOOD.replace("      - token: {}\n", step))
    case = scenario.cases[2]
    assert [one.user for one in case.steps] == ["", "", "second", ""]
    assert "second-user" in case.needs


def test_further_steps_are_numbered(tmp_path: Path) -> None:
    (scenario,) = load(tmp_path, GOOD)
    assert [step.name for step in scenario.cases[2].steps] == ["authorize", "token", "token-2"]


@pytest.mark.parametrize(("old", "new", "expected"), FAULTS)
def test_a_wrong_file_says_where_and_what(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    with pytest.raises(UnusableFile) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert expected in str(caught.value)
    assert str(caught.value).startswith("pkce/a.yaml:")


RACE = """\
format: 1
id: refresh-race
title: A refresh beside a revocation
requirement: RFC7009-2.1-immediate
base: code-exchange
variants:
  - id: both
    expect: granted
    then:
      - together:
          - refresh: {}
            expect: [granted, refused]
          - revoke: {token: {copy: token.refresh_token}}
      - refresh: {}
        expect:
          - refused
          - {where: {refresh: refused}, at: revoke, answer: refused, verdict: observe}
      - together: [{refresh: {}}, {refresh: {}, http: {at_once: 2}}]
"""


def test_steps_sent_together_are_kept_apart_from_those_of_another_group(tmp_path: Path) -> None:
    (scenario,) = load(tmp_path, RACE)
    steps = scenario.cases[0].steps
    assert [[step.name for step in together] for together in concurrent_groups(steps)] == [
        ["authorize"], ["token"], ["refresh", "revoke"], ["refresh-2"], ["refresh-3", "refresh-4"],
    ]  # fmt: skip
    assert [step.raced for step in steps] == [False, False, True, True, False, True, True]
    assert steps[4].expect[1].where == {"refresh": Answer.REFUSED}
    jsonschema.validate(yaml.safe_load(RACE), build_schema())


def test_steps_sent_together_have_every_order(tmp_path: Path) -> None:
    (scenario,) = load(tmp_path, RACE)
    told = [[step.name for step in way] for way in orders(scenario.cases[0].steps)]
    assert len(told) == 4
    assert told[0][2:4] == ["refresh", "revoke"]
    assert told[-1][2:] == ["revoke", "refresh", "refresh-2", "refresh-4", "refresh-3"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "[{refresh: {}}, {refresh: {}, http: {at_once: 2}}]",
            "[{refresh: {}}]",
            "two requests or",
        ),
        ("- refresh: {}\n            exp", "- authorize: {}\n            exp", "by itself"),
        ("where: {refresh: r", "where: {refresh-9: r", "something of a step 'refresh-9'"),
        ("at: revoke,", "at: revoke-2,", "something of a step 'revoke-2'"),
    ],
)
def test_a_wrong_race_is_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in RACE
    with pytest.raises(UnusableFile) as raised:
        load(tmp_path, RACE.replace(old, new, 1))
    assert expected in str(raised.value)


def test_an_id_is_used_once_in_all_files(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (tmp_path / "pkce" / "b.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(UnusableFile, match="'pkce-verifier' is used twice"):
        load_folders([tmp_path], VOCABULARY)


def test_a_file_has_one_name_however_the_way_to_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    ways = [folder, folder / "a.yaml", tmp_path / "link", folder / ".." / "mine"]
    (scenario,) = load_folders(ways, VOCABULARY)
    assert scenario.place.file == str(folder.resolve() / "a.yaml")
    through_package = Path(tokenspec.__file__).parent / "scenarios" / "pkce" / "verifier.yaml"
    assert shown_name(through_package) == "scenarios/pkce/verifier.yaml"


def test_two_files_of_one_name_with_one_id_at_one_line_are_two(tmp_path: Path) -> None:
    ways = [tmp_path / "one" / "mine", tmp_path / "mine"]
    for folder in ways:
        folder.mkdir(parents=True)
        (folder / "a.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(UnusableFile, match="'pkce-verifier' is used twice") as raised:
        load_folders(ways, VOCABULARY)
    first, second = (str(folder.resolve() / "a.yaml") for folder in ways)
    assert first in str(raised.value)
    assert second in str(raised.value)


def complaints(document: str) -> list[Any]:
    validator = jsonschema.Draft7Validator(build_schema())
    return list(validator.iter_errors(Reader("a.yaml").documents(document)[0].plain))


def test_the_published_schema_is_the_tables_own() -> None:
    jsonschema.Draft7Validator.check_schema(build_schema())
    assert SCHEMA_FILE.read_text(encoding="utf-8") == text()


def test_the_schema_accepts_what_the_loader_accepts() -> None:
    assert complaints(GOOD) == []


# What no schema can see: names defined elsewhere, uniqueness, and which steps a base has.
BEYOND_A_SCHEMA = ("pkce-s265", "XYZ", "id-tokn", "id: last-character", "refresh:", "assume: {")


@pytest.mark.parametrize(("old", "new", "_expected"), FAULTS)
def test_the_schema_refuses_what_the_loader_refuses(old: str, new: str, _expected: str) -> None:
    seen_by_the_loader_alone = any(word in new for word in BEYOND_A_SCHEMA)
    assert bool(complaints(GOOD.replace(old, new, 1))) is not seen_by_the_loader_alone
