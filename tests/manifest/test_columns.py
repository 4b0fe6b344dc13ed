import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.errors import ManifestError
from zoo.manifest.columns import checked

CLOSE = lab.panel(60, 3).close


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lab.shorter, r"f gave \(59, 3\), not the data's dates × assets: date 2015-01-01 is missing"),
        (lab.doubled_date, "date 2015-01-01 occurs twice"),
        (lab.doubled_asset, "asset A0 occurs twice"),
        (lab.other_order, "assets in another order"),
        (lab.renamed, "asset A0 is missing"),
        (lambda prices: prices.assign(Z=1.0), "asset Z is not in the data"),
        (lab.infinite, "f is infinite at 2015-02-26 for A0"),
        (lab.text, "f gave something that is no number"),
        (lab.an_array, "f gave a ndarray; expected a frame"),
        (lambda prices: prices["A0"], "f gave a Series"),
        (lambda prices: None, "f gave a NoneType"),
    ],
)
def test_what_is_no_panel_of_the_data_is_refused_and_said_how(function, message):
    with pytest.raises(ManifestError, match=message) as caught:
        checked(function(CLOSE), CLOSE, "f", "lab.yaml")
    assert str(caught.value).startswith("lab.yaml: ")


def test_an_infinity_within_a_day_is_named_with_its_time():
    hours = CLOSE.set_axis(pd.date_range("2015-01-01 09:30", periods=60, freq="h"), axis=0)
    with pytest.raises(ManifestError, match="infinite at 2015-01-03 01:30:00"):
        checked(lab.infinite(hours), hours, "f", None)


def test_missing_values_stay_missing_and_are_never_zero():
    holed = CLOSE.where(CLOSE.pct_change() > 0)
    assert np.array_equal(checked(holed, CLOSE, "f", None), holed.to_numpy(), equal_nan=True)
    nullable = holed.astype("Float64")
    assert np.array_equal(checked(nullable, CLOSE, "f", None), holed.to_numpy(), equal_nan=True)


def test_conditions_are_numbers():
    assert set(np.unique(checked(CLOSE > 50, CLOSE, "f", None))) <= {0.0, 1.0}
