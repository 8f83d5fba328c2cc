"""What is different is applied from outside: at guards, seams, store, clock and configuration."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from bench import CONFIG, Bench, body

from tokenspec.conformance.registry import Registry
from tokenspec.reference_server import Policy, Server
from tokenspec.reference_server.alterations import Alteration
from tokenspec.reference_server.alterations.building import having, nothing, subtle, telling
from tokenspec.reference_server.alterations.defects import BY_HAND, DEFECTS
from tokenspec.reference_server.alterations.dialects import load_dialect
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.guarding import GUARDS
from tokenspec.reference_server.seams import SEAMS
from tokenspec.reference_server.store import MemoryStore, Store, Token

REQUIREMENT = "RFC6749-5.1-access_token"
DIALECTS = load_dialect("auth0").only(tuple(load_dialect("auth0").switches)).alterations()


def altered(alteration: Alteration) -> Bench:
    bench = Bench()
    bench.server = Server(CONFIG, clock=lambda: bench.now, alterations=[alteration])
    return bench


def test_a_name_is_given_once() -> None:
    counted = Counter(defect.name for defect in BY_HAND)
    assert [name for name, times in counted.items() if times > 1] == []
    assert not set(DEFECTS) & set(LIBERTIES)


TAKEN = tuple(liberty.alteration for liberty in LIBERTIES.values())


@pytest.mark.parametrize(
    "defect", [*DEFECTS.values(), *DIALECTS, *TAKEN], ids=lambda defect: defect.name
)
def test_an_alteration_names_guards_and_seams_that_there_are(defect: Alteration) -> None:
    assert set(defect.guards) <= set(GUARDS)
    assert set(defect.tells) <= set(SEAMS)
    altered = (defect.configures, defect.clock, defect.store, defect.served)
    assert defect.guards or defect.tells or any(altered)
    assert defect.summary


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_a_defect_cites_a_requirement(name: str) -> None:
    assert not Registry.load().problem(DEFECTS[name].requirement)


def test_every_guard_can_be_taken_out() -> None:
    for name in GUARDS:
        assert DEFECTS[name].guards[name] is nothing


def test_a_seam_tells_another_value() -> None:
    bench = altered(telling("more", REQUIREMENT, "", token_response=having(extra=1)))
    assert body(bench.post(bench.form()))["extra"] == 1
    assert "extra" not in body(Bench().post(Bench().form()))


def test_a_seam_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown seam: token_respons, did you mean"):
        altered(telling("wrong", REQUIREMENT, "", token_respons=having(extra=1)))


def test_of_two_functions_at_a_seam_the_second_is_given_what_the_first_one_told() -> None:
    alterations = (
        telling("one", REQUIREMENT, "", token_response=having(scope="a", one=1)),
        telling("two", REQUIREMENT, "", token_response=having(scope="b")),
    )
    bench = Bench()
    bench.server = Server(CONFIG, clock=lambda: bench.now, alterations=alterations)
    told = body(bench.post(bench.form()))
    assert (told["scope"], told["one"]) == ("b", 1)


def test_a_guard_is_replaced() -> None:
    bench = altered(subtle("open", REQUIREMENT, "", pkce__verifier_matches=nothing))
    form = bench.form(code_verifier="w" * 43)
    assert bench.post(form).status == 200


def test_the_configuration_is_another() -> None:
    def with_plain(config: ServerConfig) -> ServerConfig:
        return replace(config, policy=replace(config.policy, plain_pkce=True))

    bench = altered(Alteration("plain", REQUIREMENT, "", configures=with_plain))
    assert bench.server.policy == replace(Policy(), plain_pkce=True)


def test_a_clock_of_whole_seconds() -> None:
    bench = altered(
        Alteration("whole", REQUIREMENT, "", clock=lambda clock: lambda: float(int(clock())))
    )
    bench.now += 0.75
    assert bench.server.now() == int(bench.now)


def test_a_store_with_another_around_it() -> None:
    class Forgetful(MemoryStore):
        def add_token(self, token: Token) -> None:
            """Forget it."""

    def forgetful(_store: Store) -> Store:
        return Forgetful()

    bench = altered(Alteration("forgetful", REQUIREMENT, "", store=forgetful))
    response = bench.post(bench.form())
    assert response.status == 200
    assert bench.server.store.token(body(response)["access_token"]) is None


def test_a_server_that_nothing_alters_has_nothing_in_place_of_a_guard_or_at_a_seam() -> None:
    server = Server(CONFIG)
    assert server.altered_by == ()
    assert not server.core.checks
