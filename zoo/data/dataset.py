"""A panel of bars: fields of dates × assets on one calendar, and factor returns beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import pandas as pd

from zoo.data.calendar import bounds, month_ends
from zoo.data.content import ContentHash, first_and_last
from zoo.data.fingerprint import Fingerprint
from zoo.data.validation import checked_factors, checked_fields
from zoo.errors import DataError, did_you_mean

DateLike: TypeAlias = "str | dt.date | pd.Timestamp"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Prices and what goes with them; NaN says that an asset has no value on a date.

    Args:
        fields: frames of dates × assets by name: `close`, and optionally `open`, `high`, `low`, `volume` or
            fields of the user's own; all on the same dates and assets. They are kept as float64.
        factors: returns per bar of dates × factors on the same dates; a Series becomes one column.
        name: what messages call it; no part of the fingerprint.

    Raises:
        DataError: dates that are not a sorted, unique DatetimeIndex; fields that differ in dates or assets;
            names that are not unique strings; values that are not numbers, or infinite.
    """

    kind: ClassVar[str] = "panel"

    fields: Mapping[str, pd.DataFrame]
    factors: pd.DataFrame | None = None
    name: str = "panel"

    def __post_init__(self) -> None:
        fields = checked_fields(self.fields, self.name)
        object.__setattr__(self, "fields", fields)
        factors = checked_factors(self.factors, fields["close"].index, self.name)
        object.__setattr__(self, "factors", factors)

    @property
    def close(self) -> pd.DataFrame:
        """Closing prices, dates × assets."""
        return self.fields["close"]

    @property
    def dates(self) -> pd.DatetimeIndex:
        """The calendar: one label a bar, in order."""
        return pd.DatetimeIndex(self.close.index)

    @property
    def assets(self) -> list[str]:
        """The assets in the order of the columns."""
        return list(self.close.columns)

    def field(self, name: str) -> pd.DataFrame:
        """Return a field by name, dates × assets.

        Raises:
            DataError: there is no such field; the message lists those that there are.
        """
        if name not in self.fields:
            raise DataError(
                f"no field {name!r}",
                where=self.name,
                expected=f"one of {', '.join(self.fields)}",
                remedy=did_you_mean(name, self.fields),
            )
        return self.fields[name]

    def until(self, date: DateLike) -> Dataset:
        """Return the bars up to and including `date`.

        Raises:
            DataError: as for `between`.
        """
        return self.between(None, date)

    def between(self, first: DateLike | None, last: DateLike | None) -> Dataset:
        """Return the bars from `first` to `last`, both included; None leaves that side open.

        Args:
            first: an ISO date or a timestamp; a bare date means from its first bar.
            last: likewise; a bare date means up to the last bar of that day.

        Raises:
            DataError: no date, or no bar lies between.
        """
        rows = bounds(self.dates, first, last, self.name)
        factors = None if self.factors is None else self.factors.iloc[rows]
        return Dataset({name: frame.iloc[rows] for name, frame in self.fields.items()}, factors, self.name)

    def resample(self, freq: str) -> Dataset:
        """Return one bar a month, labelled with the date of the month's last bar in the data.

        An asset's close is its last one of the month, its open the first, high the maximum, low the minimum,
        volume the sum, any other field its last value; factor returns are compounded, NaN when any of the
        month is. A month counts once it is finished: its last weekday, or any later bar, is in the data. The
        last bar's own date is the label, so that cutting before or after resampling means the same.

        Args:
            freq: `ME`, the only one.

        Raises:
            DataError: another `freq`, or no finished month.
        """
        fields, factors = month_ends(self.fields, self.factors, freq, self.name)
        return Dataset(fields, factors, self.name)

    def fingerprint(self) -> Fingerprint:
        """Return what the data is: dates, names of fields, assets and factors, and the hash of all values.

        The order of dates, assets and factors counts; fields have names and no order.
        """
        content = ContentHash()
        content.column(self.dates, "dates")
        content.names("assets", self.assets)
        for name in sorted(self.fields):
            content.names("field", [name])
            content.matrix(self.fields[name].to_numpy())
        columns = [f"field:{name}" for name in sorted(self.fields)] + [
            f"asset:{name}" for name in self.assets
        ]
        if self.factors is not None:
            content.names("factors", self.factors.columns)
            content.matrix(self.factors.to_numpy())
            columns += [f"factor:{name}" for name in self.factors.columns]
        first, last = first_and_last(self.dates)
        return Fingerprint(len(self.dates), tuple(columns), first, last, content.hexdigest())


__all__ = ["Dataset", "DateLike"]
