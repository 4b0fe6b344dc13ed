from __future__ import annotations

import dataclasses
import datetime as dt
import pickle

import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset, sp500
from zoo.errors import DataError


def test_a_panel_knows_its_dates_and_assets(panel, days):
    assert panel.kind == "panel"
    assert panel.assets == ["A", "B"]
    assert panel.dates.equals(days)
    assert panel.close is panel.field("close")


def test_a_panel_cannot_be_changed(panel):
    with pytest.raises(dataclasses.FrozenInstanceError):
        panel.name = "other"


def test_changing_the_frame_that_was_given_changes_no_panel(close):
    panel = Dataset({"close": close})
    before = panel.fingerprint()
    close.iloc[0, 0] = 99.0
    assert panel.close.iloc[0, 0] == 10.0
    assert panel.fingerprint() == before


def test_a_panel_travels_to_another_process(panel):
    assert pickle.loads(pickle.dumps(panel)).fingerprint() == panel.fingerprint()


def test_an_unknown_field_is_refused_with_those_that_there_are(panel):
    with pytest.raises(
        DataError, match=r"panel: no field 'volum'; expected one of close, open.*did you mean 'volume'"
    ):
        panel.field("volum")


def test_a_series_of_factor_returns_becomes_one_column(panel, close):
    assert list(panel.factors.columns) == ["market"]
    unnamed = close["A"].pct_change().rename(None)
    assert list(Dataset({"close": close}, unnamed).factors.columns) == ["factor"]


@pytest.mark.parametrize(
    "bound", ["2024-01-04", dt.date(2024, 1, 4), pd.Timestamp("2024-01-04"), "2024-01-04T12:00"]
)
def test_until_keeps_the_named_bar(panel, bound):
    cut = panel.until(bound)
    assert cut.dates[-1] == pd.Timestamp("2024-01-04")
    assert set(cut.fields) == set(panel.fields)
    assert len(cut.factors) == 3


def test_a_bare_date_means_the_whole_day_and_a_timestamp_its_moment(close):
    hours = pd.date_range("2024-01-02 09:00", periods=6, freq="6h")
    panel = Dataset({"close": close.set_axis(hours)})
    assert panel.until("2024-01-02").dates[-1] == pd.Timestamp("2024-01-02 21:00")
    assert panel.until(dt.date(2024, 1, 2)).dates[-1] == pd.Timestamp("2024-01-02 21:00")
    assert panel.until(pd.Timestamp("2024-01-02 15:00")).dates[-1] == pd.Timestamp("2024-01-02 15:00")
    assert panel.until(dt.datetime(2024, 1, 2, 14, 59)).dates[-1] == pd.Timestamp("2024-01-02 09:00")


def test_between_keeps_both_ends_and_None_leaves_a_side_open(panel, days):
    assert panel.between("2024-01-03", "2024-01-05").dates.equals(days[1:4])
    assert panel.between("2024-01-06", None).dates.equals(days[4:])
    assert panel.between(None, None).fingerprint() == panel.fingerprint()


def test_bounds_are_read_in_the_time_zone_of_the_data(close):
    panel = Dataset({"close": close.tz_localize("America/New_York")})
    assert len(panel.until("2024-01-03").dates) == 2
    assert len(panel.until(pd.Timestamp("2024-01-03T05:00Z")).dates) == 2
    assert len(panel.until(pd.Timestamp("2024-01-03T04:59Z")).dates) == 1


@pytest.mark.parametrize(
    "bound", ["yesterday", "29/12/2017", "", 2017, 1.5, True, pd.NaT, "2024-01-03T00:00+01:00"]
)
def test_what_is_no_date_is_refused(panel, bound):
    with pytest.raises(DataError, match=r"is no date of this data; expected an ISO date such as 2017-12-29"):
        panel.until(bound)


def test_a_cut_that_leaves_no_bar_is_refused_with_the_dates_that_there_are(panel):
    with pytest.raises(
        DataError, match=r"no bar until 2023-01-01; expected dates from 2024-01-02 to 2024-01-09"
    ):
        panel.until("2023-01-01")
    with pytest.raises(DataError, match=r"no bar from 2024-01-05 until 2024-01-03"):
        panel.between("2024-01-05", "2024-01-03")


