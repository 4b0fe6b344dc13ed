import pandas as pd
import pytest

from zoo.errors import ManifestError
from zoo.manifest.holding import bars_a_year, costs_of, portfolio_of
from zoo.portfolio import Costs

DAILY = pd.bdate_range("2015-01-01", periods=600)


@pytest.mark.parametrize(
    ("dates", "bars"),
    [
        (pd.date_range("2010-01-31", periods=60, freq="ME"), 12),
        (pd.date_range("2010-01-01", periods=100, freq="W-FRI"), 52),
        (DAILY, 252),
        (pd.date_range("2010-01-01", periods=800, freq="D"), 365),
        (DAILY[:1], 252),
        (DAILY[:0], 252),
    ],
)
def test_the_usual_calendars_are_known_by_their_spacing(dates, bars):
    assert bars_a_year(dates) == bars


def test_another_calendar_is_counted():
    hours = pd.date_range("2024-01-01", periods=1000, freq="1h")
    assert bars_a_year(hours) == pytest.approx(24 * 365.25)


def test_the_exchanges_holidays_do_not_count():
    holidays = DAILY.delete(range(0, 600, 26))  # ten a year
    assert bars_a_year(holidays) == 252


def test_costs_are_a_presets_but_for_what_is_said():
    months = pd.date_range("2010-01-31", periods=60, freq="ME")
    found = costs_of({"preset": "retail", "borrow_bps_per_year": 0}, months, None)
    assert found.commission_bps == Costs.preset("retail").commission_bps
    assert found.borrow_bps_per_year == 0
    assert found.bars_per_year == 12
    assert costs_of({"bars_per_year": 100}, months, None) == Costs(bars_per_year=100)
    assert costs_of("institutional", None, None) == Costs.preset("institutional")


def test_what_is_not_said_is_the_usual():
    usual = portfolio_of(None, None)
    assert usual == portfolio_of(True, None) == portfolio_of({}, None)
    assert portfolio_of({"delay": 0}, None) == {**usual, "delay": 0}
    assert portfolio_of(False, None) is None


def test_a_misspelt_preset_is_refused_before_anything_is_computed():
    with pytest.raises(ManifestError, match=r"a\.yaml: manifest\.portfolio\.costs: .*did you mean 'none'"):
        portfolio_of({"costs": "nome"}, "a.yaml")
