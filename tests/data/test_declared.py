"""Sources and bars as a manifest declares them: plain YAML, one inside the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import zoo.data
from zoo.data import csv, time_bars, trades, volume_bars
from zoo.manifest.construct import call
from zoo.trust import Trust, resolve


def declared(text):
    return call(yaml.safe_load(text), Trust())


@pytest.fixture
def ticks(tmp_path):
    rng = np.random.default_rng(0)
    dates = pd.date_range("2024-01-02T09:30", periods=300, freq="37s")
    price = 100 * np.exp(rng.normal(0, 0.001, 300).cumsum())
    frame = pd.DataFrame({"time": dates, "px": price, "qty": rng.integers(1, 9, 300)})
    frame.to_csv(tmp_path / "ticks.csv", index=False)
    return tmp_path / "ticks.csv"


@pytest.mark.parametrize("name", zoo.data.__all__)
def test_every_source_is_found_by_the_name_that_a_manifest_gives(name):
    assert resolve(f"zoo.data.{name}", Trust()) is getattr(zoo.data, name)


def test_bars_are_declared_around_their_source(ticks):
    found = declared(f"""
        _target_: zoo.data.volume_bars
        volume: 100
        required: [open, vwap]
        data:
          _target_: zoo.data.trades
          source: {ticks}
          columns: {{date: {{name: time, zone: America/New_York}}, price: px, size: qty}}
    """)
    columns = {"date": {"name": "time", "zone": "America/New_York"}, "price": "px", "size": "qty"}
    assert found.fingerprint() == volume_bars(trades(ticks, columns=columns), volume=100).fingerprint()
    assert str(found.dates.tz) == "America/New_York"


def test_fine_bars_of_a_file_become_coarse_ones(ticks):
    found = declared(f"""
        _target_: zoo.data.time_bars
        every: 30min
        data:
          _target_: zoo.data.csv
          path: {ticks}
          columns: {{date: time, close: px, volume: qty}}
    """)
    fine = csv(ticks, columns={"date": "time", "close": "px", "volume": "qty"})
    assert found.fingerprint() == time_bars(fine, every="30min").fingerprint()
    assert list(found.fields) == ["close", "volume", "vwap"]


def test_dates_of_YAML_are_dates(ticks):
    found = declared(f"""
        {{_target_: zoo.data.csv, path: {ticks}, columns: {{date: time, close: px}}, end: 2024-01-02}}
    """)
    assert len(found.dates) == 300