def test_real_prices_cut_twice_are_the_same_as_cut_once():
    data = sp500()
    once = data.until("2001-05-03").fingerprint()
    assert data.until("2010-01-01").until("2001-05-03").fingerprint() == once
    assert sp500(end="2001-05-03").fingerprint() == once


def test_fingerprints_name_what_there_is(panel):
    found = panel.fingerprint()
    assert found.rows == 6
    assert (found.first, found.last) == ("2024-01-02", "2024-01-09")
    assert found.columns == (
        *(f"field:{name}" for name in ("close", "high", "low", "open", "volume")),
        *("asset:A", "asset:B", "factor:market"),
    )


def same(panel, **changes):
    return Dataset(**({"fields": panel.fields, "factors": panel.factors} | changes)).fingerprint()


def test_a_fingerprint_ignores_how_values_are_stored(panel):
    found = panel.fingerprint()
    assert same(panel, name="another") == found
    assert same(panel, fields=dict(reversed(panel.fields.items()))) == found
    for unit in ("s", "ms", "us", "ns"):
        fields = {name: frame.set_axis(frame.index.as_unit(unit)) for name, frame in panel.fields.items()}
        factors = panel.factors.set_axis(panel.factors.index.as_unit(unit))
        assert same(panel, fields=fields, factors=factors) == found
    whole = {name: frame.round() for name, frame in panel.fields.items()}
    narrow = {name: frame.astype("float32") for name, frame in whole.items()}
    assert same(panel, fields=narrow) == same(panel, fields=whole)
    objects = {
        name: frame.set_axis(pd.Index(frame.columns, dtype=object), axis=1) for name, frame in whole.items()
    }
    assert same(panel, fields=objects) == same(panel, fields=whole)
    nullable = {name: frame.astype("Float64") for name, frame in whole.items()}
    assert same(panel, fields=nullable) == same(panel, fields=whole)
    fortran = {
        name: pd.DataFrame(np.asfortranarray(f), f.index, f.columns) for name, f in panel.fields.items()
    }
    assert same(panel, fields=fortran) == found


def test_a_fingerprint_sees_every_change(panel):
    seen = [panel.fingerprint().content]
    for name in panel.fields:
        frame = panel.fields[name].copy()
        frame.iloc[3, 1] = np.nextafter(frame.iloc[3, 1], np.inf)
        seen.append(same(panel, fields={**panel.fields, name: frame}).content)
    factors = panel.factors.copy()
    factors.iloc[-1, 0] += 1e-9
    seen.append(same(panel, factors=factors).content)
    seen.append(same(panel, factors=None).content)
    seen.append(same(panel, factors=panel.factors.rename(columns={"market": "index"})).content)
    seen.append(same(panel, fields={"close": panel.close}).content)
    swapped = {name: frame[["B", "A"]] for name, frame in panel.fields.items()}
    seen.append(same(panel, fields=swapped).content)
    renamed = {name: frame.rename(columns={"A": "C"}) for name, frame in panel.fields.items()}
    seen.append(same(panel, fields=renamed).content)
    other = {**panel.fields, "open": panel.fields["high"], "high": panel.fields["open"]}
    seen.append(same(panel, fields=other).content)
    other = {("volumes" if name == "volume" else name): frame for name, frame in panel.fields.items()}
    seen.append(same(panel, fields=other).content)
    later = panel.dates[:-1].append(pd.DatetimeIndex(["2024-01-10"]))
    moved = {name: frame.set_axis(later) for name, frame in panel.fields.items()}
    seen.append(same(panel, fields=moved, factors=panel.factors.set_axis(later)).content)
    zoned = {name: frame.tz_localize("UTC") for name, frame in panel.fields.items()}
    seen.append(same(panel, fields=zoned, factors=panel.factors.tz_localize("UTC")).content)
    seen.append(panel.until("2024-01-08").fingerprint().content)
    assert len(set(seen)) == len(seen)
