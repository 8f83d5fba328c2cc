"""Every scenario passes at the good server and is turned by a defect: none is an ornament."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from conformance.plugin.options import BUNDLED
from conformance.registry import Registry
from conformance.run.examine import Examiner
from conformance.run.opening import prepare_in_process
from conformance.scenario.loader import load_folders
from conformance.scenario.model import Variant
from conformance.target.bundled import bundled_target
from conformance.vocabulary import vocabulary
from reference_server.defects import DEFECTS
from reference_server.demo import demo_config

ISSUER = "https://server.example"
VARIANTS = tuple(
    variant for scenario in load_folders([BUNDLED], vocabulary()) for variant in scenario.variants
)
# Variants that no defect of the server turns, because the specification leaves the matter open.
OPEN = frozenset({"pkce-retry/then-the-right-one"})


def examiner(*defects: str) -> Examiner:
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)
    return Examiner(setup, VARIANTS)


@pytest.fixture(scope="module")
def good() -> Examiner:
    return examiner()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.key.replace("/", "-"))
def test_a_scenario_passes_and_a_defect_turns_it(variant: Variant, good: Examiner) -> None:
    finding = good.examine(variant)
    assert finding.verdict in ("pass", "observe"), finding
    if variant.key in OPEN:
        return
    for defect in candidates(variant, finding.oracle):
        turned = examiner(defect).examine(variant)
        if turned.verdict != finding.verdict and turned.verdict in ("fail", "warn", "observe"):
            return
    pytest.fail(f"no defect turns {variant.key}: {finding.oracle}")


def candidates(variant: Variant, said: str) -> Iterable[str]:
    """The defects to try: what the oracle refused by, the same requirement, then all others."""
    row = Registry.load().get(variant.requirement)
    section = f"{row.id.rsplit('-', 1)[0]}-"
    named = [name for name in DEFECTS if f"({name}," in said]
    same = [name for name, d in DEFECTS.items() if d.requirement == variant.requirement]
    near = [name for name, d in DEFECTS.items() if d.requirement.startswith(section)]
    return dict.fromkeys((*named, *same, *near, *DEFECTS))
