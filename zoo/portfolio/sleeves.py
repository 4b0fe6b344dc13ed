"""The account: sleeves that are reset one after another and drift in between, marked on every bar.

Many accounts that differ in their starting phase run side by side, since an array of 21 × 20 costs hardly
more than one of 20. Nothing here reads a bar later than the one that it accounts for, and no sum is left to a
routine whose order depends on how many bars follow: later prices do not change earlier returns by a bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.portfolio.costs import Costs
from zoo.portfolio.market import Floats, Market, Positions


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """When each account trades. All blocks between two trades are equally long until an account ends.

    Attributes:
        trades: accounts × trades: bar numbers, rising; past an account's last trade, its end.
        counts: trades of each account.
        ends: the last bar of each account.
        sleeves: how many sleeves take turns.
    """

    trades: Positions
    counts: Positions
    ends: Positions
    sleeves: int


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """Accounts × days, the first day that of each account's first trade; what follows an end is void.

    Returns and costs of a day are over the value at the close before; exposures over the value at the close
    itself, after its trades.
    """

    gross: Floats
    trading: Floats
    borrow: Floats
    interest: Floats
    turnover: Floats
    exposure: Floats
    net_exposure: Floats
    stale: Floats
    unfilled: Floats
    value: Floats


@dataclass(slots=True, eq=False)
class _Book:
    """What is written down bar by bar, each block opened by its trading bar."""

    net: list[Floats]
    gross: list[Floats]
    stale: list[Floats]
    cash: list[Floats]
    traded: Floats
    spent: Floats
    unfilled: Floats


def run(market: Market, weights: Floats, schedule: Schedule, costs: Costs) -> Accounts:
    """Trade `weights` (accounts × trades × assets) by `schedule`."""
    accounts, trades, assets = weights.shape
    rows = np.arange(accounts)
    lengths = np.diff(schedule.trades, axis=1, append=schedule.ends[:, None])
    active = np.arange(trades) < schedule.counts[:, None]
    spans = lengths.max(axis=0)
    span = np.arange(spans.max() + 1)
    growth = np.power(1.0 + costs.cash, span)
    shares = np.zeros((accounts, schedule.sleeves, assets))
    value = np.ones(accounts)
    cash = np.ones(accounts)
    book = _Book([], [], [], [], *(np.zeros((accounts, trades)) for _ in range(3)))
    for trade in range(trades):
        bar = schedule.trades[:, trade]
        price, slot = market.marks[bar], trade % schedule.sleeves
        held = shares[:, slot]
        wanted = weights[:, trade] * (value / schedule.sleeves)[:, None] / price
        if market.known is not None:
            there = market.known[bar]
            book.unfilled[:, trade] = np.abs(weights[:, trade] * ~there).sum(axis=1) / schedule.sleeves
            wanted = np.where(there, wanted, 0.0)
        if not active[:, trade].all():
            wanted = np.where(active[:, trade, None], wanted, held)
        bought = (wanted - held) * price
        size = np.abs(bought)
        amount = size.sum(axis=1)
        book.traded[:, trade] = amount / value
        spent = costs.trading * amount
        if market.impact is not None:
            spent += (size * np.sqrt(size) * market.impact[bar]).sum(axis=1)
        book.spent[:, trade] = spent
        shares[:, slot] = wanted
        cash = cash - bought.sum(axis=1) - spent
        total = wanted if schedule.sleeves == 1 else shares.sum(axis=1)
        bars = np.minimum(bar[:, None] + span[: spans[trade] + 1], schedule.ends[:, None])
        _hold(market, total, bars, cash, costs.borrow, growth[: spans[trade] + 1], book)
        last = lengths[:, trade]
        cash = book.cash[-1][rows, last]
        value = book.net[-1][rows, last] + cash
    return _accounts(book, lengths, active, costs)


def _hold(
    market: Market, total: Floats, bars: Positions, cash: Floats, borrow: float, growth: Floats, book: _Book
) -> None:
    """Mark a block: from the trading bar, after its trade, to the next one, before its trade."""
    block = market.marks.take(bars, axis=0)
    net = np.vecdot(block, total[:, None])
    size = np.abs(total)
    gross = np.vecdot(block, size[:, None])
    book.net.append(net)
    book.gross.append(gross)
    if market.known is not None:
        book.stale.append(np.vecdot(np.where(market.known.take(bars, axis=0), 0.0, block), size[:, None]))
    level = cash[:, None] * growth
    if borrow:
        short = (gross[:, :-1] - net[:, :-1]) / 2.0
        level[:, 1:] -= borrow * np.cumsum(short / growth[1:], axis=1) * growth[1:]
    book.cash.append(level)


def _accounts(book: _Book, lengths: Positions, active: NDArray[np.bool_], costs: Costs) -> Accounts:
    """Turn blocks into days: the first trade's, then all that follow an opening bar."""
    net, gross, cash = (np.concatenate(side, axis=1) for side in (book.net, book.gross, book.cash))
    stale = np.concatenate(book.stale, axis=1) if book.stale else np.zeros(net.shape)
    spans = lengths.max(axis=0) + 1
    opening = np.concatenate([[0], np.cumsum(spans)[:-1]])  # columns
    marked = np.ones(net.shape[1], dtype=bool)
    marked[opening] = False
    days = np.flatnonzero(marked)
    traded = opening - np.arange(len(opening))  # the day of each trade: openings before it are no days
    account, which = np.nonzero(active)
    value = net + cash
    before = value[:, days - 1]

    def by_day(per_bar: Floats) -> Floats:
        """Take the state at each close, after the trades of that close."""
        found = np.empty((len(net), len(days) + 1))
        found[:, 1:] = per_bar[:, days]
        found[account, traded[which]] = per_bar[account, opening[which]]
        return found

    def on_days(per_trade: Floats) -> Floats:
        found = np.zeros((len(net), len(days) + 1))
        found[account, traded[which]] = per_trade[account, which]
        return found

    def moved(change: Floats) -> Floats:
        found = np.zeros((len(net), len(days) + 1))
        found[:, 1:] = change / before
        return found

    closing = by_day(value)
    base = np.concatenate([np.ones((len(net), 1)), before], axis=1)
    short = (gross[:, days - 1] - net[:, days - 1]) / 2.0
    return Accounts(
        gross=moved(net[:, days] - net[:, days - 1]),
        trading=on_days(book.spent) / base,
        borrow=moved(costs.borrow * short),
        interest=moved(costs.cash * cash[:, days - 1]),
        turnover=on_days(book.traded) / 2.0,
        exposure=by_day(gross) / closing,
        net_exposure=by_day(net) / closing,
        stale=by_day(stale) / closing,
        unfilled=on_days(book.unfilled),
        value=closing,
    )


__all__ = ["Accounts", "Schedule", "run"]
