"""Control twins: the same pipeline on labels of which it is known what there is to be found.

One twin's labels are permuted within dates: nothing can be learnt, so whatever ranks them has seen them. The
other's follow the features with a planted rank IC, and those of its mirror go against them: a pipeline that
does not find both finds nothing, or what it finds is luck (of one feature there is but a sign to be learnt,
and a guess is right half of the time). Either failing says that the pipeline, not the signal, is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from statistics import NormalDist
from typing import Any, Final

from zoo.controls import Controls
from zoo.errors import ControlFailed
from zoo.experiment.pipeline import Done
from zoo.manifest.workbench import Workbench
from zoo.promotion.twins import TEST, WALK_FORWARD, Rows, Twins

PERMUTED: Final = "permuted"
PLANTED: Final = "planted"
REVERSED: Final = "reversed"

_WRONG: Final = "the pipeline, not the signal, is wrong"
_NORMAL: Final = NormalDist()


def check_controls(variant: Done, bench: Workbench, controls: Controls, where: str) -> dict[str, Any]:
    """Run both twins of a variant, on its split.

    Args:
        variant: fitted on the original split, under the settings that hold now.
        bench: the experiment's data.
        controls: what is asked.
        where: the experiment and permutation, for the error.

    Returns:
        What a version's lineage says of them.

    Raises:
        ControlFailed: a twin did not come out as it must.
        ControlUndecidable: nobody can tell with so little data, or with such labels.
    """
    twins = Twins(variant, bench, controls, where)
    nothing = twins.permuted()
    size = twins.size(nothing)
    found = {PLANTED: size, REVERSED: None if size is None else -size}
    something = {name: twins.planted(ic) for name, ic in found.items() if ic is not None}
    problems = _leaks(nothing, controls)
    for name, parts in something.items():
        problems += _misses(parts, found[name] or 0.0, controls)
    if problems:
        raise ControlFailed(
            f"{'; '.join(problems)}: {_WRONG}",
            where=where,
            remedy="look for what sees labels that it should not, or loses the order of rows or of scores; "
            f"chance does this to about one permutation in {1 / controls.size:,.0f}",
        )
    bar = {"bar": _find_bar(controls)}
    return {
        **controls.as_dict(),
        PERMUTED: {"bar": _leak_bar(controls, nothing), **_told(nothing, largest=True)},
        **{
            name: {**bar, PLANTED: found[name], **_told(something[name])} if name in something else None
            for name in found
        },
    }


def _leaks(parts: Mapping[str, Rows], controls: Controls) -> list[str]:
    bar = _leak_bar(controls, parts)
    return [
        f"labels permuted within dates are ranked on the {_name(part)}: rank IC {found.rank_ic:+.4f}, "
        f"z {found.z:+.1f}, at most ±{bar:.2f}"
        for part, rows in parts.items()
        if abs((found := rows.found(largest=True)).z) > bar  # NaN: nothing was ranked, as it must be
    ]


def _misses(parts: Mapping[str, Rows], size: float, controls: Controls) -> list[str]:
    bar, way = _find_bar(controls), "along" if size > 0 else "against"
    return [
        f"a rank IC of {abs(size):.3g} that is planted {way} the features is not found on the {_name(part)}: "
        f"rank IC {found.rank_ic:+.4f}, z {found.z:+.1f}, at least {bar:.2f}"
        for part, rows in parts.items()
        if not (found := rows.found()).z > bar
    ]


def _leak_bar(controls: Controls, parts: Mapping[str, Rows]) -> float:
    """Return the two-sided bar of each test, so that all of them together have the size (Bonferroni)."""
    return _NORMAL.inv_cdf(1.0 - controls.size / (2 * sum(rows.tests for rows in parts.values())))


def _find_bar(controls: Controls) -> float:
    return _NORMAL.inv_cdf(1.0 - controls.size)


def _name(part: str) -> str:
    return {TEST: "test part", WALK_FORWARD: "walk-forward"}[part]


def _told(parts: Mapping[str, Rows], *, largest: bool = False) -> dict[str, dict[str, Any]]:
    found = {part: asdict(rows.found(largest=largest)) for part, rows in parts.items()}
    return {
        part: {name: value if math.isfinite(value) else None for name, value in one.items()}
        for part, one in found.items()
    }


def sentence(found: Mapping[str, Any]) -> str:
    """Say in one line what the twins of a permutation came to."""
    hidden, shown = _listed(found[PERMUTED]), found[PLANTED]
    if shown is None:
        return f"controls passed: permuted labels {hidden}; its rules learn nothing, so nothing was planted"
    told = f"{_listed(shown)}, against the features {_listed(found[REVERSED])}"
    return f"controls passed: permuted labels {hidden}; planted rank IC {shown[PLANTED]:.3g} {told}"


def _listed(twin: Mapping[str, Any]) -> str:
    parts = [(_name(part), twin[part]) for part in (TEST, WALK_FORWARD) if part in twin]
    return ", ".join(
        f"{name} {'none' if one['rank_ic'] is None else format(one['rank_ic'], '+.4f')}"
        + ("" if one["z"] is None else f" (z {one['z']:+.1f})")
        for name, one in parts
    )


__all__ = ["PERMUTED", "PLANTED", "REVERSED", "check_controls", "sentence"]
