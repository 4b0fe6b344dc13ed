"""What a line's page and its pictures are made of, gathered from registry, records, gate and runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoo.commands.gating import court_of
from zoo.commands.judging import line_to_judge, terms_of
from zoo.commands.request import Request
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.task import RESULT_FILE
from zoo.errors import ConfigError, Interrupted, NothingToDo, ZooError
from zoo.report.line.findings import Findings, Judged, Missing, Runs, Trouble

if TYPE_CHECKING:
    from zoo.evaluation.selection import Selection
    from zoo.evaluation.standings import Compared
    from zoo.line import Line
    from zoo.registry import Registry

_RUNS: Final = 5
_CHALLENGER: Final = "challenger"
_WELL: Final = (Outcome.ok, Outcome.skipped)


def findings_of(request: Request, registry: Registry, *, judging: bool = True) -> Findings:
    """Return all that is known of the line that was named, or of the only one.

    Whatever cannot be had is `Missing` with its reason; all the rest is there.

    Args:
        request: on what terms.
        registry: where the versions are.
        judging: whether the gate is asked, which takes as long as all the rest.

    Raises:
        NothingToDo: the registry has no version of the line.
        ConfigError: no line, or terms on which nothing can be compared.
    """
    line = line_to_judge(request, registry)
    versions = registry.versions(line=line.name)
    if not versions:
        raise NothingToDo(
            "the registry has no version of the line",
            where=line.name,
            remedy="register some with `python -m zoo -m`",
        )
    now = dt.datetime.now(dt.UTC)
    compared = compared_of(request, registry, line, now)
    return Findings(
        line=line,
        written_at=now,
        versions=sorted(versions, key=lambda one: one.created_at, reverse=True),
        history=registry.history(line.name),
        compared=compared,
        selection=_selection(request, registry, line, compared) if judging else Missing("no gate was asked"),
        judged=_judged(request),
        runs=last_runs(request.outputs / "runs"),
    )


def compared_of(request: Request, registry: Registry, line: Line, now: dt.datetime) -> Compared | Missing:
    """Return the versions side by side, or why they are not."""
    from zoo.evaluation.standings import compared

    try:
        return compared(registry, request.artifacts, line, terms_of(request), now)
    except NothingToDo as error:
        return Missing(str(error))
    except (ConfigError, Interrupted):
        raise
    except ZooError as error:
        return Missing(f"{type(error).__name__}: {error}", failed=True)


def _selection(
    request: Request, registry: Registry, line: Line, compared: Compared | Missing
) -> Selection | Missing:
    """Return what the gate says of each challenger, or why it was not asked."""
    from zoo.evaluation.selection import select

    gate = request.gating.gate
    challengers = [one.version_id for one in registry.versions(line=line.name, stage=_CHALLENGER)]
    if gate.overrides:
        return Missing("gate=override asks nothing: no challenger was judged")
    if not challengers:
        return Missing("the line has no challenger: nobody asks to be champion")
    if isinstance(compared, Missing):
        return Missing(f"no gate was asked: {compared.reason}")
    try:
        return select(court_of(request, registry, line).judge(gate, request.moving.reason), challengers)
    except (ConfigError, Interrupted):
        raise
    except ZooError as error:
        return Missing(f"{type(error).__name__}: {error}", failed=True)


def _judged(request: Request) -> Judged:
    judging = request.judging
    return Judged(judging.policy, judging.delay, judging.costs, request.gating.gate.as_dict())


# --- runs ---------------------------------------------------------------------------------------


def last_runs(root: Path, count: int = _RUNS) -> Runs:
    """Return what failed in the last runs; their ids begin with their time.

    Args:
        root: the directory of all runs, `runs/<run_id>/<spec>/result.json`.
        count: of runs.
    """
    found = Runs()
    there = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    names = sorted(there, reverse=True)
    for name in names[:count]:
        jobs = sorted(path for path in (root / name).iterdir() if path.is_dir())
        troubles = tuple(trouble for job in jobs for trouble in _troubles(name, job))
        found = replace(
            found,
            seen=(*found.seen, name),
            specs=found.specs + len(jobs),
            troubles=(*found.troubles, *troubles),
        )
    return found


def _troubles(run_id: str, job: Path) -> Iterator[Trouble]:
    result = SpecResult.read(job)
    if result is None:
        there = (job / RESULT_FILE).exists()
        said = "its result cannot be read" if there else "it left no result: it still runs, or died"
        yield Trouble(run_id, job.name, "unknown", None, "unreadable" if there else "no result", said)
        return
    for failure in result.failures:
        yield Trouble(
            run_id, job.name, str(result.status), failure.permutation_id, failure.error, failure.message
        )
    if not result.failures and result.status not in _WELL:
        yield Trouble(run_id, job.name, str(result.status), None, str(result.status), "nothing more was said")


__all__ = ["compared_of", "findings_of", "last_runs"]
