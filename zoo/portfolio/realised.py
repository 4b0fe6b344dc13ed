"""Realised return: what holding target weights was worth, net of costs. The one definition there is.

The rules, for a signal at the close of bar t:

- It trades at the close of t + `delay`, so it earns from the bar after that one.
- There are H = ceil(horizon / every) sleeves, and they take turns: a rebalance resets one of them to its
  target weights times value / H, whatever that sleeve was worth, and leaves the others alone. A sleeve is
  therefore held for H · every bars: `horizon` when `every` divides it (21/21: one sleeve; 21/1: 21 sleeves),
  up to `every` - 1 bars longer when it does not (60/21: three sleeves of 63 bars; 5/21: one, held for 21). In
  between it drifts: units are held, not weights.
- The first H - 1 rebalances find sleeves not yet filled: that part is cash. A rebalance that is skipped or
  late leaves every sleeve as it is.
- Traded is |target - drifted| of the sleeve that is reset, by asset. The value before the trade sizes it; its
  cost is paid from cash at that close, and belongs to that bar: the entry is the track's first return.
- The sleeves are one account: an asset that one holds long and another short is held net, and borrow is paid
  on what is net short, overnight. Cash earns (or, negative, pays) the cash rate.
- Every bar is marked over the value at the close before. The track ends `every` bars after the last trade,
  when the next would be due, or with the prices, or at `end`; sleeves that are not through are marked,
  neither dropped nor sold.
- An asset without a price (a gap, or delisted: at the time nobody can tell which) keeps its last one, and
  cannot be bought or sold short: a target for it stays in cash (`unfilled`). What a sleeve holds of it is
  closed, at the price kept and at the usual costs, when the sleeve is next reset; until then `stale` says how
  much is marked so. A loss on delisting that is in no price is in no return: put it into the last price.
- A value that falls to zero or below ends the account on that bar (`ruined`); its returns after it are NaN,
  so that no figure of it looks good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zoo.errors import DataError, PortfolioError
from zoo.portfolio.costs import Costs
from zoo.portfolio.market import Floats, Market, Positions, market_of
from zoo.portfolio.sleeves import Accounts, Schedule, run


@dataclass(frozen=True, slots=True, eq=False)
class Realised:
    """One track: arrays with one entry a bar, `net` = `gross` + `interest` - `costs` to the bit.

    Attributes:
        bars: bar numbers, from the first trade's on, without a gap.
        net: return after costs, over the value at the close before.
        gross: return of the prices alone.
        trading: spread, commission and impact of that bar's trades.
        borrow: of what was net short over the night before.
        interest: on cash.
        turnover: ½ Σ |target - drifted| at that close (Grinold and Kahn 2000), over the value before costs.
        exposure: Σ |position| over the value, after that close's trades.
        net_exposure: Σ position over the value.
        stale: the part of `exposure` that is marked at a price kept from an earlier bar.
        unfilled: Σ |target| that could not be traded for want of a price, over the value.
        sleeves: how many took turns.
        ruined: the bar on which nothing was left, or None.
    """

    bars: Positions
    net: Floats
    gross: Floats
    trading: Floats
    borrow: Floats
    interest: Floats
    turnover: Floats
    exposure: Floats
    net_exposure: Floats
    stale: Floats
    unfilled: Floats
    sleeves: int
    ruined: int | None

    @property
    def costs(self) -> Floats:
        """Trading and borrow; never negative."""
        return self.trading + self.borrow

    @property
    def value(self) -> Floats:
        """The compounded net value at each close, of 1 before the first trade."""
        return np.multiply.accumulate(1.0 + self.net)


def realise(
    weights_at_rebalances: ArrayLike,
    positions: ArrayLike,
    prices: ArrayLike,
    *,
    horizon: int,
    every: int,
    costs: Costs,
    delay: int = 1,
    volume: ArrayLike | None = None,
    end: int | None = None,
) -> Realised:
    """Return the track of target weights by the rules above.

    Args:
        weights_at_rebalances: rebalances × assets, finite; what a policy made of the scores at `positions`.
        positions: the bar number of each rebalance's signal, rising.
        prices: bars × assets, positive; NaN where there is none.
        horizon: bars that the signal looks ahead.
        every: bars between two rebalances.
        costs: what trading and holding cost.
        delay: bars from signal to trade; 0 trades at the very close that the signal was made of.
        volume: units traded, bars × assets; only an impact asks for it.
        end: the last bar to mark; None for as far as the prices go.

    Returns:
        The track; empty when no rebalance is traded by `end`. Later prices never change earlier entries.

    Raises:
        PortfolioError: `horizon`, `every`, `delay` or `end` that are no such numbers; positions not rising or
            outside the prices.
        DataError: weights that are not finite, arrays that do not fit, prices that nobody could pay.
    """
    market = market_of(prices, costs, volume)
    weights = _weights(weights_at_rebalances, market.marks.shape[1])
    signals = _signals(positions, len(weights), len(market.marks))
    sleeves = sleeves_of(horizon, every)
    last = _last(end, len(market.marks))
    trades = signals + whole("delay", delay, least=0)
    trades = trades[trades <= last]
    if not len(trades):
        return empty(sleeves)
    ends = np.minimum(trades[-1:] + every, last)
    schedule = Schedule(trades[None], np.array([len(trades)]), ends, sleeves)
    return tracks(market, weights[None, : len(trades)], schedule, costs)[0]


def tracks(market: Market, weights: Floats, schedule: Schedule, costs: Costs) -> list[Realised]:
    """Run accounts side by side and return each one's track."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # of accounts that are ruined
        accounts = run(market, weights, schedule, costs)
    return [_track(accounts, schedule, account) for account in range(len(weights))]


