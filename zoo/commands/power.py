"""`power`: how long each gate takes to reach a verdict on a line, for a given edge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.gating import Court, court_of
from zoo.commands.judging import line_to_judge
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked
from zoo.evaluation.gate import FIRST, KINDS, OVERRIDE, Gate

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.evaluation.power import Verdict

_CHALLENGER: Final = "challenger"
_COLUMNS: Final = ("gate", "version", "years", "live", "chance at horizon")

Row = dict[str, Any]


def power(arguments: Arguments) -> Answer:
    """Tell when each gate decides, for any version and for each challenger of `line=<name>`.

    `gate.rank_ic=0.05` is the edge, `gate.power=0.8` the chance to see it, `gate.horizon_years=10` how long
    one is willing to wait.

    Raises:
        ConfigError: no line, or more than one to choose from.
        ZooError: the configuration is refused, or the data cannot be read.
    """
    request = asked(arguments)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        line = line_to_judge(request, registry)
        challengers = [one.version_id for one in registry.versions(line=line.name, stage=_CHALLENGER)]
        court = court_of(request, registry, line)
    base = request.gating.gate
    gates = [replace(base, kind=kind) for kind in KINDS if kind != OVERRIDE]
    document = document_of(court, gates, challengers)
    return Answer(document, lambda console: render(console, document), form=request.format)


def document_of(court: Court, gates: list[Gate], challengers: list[str]) -> dict[str, Any]:
    """Return what the edge is worth, and a row a gate and version."""
    gate, evidence = gates[0], court.evidence
    edge = court.outlook.sharpe(gate.rank_ic)
    asked_of = [one for one in gates if (one.kind == FIRST) == (evidence.champion is None)]
    rows = [
        row_of(court, one, version_id, court.outlook.verdict(one, version_id))
        for one in gates
        for version_id in ([None, *challengers] if one in asked_of else [None])
    ]
    return {
        "line": court.line.name,
        "assets": len(court.outlook.universe.covariance),
        "every": court.outlook.universe.every,
        "rank_ic": gate.rank_ic,
        "sharpe": edge.version,
        "sharpe_without": edge.champion,
        "power": gate.power,
        "horizon_years": gate.horizon_years,
        "trials": evidence.trials,
        "shadowed": evidence.shadowed,
        "gates": rows,
    }


def row_of(court: Court, gate: Gate, version_id: str | None, found: Verdict) -> Row:
    """Return one row: years of live evidence in all, and how many of them there are."""
    one = None if version_id is None else court.evidence.contenders.get(version_id)
    bars = 0 if one is None else int((one.live & one.recorded).sum())
    live = bars / court.evidence.bars_per_year
    return {
        "gate": gate.kind,
        "version_id": version_id,
        "years": found.years,
        "live_years": live,
        "remaining_years": max(found.years - live, 0.0),
        "power_at_horizon": found.power,
        "undecidable": found.undecidable,
    }


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print what the edge is worth, and a row a gate and version."""
    console.print(
        f"{document['line']}: {document['assets']} assets, a rebalance every {document['every']} bars, "
        f"{document['trials']} trials, {document['shadowed']} shadowed; a rank IC of {document['rank_ic']:g} "
        f"is a net Sharpe ratio of {document['sharpe']:.2f}, none is {document['sharpe_without']:.2f}",
        soft_wrap=True,
    )
    rows = [
        (
            row["gate"],
            row["version_id"] or "any",
            _years(row, document["horizon_years"]),
            f"{row['live_years']:.1f}",
            f"{row['power_at_horizon']:.0%}",
        )
        for row in document["gates"]
    ]
    show_table(console, _COLUMNS, rows, whole=("version",))


def _years(row: Mapping[str, Any], horizon: float) -> str:
    told = f"{row['years']:.1f}" if math.isfinite(row["years"]) else "never"
    return f"{told}, undecidable within {horizon:g}" if row["undecidable"] else told


__all__ = ["document_of", "power", "render", "row_of"]
