"""What a leaderboard says, as plain values: a row a version, a lineage and a baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.evaluation.baselines import PERMUTED, REFIT, ZERO, Permuted
from zoo.evaluation.ground import Held
from zoo.evaluation.leaderboard import Board, Entrant
from zoo.evaluation.visible import text_of
from zoo.metrics import (
    PhaseFigure,
    deflated_sharpe_ratio,
    mean_with_error,
    moments,
    probability_of_overfitting,
)

Floats = NDArray[np.float64]
Row = dict[str, Any]

#: the names of a row's figures, and those of `PhasePerformance` that they are
FIGURES: Final[Mapping[str, str]] = {
    "rank_ic": "rank_ic",
    "net_return": "annual_mean",
    "gross_return": "annual_gross_mean",
    "volatility": "annual_volatility",
    "net_sharpe": "annual_sharpe",
    "break_even_bps": "break_even_bps",
    "turnover": "annual_turnover",
    "max_drawdown": "max_drawdown",
    "cvar": "cvar",
}


@dataclass(frozen=True, eq=False)
class Display:
    """What is shown and decides nothing.

    Attributes:
        pbo: probability of backtest overfitting of choosing among the versions; NaN with fewer than two.
        against: each version's difference of annual Sharpe ratios from the champion's, by id.
        confidence: the p value with which each is in the confidence set, by id.
        size: of the set.
    """

    pbo: float
    against: Mapping[str, Row]
    confidence: Mapping[str, float]
    size: float


def display_of(board: Board, *, draws: int, blocks: int, seed: int = 0) -> Display:
    """Compare the versions of a board with each other.

    Args:
        board: the board.
        draws: of the bootstrap; 0 leaves intervals and confidence set out.
        blocks: of time, for the probability of overfitting.
        seed: of the draws.
    """
    from zoo.evaluation.resampling import SIZE

    compared, table = board.compared, board.matrix()
    finite = np.isfinite(table).all(axis=0) if table.size else np.zeros(table.shape[1], dtype=bool)
    pbo = probability_of_overfitting(table[:, finite], blocks=blocks).probability
    if not draws or not table.size:
        return Display(pbo, {}, {}, SIZE)
    from zoo.evaluation.superiority import confidence_set

    found = confidence_set(table, draws=draws, seed=seed, size=SIZE)
    names = [one.version_id for one in compared]
    confidence = dict(zip(names, found.adjusted.tolist(), strict=True))
    return Display(pbo, _against(board, names, table, draws, seed), confidence, SIZE)


def _against(board: Board, names: Sequence[str], table: Floats, draws: int, seed: int) -> dict[str, Row]:
    from zoo.evaluation.difference import paired_differences

    if board.champion not in names:
        return {}
    root = math.sqrt(board.ground.costs.bars_per_year)
    own = table[:, names.index(board.champion)]
    differences = paired_differences(table, own, draws=draws, seed=seed)
    return {
        name: {
            "difference": root * one.estimate,
            "low": root * one.low,
            "high": root * one.high,
            "level": one.level,
        }
        for name, one in zip(names, differences, strict=True)
        if name != board.champion
    }


def rows_of(
    board: Board,
    display: Display,
    *,
    held_out: Mapping[str, int],
    permuted: Permuted | None = None,
    lineages: Mapping[str, Entrant] | None = None,
    refits: Mapping[str, Entrant] | None = None,
    baselines: Mapping[str, Held] | None = None,
) -> list[Row]:
    """Return the rows of a board: versions in the order of the board, then lineages, then baselines.

    Args:
        board: the board.
        display: what is shown besides.
        held_out: bars of held-out evidence inside the experiment, by version.
        permuted: the permuted scores of the board's reference.
        lineages: of specs, by name.
        refits: the champion's architecture, by vintage.
        baselines: by name.
    """
    common = _common(board, display)
    champion = board.of(board.champion)
    own = None if champion is None or champion.standing is None else champion.standing.held.net
    rows = [
        {**version_row(one, board, display, own, permuted), "held_out": held_out.get(one.version_id, 0)}
        for one in board.entrants
    ]
    for name, one in (lineages or {}).items():
        rows.append({**version_row(one, board, display, own, permuted), "kind": "lineage", "name": name})
    for vintage, one in (refits or {}).items():
        rows.append(
            {
                **version_row(one, board, display, own, permuted),
                "kind": "baseline",
                "name": REFIT,
                "rank": None,
                "reason": one.reason or "a baseline",
                "vintage": vintage[:10],
            }
        )
    rows += [baseline_row(name, held, board, own) for name, held in (baselines or {}).items()]
    if not board.ground.holds_nothing_short:
        rows.append(zero_row(board))
    if permuted is not None:
        rows.append(permuted_row(permuted))
    for row in rows:
        days = row.pop("held_out", 0)
        row["days"] = {"held_out": days, **row.get("days", {"replayed": 0, "live": 0})}
        row["board"] = common
    return rows


def version_row(
    one: Entrant, board: Board, display: Display, own: Floats | None, permuted: Permuted | None
) -> Row:
    """Return the row of a version or of a lineage."""
    index, standing = one.index, one.standing
    row: Row = {
        "kind": "version",
        "name": one.version_id,
        "version_id": one.version_id,
        "spec": one.spec,
        "stage": one.stage,
        "rank": one.rank,
        "comparable": standing is not None,
        "reason": one.reason,
        "days": _days(one),
        "first": None if index is None or not index.bars else index.of("days")[0].first,
        "last": None if index is None or index.last is None else text_of(index.last),
        "horizon": None if index is None else index.about.horizon,
        "score": None,
    }
    if standing is None or one.score is None:
        return row | dict.fromkeys([*FIGURES, *_EXTRA])
    score, net = one.score, standing.held.net
    return row | {
        "score": {
            "value": score.value,
            "held_out": score.held_out,
            "live": score.live,
            "held_out_bars": score.held_out_bars,
            "live_bars": score.live_bars,
        },
        **figures_of(standing.held),
        "net_t": mean_with_error(net, 0).t,
        "correlation": correlation(net, own),
        "deflated_sharpe": _deflated(net, board),
        "above_permuted": None if permuted is None else permuted.share_below(_annual(net, board)),
        "against_champion": display.against.get(one.version_id),
        "confidence_set": _confidence(one.version_id, display),
    }


#: what a row has besides its figures, where it is compared
_EXTRA: Final = (
    "net_t",
    "correlation",
    "deflated_sharpe",
    "above_permuted",
    "against_champion",
    "confidence_set",
)


def figures_of(held: Held) -> Row:
    """Return the figures over all starting phases: mean, standard error, minimum, median, maximum."""
    row = {name: _figure(held.figures[figure]) for name, figure in FIGURES.items()}
    ic = row["rank_ic"]
    ic["t"] = ic["value"] / ic["se"] if ic["se"] else math.nan
    return row


def baseline_row(name: str, held: Held, board: Board, own: Floats | None) -> Row:
    """Return the row of a baseline: it has no rank, and nothing was selected for it."""
    return _plain_row(name) | {
        **figures_of(held),
        "net_t": mean_with_error(held.net, 0).t,
        "correlation": correlation(held.net, own),
    }


def zero_row(board: Board) -> Row:
    """Return the row of doing nothing, which is what a policy that is long as much as short has to beat."""
    nothing = _figure(PhaseFigure(0.0, 0.0, 0.0, 0.0, 0.0, board.ground.every))
    return _plain_row(ZERO) | {"net_return": nothing, "gross_return": nothing}


def permuted_row(permuted: Permuted) -> Row:
    """Return the row of permuted scores: minimum, median and maximum are over permutations."""
    return _plain_row(PERMUTED) | {
        "net_sharpe": _spread(permuted.sharpe),
        "turnover": _spread(permuted.turnover),
        "own_turnover": permuted.own_turnover,
        "permutations": len(permuted.sharpe),
    }


def correlation(net: Floats, own: Floats | None) -> float | None:
    """Return the correlation with the champion's net returns; None without one, NaN without spread."""
    if own is None:
        return None
    known = np.isfinite(net) & np.isfinite(own)
    if known.sum() < 2 or not net[known].std() > 0 or not own[known].std() > 0:
        return math.nan
    return float(np.corrcoef(net[known], own[known])[0, 1])


