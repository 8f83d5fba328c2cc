"""Every error has a code of its own, an exit code and a line in the reference."""

from __future__ import annotations

import pytest

from tokenspec.conformance import errors
from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import TokenspecError, UnusableFile, UsageError
from tokenspec.conformance.pages.catalogue import PAGES
from tokenspec.conformance.pages.errors import REMEDIES, error_classes
from tokenspec.conformance.record.conclusion import ExitCode, exit_code_of

# What scripts and users rely on within a major version.
CODES = {
    "harness-error": ExitCode.HARNESS_FAULT,
    "inapplicable-operator": ExitCode.HARNESS_FAULT,
    "unchanging-operator": ExitCode.HARNESS_FAULT,
    "unfit-answer": ExitCode.HARNESS_FAULT,
    "wrong-usage": ExitCode.WRONG_USAGE,
    "unusable-file": ExitCode.WRONG_USAGE,
    "usage-error": ExitCode.WRONG_USAGE,
    "target-unusable": ExitCode.NOT_ESTABLISHED,
    "unreachable": ExitCode.NOT_ESTABLISHED,
    "timed-out": ExitCode.NOT_ESTABLISHED,
    "broken-off": ExitCode.NOT_ESTABLISHED,
    "out-of-service": ExitCode.NOT_ESTABLISHED,
    "rate-limited": ExitCode.NOT_ESTABLISHED,
    "login-blocked": ExitCode.NOT_ESTABLISHED,
    "nonconformance": ExitCode.NONCONFORMITIES,
}


def test_each_class_has_a_code_of_its_own() -> None:
    classes = list(error_classes())
    assert all("code" in vars(kind) for kind in classes)
    assert sorted(kind.code for kind in classes) == sorted(CODES)
    assert TokenspecError.code not in CODES


def test_those_of_the_tree_are_public() -> None:
    named = {k.__name__ for k in error_classes() if k.__module__ == errors.__name__}
    assert {*named, "Problem", "TokenspecError"} == set(errors.__all__)


@pytest.mark.parametrize("kind", list(error_classes()))
def test_an_exit_code_belongs_to_each(kind: type[TokenspecError]) -> None:
    error = kind([]) if issubclass(kind, UnusableFile) else kind("as it is")
    assert exit_code_of(error) is CODES[error.code]


def test_the_reference_says_of_each_what_to_do() -> None:
    assert set(REMEDIES) == set(CODES)
    page = PAGES["reference/errors.md"]()
    assert all(f"| `{code}` |" in page for code in CODES)


def test_wrong_usage_says_nothing_about_the_target() -> None:
    for kind in (UsageError, UnusableFile):
        assert not issubclass(kind, errors.TargetUnusable)
    assert main(["explain", "no-such-thing"]) == ExitCode.WRONG_USAGE
