"""`trials`: how many permutations were ever evaluated for a line, and over what V is taken."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, plainly, show_table
from zoo.commands.request import asked

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.registry import TrialSet

_COLUMNS: Final = ("line, target, window", "trials", "V, correlation", "recorded")

Row = dict[str, Any]


def list_trials(arguments: Arguments) -> Answer:
    """List the sets of trials by target, calendar and window; `line=<name>` keeps one line's.

    Raises:
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        ledger, chosen = registry.ledger, request.moving.line
        rows = [
            row
            for line in (ledger.lines() if chosen is None else [chosen])
            for row in rows_of(ledger.sets(line))
        ]
    return Answer(rows, lambda console: render(console, rows), form=request.format)


def rows_of(sets: Sequence[TrialSet]) -> list[Row]:
    """Return the rows of a line's sets; each says how many trials the line has, the N of every test."""
    total = sum(len(found.trials) for found in sets)
    return [{**row_of(found), "line_trials": total} for found in sets]


def row_of(found: TrialSet) -> Row:
    """Return one row of the document."""
    first, last = found.window or (None, None)
    ids, matrix = found.matrix()
    return {
        "line": found.line,
        "target": _target(found.target),
        "calendar": found.calendar,
        "first": first,
        "last": last,
        "bars": matrix.shape[0] if ids else None,
        "trials": len(found.trials),
        "finished": found.finished,
        "failed": found.failed,
        "nan": found.nan,
        "variance": found.variance,
        "mean_correlation": found.mean_correlation,
        "first_recorded": min(str(trial.recorded_at) for trial in found.trials),
        "last_recorded": max(str(trial.recorded_at) for trial in found.trials),
    }


def _target(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def render(console: Console, rows: Sequence[Row]) -> None:
    """Print the rows, and the N of each line."""
    if not rows:
        console.print("no trial is recorded yet", soft_wrap=True)
        return
    show_table(console, _COLUMNS, [_cells(row) for row in rows])
    for line, total in {row["line"]: row["line_trials"] for row in rows}.items():
        console.print(f"{line}: N = {total}, failed trials and such without returns included", soft_wrap=True)


def _cells(row: Row) -> tuple[object, ...]:
    """Three lines a set fit 80 columns."""
    window = "no returns"
    if row["first"] is not None:
        window = f"{_day(row['first'])} to {_day(row['last'])}, {row['bars']} bars"
    missing = [f"{row[name]} {said}" for name, said in (("failed", "failed"), ("nan", "NaN")) if row[name]]
    figures = (number(row["variance"]), number(row["mean_correlation"]))
    recorded = dict.fromkeys((_day(row["first_recorded"]), _day(row["last_recorded"])))
    return (
        f"{row['line']}\n{described(row['target'])}\n{window}",
        "\n".join([str(row["trials"]), *missing]),
        "\n".join(figures) if row["first"] is not None else "",
        "\n".join(recorded),
    )


def _day(text: str) -> str:
    return text[:10]


def number(value: float) -> str:
    """Write a figure with three digits; nothing where there is none."""
    return "" if math.isnan(value) else f"{value:.3g}"


def described(target: Any) -> str:
    """Write a target as one calls it: `forward_return(horizon=21, demean=true)`."""
    if not isinstance(target, Mapping):
        return str(target)
    if "_target_" not in target:
        return str(target.get("sfd_module") or json.dumps(target))
    given = ", ".join(f"{name}={plainly(value)}" for name, value in target.items() if name != "_target_")
    return f"{str(target['_target_']).rpartition('.')[2]}({given})"


__all__ = ["described", "list_trials", "number", "render", "row_of", "rows_of"]
