"""Panels of bars, tables of rows, their fingerprints, and where they come from."""

from __future__ import annotations

from zoo.data.bars import completed, dollar_bars, time_bars, trade_count_bars, volume_bars
from zoo.data.dataset import Dataset
from zoo.data.files import csv, parquet
from zoo.data.fingerprint import Fingerprint
from zoo.data.memory import frame
from zoo.data.queries import duckdb, sql
from zoo.data.selectors import assets, between, random_window, with_history
from zoo.data.sources import sp500, tabular
from zoo.data.table import Table
from zoo.data.ticks import trades

__all__ = [
    "Dataset",
    "Fingerprint",
    "Table",
    "assets",
    "between",
    "completed",
    "csv",
    "dollar_bars",
    "duckdb",
    "frame",
    "parquet",
    "random_window",
    "sp500",
    "sql",
    "tabular",
    "time_bars",
    "trade_count_bars",
    "trades",
    "volume_bars",
    "with_history",
]
