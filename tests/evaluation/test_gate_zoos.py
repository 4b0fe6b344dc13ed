"""Whole zoos, day by day: what benchmarks/gate_zoos.py does with 400 of them, with a tenth."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.metrics import rank_ic_by_date

PATH = Path(__file__).parents[2] / "benchmarks" / "gate_zoos.py"
SMALL = (100, 120, 0)


@pytest.fixture(scope="module")
def gate_zoos():
    spec = importlib.util.spec_from_file_location("gate_zoos", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["gate_zoos"] = module  # its dataclass looks there for its annotations
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gate_zoos"]


@pytest.mark.parametrize("assets", [10, 50])
def test_the_planted_rank_ic_is_what_was_asked_for_with_few_assets_too(gate_zoos, assets):
    rng = np.random.default_rng(1)
    ahead, noise = rng.normal(size=(2, 400_000 // assets, assets))
    share = gate_zoos.planted_share(assets, 0.2)
    scores = share * ahead + (1 - share**2) ** 0.5 * noise
    assert rank_ic_by_date(scores, ahead).mean() == pytest.approx(0.2, abs=0.006)


def test_a_planted_spec_earns_and_passes(gate_zoos):
    net = gate_zoos.net_returns(50, 24, rank_ic=0.5, bps=10.0, seed=0)
    assert net.shape == (24 * 21 + 1, 20)
    assert np.argmax(net.mean(axis=0)) == gate_zoos.PLANTED
    met = gate_zoos.passes(net, net, draws=200)
    assert np.flatnonzero(met["skill"] & met["better"]).tolist() == [gate_zoos.PLANTED]
    assert gate_zoos.first(net, net) == gate_zoos.PLANTED


def test_an_interval_is_that_of_clopper_and_pearson(gate_zoos):
    low, high = gate_zoos.Count(2, 20).interval
    assert (low, high) == pytest.approx((0.0123, 0.3170), abs=5e-5)
    assert gate_zoos.Count(0, 400).interval[0] == 0.0
    assert gate_zoos.Count(400, 400).interval[1] == 1.0


def test_every_zoo_that_misses_the_planted_spec_says_by_what(gate_zoos):
    found = gate_zoos.simulate((20, 60, 0), 6, rank_ic=0.05, draws=200)
    assert found.passed + sum(found.stopped.values()) == 6


def test_equal_seeds_are_equal_zoos(gate_zoos):
    first, second = (gate_zoos.net_returns(10, 5, rank_ic=0.0, bps=0.0, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_noise_hardly_ever_passes(gate_zoos):
    zoos = 40
    assert gate_zoos.simulate(SMALL, zoos, rank_ic=0.0, draws=400).passed <= 2
    assert gate_zoos.simulate(SMALL, zoos, rank_ic=0.0, bps=0.0, draws=400).passed <= 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "rank_ic"), [(SMALL, 0.03), (SMALL, 0.05), ((500, 30, 0), 0.05), ((20, 60, 0), 0.07)]
)
def test_the_planted_spec_is_found_as_often_as_power_says(gate_zoos, cell, rank_ic):
    zoos = 60
    found = gate_zoos.simulate(cell, zoos, rank_ic=rank_ic, draws=400)
    said = gate_zoos.predicted(cell, rank_ic)
    assert abs(found.rate - said) <= 0.05 + 3.0 * (said * (1 - said) / zoos) ** 0.5


def test_twenty_assets_and_sixty_rebalances_are_undecidable(gate_zoos):
    cell = (20, 60, 0)
    found = gate_zoos.time_to_verdict(
        "superior", gate_zoos.edge(20), gate_zoos.contest_of(cell), horizon_years=gate_zoos.years_of(60)
    )
    assert found.undecidable
    assert found.power < 0.1