def _common(board: Board, display: Display) -> Row:
    """Return what is true of the whole board."""
    window, luck, ground = board.window, board.luck, board.ground
    return {
        "line": board.line,
        "champion": board.champion,
        "first": text_of(window.first),
        "last": text_of(window.last),
        "bars": int((ground.dates >= window.first).sum()),
        "policy": dict(ground.declared),
        "long_only": ground.holds_nothing_short,
        "trials": luck.trials,
        "variance": luck.variance,
        "benchmark": luck.benchmark,
        "benchmark_source": luck.source,
        "pbo": display.pbo,
        "notices": list(board.notices),
    }


def _days(one: Entrant) -> Row:
    """Return the bars of each kind of evidence: on the window where it is compared, else of the record."""
    if one.standing is not None:
        live = int(one.standing.live.sum())
        return {"replayed": len(one.standing.live) - live, "live": live}
    index = one.index
    return {"replayed": 0, "live": 0} if index is None else _split(index.bars, index.live)


def _split(bars: int, live: int) -> Row:
    return {"replayed": bars - live, "live": live}


def _confidence(name: str, display: Display) -> Row | None:
    p = display.confidence.get(name)
    return None if p is None else {"p": p, "included": bool(p > display.size)}


def _deflated(net: Floats, board: Board) -> float:
    found, luck = moments(net), board.luck
    if not luck.variance >= 0:
        return math.nan
    return deflated_sharpe_ratio(
        found.sharpe,
        found.periods,
        trials=max(luck.trials, 1),
        variance=luck.variance,
        skew=found.skew,
        kurtosis=found.kurtosis,
    )


def _annual(net: Floats, board: Board) -> float:
    return moments(net).sharpe * math.sqrt(board.ground.costs.bars_per_year)


def _figure(figure: PhaseFigure) -> Row:
    return {
        "value": figure.mean,
        "se": figure.se,
        "min": figure.minimum,
        "median": figure.median,
        "max": figure.maximum,
    }


def _spread(values: Floats) -> Row:
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(("value", "se", "min", "median", "max"), math.nan)
    return {
        "value": float(known.mean()),
        "se": float(known.std(ddof=1)) if len(known) > 1 else math.nan,
        "min": float(known.min()),
        "median": float(np.median(known)),
        "max": float(known.max()),
    }


def _plain_row(name: str) -> Row:
    row: Row = {
        "kind": "baseline",
        "name": name,
        "version_id": None,
        "spec": None,
        "stage": None,
        "rank": None,
        "comparable": True,
        "reason": "a baseline",
        "first": None,
        "last": None,
        "horizon": None,
        "score": None,
    }
    return row | dict.fromkeys([*FIGURES, *_EXTRA])


__all__ = [
    "FIGURES",
    "Display",
    "Row",
    "baseline_row",
    "correlation",
    "display_of",
    "figures_of",
    "permuted_row",
    "rows_of",
    "version_row",
    "zero_row",
]
