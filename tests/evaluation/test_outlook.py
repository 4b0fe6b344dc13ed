import math

import numpy as np
import pytest

from tests.evaluation.court import contender, evidence, returns, zoo_of
from zoo.evaluation.edge import Universe
from zoo.evaluation.gate import Gate
from zoo.evaluation.outlook import Outlook


def outlook(assets, found=None, **changes):
    covariance = 0.02**2 * (0.3 + 0.7 * np.eye(assets))
    found = evidence(trials=21, shadowed=19, champion=None) if found is None else found
    return Outlook(Universe(covariance, **changes), found)


def test_many_assets_are_decidable_and_twenty_are_not_and_it_says_when_they_would_be():
    wide, narrow = outlook(100).verdict(Gate()), outlook(20).verdict(Gate())
    assert not wide.undecidable
    assert wide.years <= 10
    assert narrow.undecidable
    assert 10 < narrow.years < 1_000


def test_an_edge_that_costs_eat_is_never_seen():
    assert outlook(20, bps=200.0).verdict(Gate(rank_ic=0.01)).years == math.inf


def test_more_trials_take_longer():
    few, many = (
        outlook(100, evidence(trials=n, shadowed=1, champion=None)).verdict(Gate()) for n in (2, 2_000)
    )
    assert few.years < many.years


def test_an_equal_of_the_champion_passes_non_inferiority_sooner_the_more_alike_they_are():
    net = returns(0.5, seed=2)
    alike = evidence(
        contender("new", net + 0.1 * returns(0.0, seed=3)),
        contender("old", net, stage="champion"),
        trials=21,
        shadowed=19,
    )
    gate = Gate(kind="non_inferior")
    near = outlook(100, alike).verdict(gate, "new")
    apart = outlook(100, zoo_of(best=0.5, trials=21, shadowed=19)).verdict(gate, "new")
    assert near.years < apart.years


@pytest.mark.parametrize("kind", ["superior", "non_inferior", "first"])
def test_each_gate_has_an_outlook(kind):
    assert outlook(100).verdict(Gate(kind=kind)).gate == kind


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_clone_of_the_champion_and_its_mirror_have_an_outlook(sign):
    net = returns(0.5, seed=2)
    found = evidence(
        contender("clone", sign * net), contender("old", net, stage="champion"), trials=21, shadowed=19
    )
    assert outlook(100, found).verdict(Gate(), "clone").gate == "superior"
