"""`leaderboard`: the versions of a line on the same bars, after costs, with their luck."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.alarm import strictly, tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.judging import line_to_judge, terms_of
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked
from zoo.monitoring.progress import watching

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS: Final = ("version", "net Sharpe", "IC, return", "costs", "evidence")


def leaderboard(arguments: Arguments) -> Answer:
    """Put the versions of `line=<name>` side by side.

    Raises:
        ConfigError: no line, or more than one to choose from; costs that the data cannot tell.
        NothingToDo: nobody was shadowed.
        ZooError: the configuration is refused, or the registry or the data cannot be read.
    """
    request = asked(arguments)
    from zoo.evaluation.standings import standings
    from zoo.registry import Registry

    url, artifacts = request.registry_url, request.artifacts
    with watching() as observers, Registry.open(url, artifacts=artifacts, read_only=True) as registry:
        line = line_to_judge(request, registry)
        rows = standings(
            registry, request.records, line, terms_of(request), dt.datetime.now(dt.UTC), observers
        )
        code = strictly(request, tell_alarm(request, registry, line.name), 0)
    return Answer(rows, lambda console: render(console, rows), code, form=request.format)


def render(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a row a version, four lines each at the most, fit for 80 columns."""
    show_table(console, _COLUMNS, [_cells(row) for row in rows], whole=("version",))
    for row in rows:
        if row["reason"] is not None and row["kind"] == "version":
            console.print(f"{row['name']}: {row['reason']}", soft_wrap=True)
    board = rows[0]["board"]
    last = f"{board['first']} to {board['last']}, {board['bars']} bars, all starting phases"
    console.print(last, soft_wrap=True)
    luck = f"N = {board['trials']}; the best of them without skill: Sharpe {_annual(board):.2f}"
    console.print(f"{luck}; PBO {_number(board['pbo'])}", soft_wrap=True)


def _annual(board: Mapping[str, Any]) -> float:
    return float(board["benchmark"]) * math.sqrt(252.0)


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    rank = "" if row["rank"] is None else str(row["rank"])
    name = [f"{rank:<2}{row['name']}"]
    if row["kind"] == "version":
        name.append(f"  {row['spec']}\n  {row['stage']}")
    if row.get("vintage") is not None:
        name.append(f"  trained until {row['vintage']}")
    return "\n".join(name), _sharpe(row), _returns(row), _costs(row), _evidence(row)


def _sharpe(row: Mapping[str, Any]) -> str:
    """Write value and error, the phases' extremes, and the score."""
    found = row["net_sharpe"]
    if found is None:
        return ""
    lines = [f"{_number(found['value'])} ± {_number(found['se'])}"]
    lines.append(f"{_number(found['min'])} to {_number(found['max'])}")
    if row["score"] is not None:
        lines.append(f"score {_number(row['score']['value'], 4)}")
    return "\n".join(lines)


def _returns(row: Mapping[str, Any]) -> str:
    ic, net, gross = (row[name] for name in ("rank_ic", "net_return", "gross_return"))
    lines = [] if ic is None else [f"{_number(ic['value'], 3)} t {_number(ic['t'], 1)}"]
    lines += [] if net is None else [f"net {_percent(net['value'])}"]
    lines += [] if gross is None else [f"gross {_percent(gross['value'])}"]
    return "\n".join(lines)


def _costs(row: Mapping[str, Any]) -> str:
    even, turnover, down = (row[name] for name in ("break_even_bps", "turnover", "max_drawdown"))
    lines = [] if even is None else [f"{_number(even['value'], 0)} bps"]
    lines += [] if turnover is None else [f"x{_number(turnover['value'], 1)}"]
    lines += [] if down is None else [f"-{_percent(down['value'])}"]
    return "\n".join(lines)


def _evidence(row: Mapping[str, Any]) -> str:
    if row["kind"] == "baseline":
        return ""
    days = row["days"]
    lines = [f"{days[name]} {name.replace('_', '-')}" for name in ("held_out", "replayed", "live")]
    return "\n".join(lines)


def _number(value: Any, digits: int = 2) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100.0 * value:.1f}%"


__all__ = ["leaderboard", "render"]
