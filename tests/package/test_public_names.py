"""What is public is written down here too: a name that goes, or comes, is a decision."""

from __future__ import annotations

import importlib

import pytest

from tokenspec.conformance.pages.catalogue import PAGES
from tokenspec.conformance.pages.declarations import declarations, public_names
from tokenspec.conformance.pages.python import MODULES

PUBLIC = {
    "tokenspec": {"__version__"},
    "tokenspec.reference_server": {
        "Alteration", "Api", "Client", "OAuthError", "Policy", "Refusal", "Request", "Response",
        "Server", "ServerConfig", "User",
    },
    "tokenspec.reference_server.shell": {"application", "running", "serve_forever"},
    "tokenspec.reference_server.demo": {"demo_config"},
    "tokenspec.conformance.scenario.model": {
        "Answer", "Case", "Change", "Changes", "ClientAuthChanges", "HttpChanges", "JwtChanges",
        "Outcome", "Pkce", "Place", "Premise", "Scenario", "Setting", "Step", "StepKind",
    },
    "tokenspec.conformance.scenario.loader": {
        "Vocabulary", "load_document", "load_file", "load_folders",
    },
    "tokenspec.conformance.vocabulary": {"vocabulary"},
    "tokenspec.conformance.record.reading": {"read_record"},
    "tokenspec.reports.record": {"Line", "Record", "Source"},
    "tokenspec.conformance.errors": {
        "BrokenOff", "HarnessError", "LoginBlocked", "Nonconformance", "OutOfService", "Problem",
        "RateLimited", "TargetUnusable", "TimedOut", "TokenspecError", "Unreachable",
        "UnusableFile", "UsageError", "WrongUsage",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_the_public_names_are_these(name: str) -> None:
    module = importlib.import_module(name)
    assert set(public_names(module)) == PUBLIC[name]


def test_the_page_has_all_of_them() -> None:
    page = PAGES["reference/python.md"]()
    for name in {name for names in PUBLIC.values() for name in names}:
        assert f"\n### `{name}`\n" in page


# Members that the sentence of their class speaks of.
SAID_ABOVE = {"Alteration": {"name", "requirement", "summary"}}


@pytest.mark.parametrize("name", MODULES)
def test_each_says_what_it_is(name: str) -> None:
    own = {"Line", "__version__"}  # values: what they are is said where they are used
    classes = {public for names in PUBLIC.values() for public in names}
    for declared in declarations(name)[1]:
        assert declared.about or declared.name in own, declared.name
        assert all(method.about for method in declared.methods), declared.name
        silent = {field.name for field in declared.fields if not field.about}
        silent -= {"code", *SAID_ABOVE.get(declared.name, ())}
        typed = {f.name for f in declared.fields if classes & set(f.type.split())}
        assert silent <= typed, f"{declared.name}: {silent - typed}"