def sleeves_of(horizon: int, every: int) -> int:
    """Return H = ceil(horizon / every).

    Raises:
        PortfolioError: one of them is no whole number of bars, at least 1.
    """
    return -(-whole("horizon", horizon, least=1) // whole("every", every, least=1))


def whole(name: str, value: object, *, least: int) -> int:
    """Return `value` when it is a whole number of bars, at least `least`.

    Raises:
        PortfolioError: it is not.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < least:
        raise PortfolioError(f"{name} is {value!r}", expected=f"a whole number of bars, at least {least}")
    return int(value)


def _track(accounts: Accounts, schedule: Schedule, account: int) -> Realised:
    first, last = int(schedule.trades[account, 0]), int(schedule.ends[account])
    days = last - first + 1
    lost = np.flatnonzero(~(accounts.value[account, :days] > 0))
    alive = days if not len(lost) else int(lost[0]) + 1

    def upto_ruin(table: Floats) -> Floats:
        found = table[account, :days].copy()
        found[alive:] = math.nan
        return found

    gross, interest = upto_ruin(accounts.gross), upto_ruin(accounts.interest)
    trading, borrow = upto_ruin(accounts.trading), upto_ruin(accounts.borrow)
    return Realised(
        bars=np.arange(first, last + 1),
        net=gross + interest - (trading + borrow),
        gross=gross,
        trading=trading,
        borrow=borrow,
        interest=interest,
        turnover=upto_ruin(accounts.turnover),
        exposure=upto_ruin(accounts.exposure),
        net_exposure=upto_ruin(accounts.net_exposure),
        stale=upto_ruin(accounts.stale),
        unfilled=upto_ruin(accounts.unfilled),
        sleeves=schedule.sleeves,
        ruined=None if not len(lost) else first + int(lost[0]),
    )


def empty(sleeves: int) -> Realised:
    """Return the track of an account that never trades."""
    none = np.empty(0)
    return Realised(
        np.empty(0, dtype=np.intp), none, none, none, none, none, none, none, none, none, none, sleeves, None
    )


def _weights(weights: ArrayLike, assets: int) -> Floats:
    found = np.asarray(weights, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != assets:
        raise DataError(f"weights of shape {found.shape}", expected=f"rebalances × {assets} assets")
    if not np.isfinite(found).all():
        row, asset = (int(place) for place in np.argwhere(~np.isfinite(found))[0])
        raise DataError(
            f"weight {found[row, asset]} at rebalance {row}, asset {asset}",
            expected="finite weights",
            remedy="a policy gives 0 to what is not held",
        )
    return found


def _signals(positions: ArrayLike, rebalances: int, bars: int) -> Positions:
    found = np.asarray(positions)
    if found.shape != (rebalances,) or (rebalances and found.dtype.kind not in "iu"):
        raise PortfolioError(
            f"positions of shape {found.shape} and type {found.dtype}", expected=f"{rebalances} bar numbers"
        )
    found = found.astype(np.intp)
    if rebalances and (found[0] < 0 or found[-1] >= bars or (np.diff(found) <= 0).any()):
        raise PortfolioError(
            f"positions from {found[0]} to {found[-1]}", expected=f"rising bar numbers from 0 to {bars - 1}"
        )
    return found


def _last(end: int | None, bars: int) -> int:
    return bars - 1 if end is None else min(whole("end", end, least=0), bars - 1)


__all__ = ["Realised", "empty", "realise", "sleeves_of", "tracks", "whole"]
