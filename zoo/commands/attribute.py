"""`attribute`: what each override of a spec does, with an interval; nothing is registered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, plainly, show_table
from zoo.commands.request import Request, asked, read_spec, spec_path, task_of
from zoo.driver.run import new_run_id
from zoo.driver.stop import interruptible
from zoo.errors import FAILURE_EXIT, RetiredSpec
from zoo.monitoring.progress import watching
from zoo.terms import FULL

if TYPE_CHECKING:
    from rich.console import Console

    from zoo.driver.attribution import Attribution
    from zoo.driver.task import Task
    from zoo.evaluation.attribution import Effect
    from zoo.evaluation.rules import AttributionRules

_FIGURES: Final = {
    "net_annual_mean": ("net return", "{:+.2%}", "{:.2%}"),
    "net_sharpe": ("net Sharpe", "{:+.3f}", "{:.3f}"),
    "rank_ic": ("rank IC", "{:+.4f}", "{:.4f}"),
}
_ALL: Final = "all of them"
_COLUMNS: Final = ("override", "figure", "with", "without", "difference")


def attribute(arguments: Arguments) -> Answer:
    """Tell what each override of `spec=<name>` does, and count what was evaluated for it.

    Exit code 1 where a permutation, or one without an override, could not be evaluated.

    Raises:
        NothingToDo: the spec has no overrides.
        RetiredSpec: the spec is kept for the record only.
        ZooError: the configuration or the spec is refused, or what was evaluated cannot be counted.
    """
    request = asked(arguments)
    task, rules = _task(request), request.attribution
    with interruptible(), watching() as observers:
        from zoo.driver.attribution import attribute as attributed

        found = attributed(task, rules, observers)
    document = document_of(task, rules, found)
    code = FAILURE_EXIT if found.failures else 0
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def _task(request: Request) -> Task:
    spec, line = read_spec(request, request.roster())
    if spec.retired:
        raise RetiredSpec(
            f"spec {spec.name!r} is retired",
            where=spec_path(request),
            remedy="set `status: active` there to attribute its overrides",
        )
    return task_of(request, spec, line, request.run_id or new_run_id())


def document_of(task: Task, rules: AttributionRules, found: Attribution) -> dict[str, Any]:
    """Return what was found as plain values."""
    permutations = [
        {
            "experiment": one.experiment,
            "permutation_id": one.permutation_id,
            "validation": one.validation,
            "deterministic": one.deterministic,
            "evaluations": one.evaluations,
            "effects": [
                {
                    "override": effect.override,
                    "value": effect.value,
                    "recorded": effect.recorded,
                    "error": None if effect.error is None else str(effect.error),
                    **_figures(effect.effect),
                }
                for effect in one.effects
            ],
        }
        for one in found.permutations
    ]
    return {
        "spec": task.spec.name,
        "line": task.line.name,
        "overrides": dict(task.spec.overrides),
        **asdict(rules),
        "intervals": _intervals(permutations),
        "permutations": permutations,
        "failures": [asdict(failure) for failure in found.failures],
        "trials": {
            "evaluated": found.evaluations,
            "new": found.new_trials,
            "line": found.trials,
        },
    }


def _figures(effect: Effect | None) -> dict[str, Any]:
    if effect is None:
        return dict.fromkeys(_FIGURES)
    return {
        name: {**asdict(getattr(effect, name)), "compared": getattr(effect, name).compared}
        for name in _FIGURES
    }


def _intervals(permutations: list[dict[str, Any]]) -> int:
    """Count the intervals that are told: at 95% one of twenty misses, whatever the overrides do."""
    return sum(
        effect[name] is not None and effect[name]["compared"]
        for one in permutations
        for effect in one["effects"]
        for name in _FIGURES
    )


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a figure, what is to be known of it, and what was counted."""
    for one in document["permutations"]:
        console.print(f"permutation {one['permutation_id']} of {one['experiment']}, a year", soft_wrap=True)
        show_table(console, _COLUMNS, _rows(one["effects"]), whole=_COLUMNS)
    for line in (*_told(document), *_conclusion(document)):
        console.print(line, soft_wrap=True)


def _rows(effects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield a row a figure; all overrides together only where there is more than one."""
    for effect in effects[:-1] if len(effects) == 2 else effects:
        name = effect["override"] or _ALL
        for key, (title, signed, plain) in _FIGURES.items():
            if (figure := effect[key]) is not None:
                values = (_number(plain, figure[which]) for which in ("given", "without"))
                yield name, title, *values, _difference(figure, signed)
                name = ""


def _difference(figure: Mapping[str, Any], form: str) -> str:
    if not figure["compared"]:
        return "not comparable"
    told, low, high = (form.format(figure[which]) for which in ("difference", "low", "high"))
    if figure["phases"] is None:
        return f"{told} [{low}, {high}]"
    least, median, most = (form.format(value) for value in figure["phases"])
    return f"{told} [{low}, {high}]\n  {least} to {most}, median {median}"


def _number(form: str, value: float) -> str:
    return form.format(value) if math.isfinite(value) else ""


def _told(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is to be known of the comparisons, each remark once, and every failure."""
    remarks: dict[str, None] = {}
    for one in document["permutations"]:
        if one["validation"] != FULL:
            remarks["pass 1 compared nothing (promotion.validation=skip)"] = None
        if not one["deterministic"]:
            remarks[f"{one['experiment']}: not deterministic: part of each difference is chance"] = None
        for effect in one["effects"]:
            remarks |= dict.fromkeys(_remarks(effect))
    yield from remarks
    for failure in document["failures"]:
        number = failure["permutation_id"]
        what = document["spec"] if number is None else f"{document['spec']}, permutation {number}"
        yield f"{what}: {failure['error']}: {failure['message']}"


def _remarks(effect: Mapping[str, Any]) -> Iterator[str]:
    name = effect["override"] or _ALL
    for key, (title, *_) in _FIGURES.items():
        figure = effect[key]
        if figure is None or (key == "net_sharpe" and figure["why"] == effect["net_annual_mean"]["why"]):
            continue
        dates = figure["dates"], figure["dates_given"], figure["dates_without"]
        if len(set(dates)) > 1 or figure["why"] is not None:
            counted = f"{dates[0]} dates, of {dates[1]} with and {dates[2]} without it"
            yield f"{name}, {title}: {counted}" + (f"; {figure['why']}" if figure["why"] else "")


def _conclusion(document: Mapping[str, Any]) -> Iterator[str]:
    changed = ", ".join(f"{name}: {plainly(value)}" for name, value in document["overrides"].items())
    yield (
        f"with and without each override of {document['spec']} ({changed}), on the test part: same data, "
        "starting phases and costs; below each difference those of the phases"
    )
    yield (
        f"{document['level']:.0%} intervals, paired stationary bootstrap, {document['draws']} draws, seed "
        f"{document['seed']}; {document['intervals']} of them, not adjusted for being so many"
    )
    trials = document["trials"]
    yield (
        f"{document['line']}: {trials['evaluated']} evaluations, {trials['new']} trials new to the ledger, "
        f"N = {trials['line']}: who keeps the better of two has chosen among them"
    )


__all__ = ["attribute", "document_of", "render"]
