"""What a rank IC is worth: against the fundamental law, and against costs by hand."""

import math

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.evaluation import Edge, Universe, covariance_of, edge_of_rank_ic
from zoo.portfolio import quantile_long_short


def market(assets, correlation=0.3):
    return 0.02**2 * (correlation + (1 - correlation) * np.eye(assets))


def test_without_costs_the_planted_sharpe_ratio_is_the_information_coefficient_times_root_breadth():
    edge = edge_of_rank_ic(Universe(market(200), bps=0.0), 0.05)
    # Grinold (1989), with Pearson's correlation of ranks scores, 0.977 of it kept by holding ranks
    expected = 2 * math.sin(math.pi * 0.05 / 6) * math.sqrt(3 / math.pi) * math.sqrt(200 * 12)
    assert edge.version == pytest.approx(expected, rel=0.05)
    assert edge.others == pytest.approx(0.0, abs=0.02)


def test_costs_take_what_turnover_times_rate_is():
    free, costly = (edge_of_rank_ic(Universe(market(100), bps=bps), 0.0) for bps in (0.0, 10.0))
    monthly = 0.02 * math.sqrt(0.7 * 21) * math.sqrt(16 / (3 * 100))  # risk of rank weights, 2 gross
    expected = 10e-4 * (8 / 3) / monthly * math.sqrt(12)  # Σ|w - w'| of independent ranks is 8 / 3
    assert free.others - costly.others == pytest.approx(expected, rel=0.05)


def test_a_steady_signal_pays_less():
    hasty, steady = (edge_of_rank_ic(Universe(market(50), persistence=kept), 0.05) for kept in (0.0, 0.95))
    assert steady.version > hasty.version + 0.1


def test_few_effective_names_find_less():
    rng = np.random.default_rng(0)
    sectors = np.kron(np.eye(4), np.ones((10, 1)))
    panel = 0.02 * (rng.normal(size=(3_000, 4)) @ sectors.T + 0.3 * rng.normal(size=(3_000, 40)))
    alike = edge_of_rank_ic(Universe(covariance_of(panel), bps=0.0), 0.05)
    apart = edge_of_rank_ic(Universe(market(40), bps=0.0), 0.05)
    assert alike.version < 0.5 * apart.version


def test_another_policy_is_another_edge():
    quintiles = Universe(market(50), policy=lambda scores: quantile_long_short(scores, quantile=0.2))
    assert edge_of_rank_ic(quintiles, 0.05) != edge_of_rank_ic(Universe(market(50)), 0.05)


def test_an_asset_without_a_full_record_is_left_out_of_the_covariance():
    panel = np.random.default_rng(1).normal(size=(100, 4))
    panel[3, 1] = np.nan
    panel[:, 2] = 0.0
    np.testing.assert_allclose(covariance_of(panel), np.cov(panel[:, [0, 3]], rowvar=False))
    for wrong in (panel[:, :2], panel[:1], np.zeros(5)):
        with pytest.raises(DataError):
            covariance_of(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Universe(np.zeros((2, 3))),
        lambda: Universe(np.full((2, 2), math.nan)),
        lambda: Universe(market(5), bps=-1.0),
        lambda: Universe(market(5), persistence=1.0),
        lambda: Universe(market(5), every=0),
        lambda: Edge(math.nan),
        lambda: Edge(1.0, correlation=1.0),
        lambda: edge_of_rank_ic(Universe(market(5)), 0.6),
        lambda: edge_of_rank_ic(Universe(market(5)), math.nan),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(DataError, match="expected"):
        wrong()
