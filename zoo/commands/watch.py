"""`watch`: whether the champion still earns what it is held to, and how soon it is seen that it does not."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoo.commands.arguments import Arguments
from zoo.commands.gating import court_of, ground_of
from zoo.commands.judging import line_to_judge
from zoo.commands.moving import post
from zoo.commands.output import Answer, show_facts
from zoo.commands.request import Request, asked
from zoo.errors import FAILURE_EXIT, NoChampion
from zoo.monitoring import webhook

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.evaluation.evidence import Contender, Evidence
    from zoo.evaluation.watch import Watch
    from zoo.line import Line
    from zoo.registry import Event, Registry

_DELAYS: Final = (0.0, -1.0)  # annual Sharpe ratios of a champion that went bad


def watch(arguments: Arguments) -> Answer:
    """Look at the champion of `line=<name>`; `strict=true` ends with 1 where it alarms, or is not watched.

    Raises:
        ConfigError: no line, or a watch that cannot be.
        NoChampion: there is nobody to watch.
        ZooError: the configuration is refused, or the data cannot be read.
    """
    request = asked(arguments)
    from zoo.registry import Registry

    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        line = line_to_judge(request, registry)
        champion = registry.champion(line.name)
        if champion is None:
            raise NoChampion(
                "the line has no champion to watch",
                where=line.name,
                remedy="promote one with `python -m zoo promote version=<id>`",
            )
        crowned = _crowned(registry, line.name, champion.version_id)
        evidence = court_of(request, registry, line).evidence
    document = document_of(evidence, _watch(request, evidence), crowned)
    post_alarm(request, document)
    bad = document["alarm"] is not None or not document["watched"]
    code = FAILURE_EXIT if request.gating.strict and bad else 0
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def post_alarm(request: Request, document: Mapping[str, Any]) -> None:
    """Tell the webhook of an alarm."""
    if document["alarm"]:
        told = ("line", "version_id", "alarm", "evidence", "threshold", "bars")
        post(request, webhook.ALARMED, {name: document[name] for name in told})


def champion_document(request: Request, registry: Registry, line: Line) -> dict[str, Any] | None:
    """Return where the watch stands, of the champion's record alone; None where no live bar is in it.

    Raises:
        ZooError: the data cannot be read, or policy and costs do not fit it.
    """
    from zoo.evaluation.gathering import Gathering

    evidence = Gathering(registry, request.records, line, ground_of(request, line)).reigning()
    if evidence is None or evidence.champion is None:
        return None
    one = evidence.reigning
    if one is None or not one.live.any():
        return None
    watch = _watch(request, evidence)
    crowned = _crowned(registry, line.name, evidence.champion)
    return {
        "line": evidence.line,
        "version_id": evidence.champion,
        **_stands(evidence, watch, crowned),
        "baseline": watch.baseline,
        "threshold": watch.threshold,
    }


def _crowned(registry: Registry, line: str, version_id: str) -> Event | None:
    """Return the event by which a version became champion last."""
    events = [one for one in registry.history(line) if one.version_id == version_id]
    return events[-1] if events else None


def _watch(request: Request, evidence: Evidence) -> Watch:
    from zoo.evaluation.watch import Watch

    return Watch(**request.gating.watch, bars_per_year=evidence.bars_per_year)


def document_of(evidence: Evidence, watch: Watch, crowned: Event | None) -> dict[str, Any]:
    """Return where the watch stands, and how soon it would alarm."""
    from zoo.evaluation.watch import run_length

    false = run_length(watch, watch.baseline)
    delays = {sharpe: run_length(watch, sharpe).median / watch.bars_per_year for sharpe in _DELAYS}
    return {
        "line": evidence.line,
        "version_id": evidence.champion,
        "since": None if crowned is None else crowned.at,
        **_stands(evidence, watch, crowned),
        "baseline": watch.baseline,
        "threshold": watch.threshold,
        "false_alarm_years": false.mean / watch.bars_per_year,
        "delays_years": {f"{sharpe:g}": years for sharpe, years in delays.items()},
    }


def _stands(evidence: Evidence, watch: Watch, crowned: Event | None) -> dict[str, Any]:
    """Follow the champion's live returns since it was crowned; what came before says what risk is usual."""
    from zoo.errors import DataError
    from zoo.evaluation.watch import advance, begin

    one = evidence.reigning
    none = {"watched": False, "bars": 0, "missing": 0, "evidence": None, "alarm": None}
    if one is None:
        return {**none, "note": "it was never shadowed: `python -m zoo shadow` makes its record"}
    live = _live(one, evidence, crowned)
    before = one.net[one.recorded & ~live]
    try:
        state = begin(watch, before[np.isfinite(before)])
    except DataError as error:
        return {**none, "note": str(error)}
    rows = np.flatnonzero(live & one.recorded)
    state = advance(state, one.net[rows])
    alarm = None
    if state.alarm is not None:
        known = rows[np.isfinite(one.net[rows])]
        alarm = evidence.dates[known[state.alarm - 1]].isoformat()
    note = None if len(rows) else "no live bar since it became champion: nothing can be said yet"
    note = "; ".join(one.problems) or note
    return {
        "watched": not one.problems,
        "bars": state.bars,
        "missing": state.missing,
        "evidence": state.value,
        "alarm": alarm,
        "note": note,
    }


def _live(one: Contender, evidence: Evidence, crowned: Event | None) -> Any:
    from zoo.evaluation.feed import came_later

    if crowned is None:
        return one.live
    return one.live & came_later(evidence.dates, dt.datetime.fromisoformat(crowned.at))


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print where the watch stands, how long it takes, and the alarm."""
    delays = document["delays_years"]
    facts = [
        ("champion", document["version_id"]),
        ("since", document["since"]),
        ("live bars", f"{document['bars']}, {document['missing']} without a return"),
        ("evidence", f"{_figure(document['evidence'])} of {document['threshold']:g}"),
        ("false alarm", f"after {document['false_alarm_years']:.1f} years on average, at the baseline"),
        *((f"delay at {name}", _delay(float(name), years, document)) for name, years in delays.items()),
    ]
    show_facts(console, facts)
    if document["note"]:
        console.print(document["note"], soft_wrap=True)
    if document["alarm"]:
        console.print(
            f"ALARM: {document['version_id']} earns less than it is held to; seen on {document['alarm']}",
            soft_wrap=True,
        )


def _delay(sharpe: float, years: float, document: Mapping[str, Any]) -> str:
    """Write a delay; at the baseline nothing is wrong, and what goes off there is a false alarm."""
    told = f"{_figure(years)} years, median"
    if sharpe < document["baseline"]:
        return told
    return f"{told}; the baseline is {document['baseline']:g}, so that this is a false alarm"


def _figure(value: float | None) -> str:
    return "unknown" if value is None or math.isnan(value) else f"{value:.1f}"


__all__ = ["champion_document", "document_of", "post_alarm", "render", "watch"]
