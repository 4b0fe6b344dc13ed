"""Costs: presets as in conf/costs, and nothing negative."""

from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from zoo.errors import PortfolioError
from zoo.portfolio import PRESETS, Costs

CONF = Path(__file__).parents[2] / "conf" / "costs"
NAMES = [field.name for field in fields(Costs)]


def test_there_is_a_file_for_each_preset():
    assert {path.stem for path in CONF.glob("*.yaml")} == set(PRESETS) == {"none", "institutional", "retail"}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_its_file(name):
    declared = OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"))
    assert declared == asdict(Costs.preset(name)) == asdict(PRESETS[name])
    assert Costs(**declared) == Costs.preset(name)


def test_none_costs_nothing():
    costs = Costs.preset("none")
    assert (costs.trading, costs.borrow, costs.cash, costs.impact_coefficient) == (0, 0, 0, 0)


def test_figures_are_basis_points():
    costs = Costs(half_spread_bps=6, commission_bps=4, borrow_bps_per_year=252, cash_bps_per_year=504)
    assert costs.trading == pytest.approx(0.001)
    assert costs.borrow == pytest.approx(0.0001)
    assert replace(costs, bars_per_year=12).cash == pytest.approx(0.0042)


def test_an_account_of_retail_size_pays_ten_basis_points():
    assert Costs.preset("retail").trading == pytest.approx(0.001)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), True, "5", None])
def test_a_cost_is_a_number_of_at_least_zero(name, value):
    with pytest.raises(PortfolioError, match=f"costs: {name} is ") as caught:
        Costs(**{name: value})
    assert "expected" in str(caught.value)


@pytest.mark.parametrize("name", ["capital", "bars_per_year"])
def test_what_divides_is_more_than_zero(name):
    with pytest.raises(PortfolioError, match=f"{name} is 0; expected more than 0"):
        Costs(**{name: 0})


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(PortfolioError, match="did you mean 'retail'"):
        Costs.preset("retial")
