"""`drift`: whether features and predictions of shadowed versions still look like those of their training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from zoo.commands.alarm import strictly, tell_alarm
from zoo.commands.arguments import Arguments
from zoo.commands.judging import line_to_judge
from zoo.commands.output import Answer, show_table
from zoo.commands.request import asked
from zoo.errors import FAILURE_EXIT
from zoo.monitoring.progress import watching

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS: Final = ("", "feature", "PSI, bar", "KS, bar", "p at n, m", "missing")
_NOTE: Final = (
    "PSI over {bins} bins between quantiles of training; p is of KS at n and m, the independent observations"
    " that the values of training and the later ones are worth, not their number"
)


def drift(arguments: Arguments) -> Answer:
    """Look at the shadowed versions of `line=<name>`; `strict=true` ends with 1 where one has drifted.

    Raises:
        ConfigError: no line, or more than one to choose from.
        NothingToDo: nobody was shadowed.
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    request = asked(arguments)
    judging = request.judging
    from zoo.evaluation.checkup import DRIFTED, FAILED, Checkup
    from zoo.registry import Registry

    url, artifacts = request.registry_url, request.artifacts
    with watching() as observers, Registry.open(url, artifacts=artifacts, read_only=True) as registry:
        line = line_to_judge(request, registry)
        found = Checkup(
            registry,
            request.records,
            line,
            judging.drift,
            request.trust,
            until=judging.until,
            observers=observers,
        ).run()
        alarmed = tell_alarm(request, registry, line.name)
    bad = {FAILED, DRIFTED} if request.gating.strict else {FAILED}
    document = {
        "line": line.name,
        "rules": asdict(judging.drift),
        "drifted": sum(one.status == DRIFTED for one in found),
        "versions": [one.as_dict() for one in found],
    }
    code = strictly(request, alarmed, FAILURE_EXIT if any(one.status in bad for one in found) else 0)
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print a table a version, what is outside its range, and the count."""
    for one in document["versions"]:
        _render_version(console, one)
    console.print(_NOTE.format(bins=document["rules"]["bins"]), soft_wrap=True)
    count, drifted = len(document["versions"]), document["drifted"]
    told = f"{drifted} of {count} version{'' if count == 1 else 's'} drifted"
    failed = sum(one["status"] == "failed" for one in document["versions"])
    console.print(f"{document['line']}: {told}{f', {failed} failed' if failed else ''}", soft_wrap=True)


def _render_version(console: Console, one: Mapping[str, Any]) -> None:
    head = f"{one['version_id']} ({one['stage']}): {one['status'].replace('_', ' ')}"
    if one["message"]:
        head += f": {one['message']}"
    console.print(head, soft_wrap=True)
    if one["predictions"] is not None:
        training = f"training {one['trained_from']} to {one['trained_until']}"
        console.print(f"{one['bars']} bars, {one['first']} to {one['last']}; {training}", soft_wrap=True)
        show_table(console, _COLUMNS, [_cells(feature) for feature in one["features"]], whole=("feature",))
        console.print(_health(one["predictions"]), soft_wrap=True)
    for line in [*(f"drift: {flag}" for flag in one["flags"]), *one["notices"]]:
        console.print(line, soft_wrap=True)
    console.print()


def _cells(one: Mapping[str, Any]) -> tuple[object, ...]:
    first, second = one["independent"]
    return (
        "drift" if one["drifted"] else "",
        one["feature"],
        f"{_number(one['psi'])}, {_number(one['psi_bar'])}",
        f"{_number(one['ks'])}, {_number(one['ks_bar'])}",
        f"{_number(one['ks_p'], 3)} at {first:.0f}, {second:.0f}",
        f"{_percent(one['missing'])} ({_percent(one['missing_before'])})",
    )


def _health(one: Mapping[str, Any]) -> str:
    return (
        f"predictions: spread x{_number(one['dispersion'])}, positive"
        f" {_percent(one['positive'])} ({_percent(one['positive_before'])}), missing"
        f" {_percent(one['missing'])} ({_percent(one['missing_before'])}), flat {_percent(one['flat'])}"
    )


def _number(value: float, digits: int = 2) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100.0 * value:.0f}%"


__all__ = ["drift", "render"]
