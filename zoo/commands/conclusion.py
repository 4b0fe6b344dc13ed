"""What a run of specs came to: one document, one exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoo.commands.job import Result
from zoo.commands.output import Answer, error_document
from zoo.driver.result import Outcome
from zoo.errors import FAILURE_EXIT, USAGE_EXIT, NothingToDo

if TYPE_CHECKING:
    from rich.console import Console

Render = Callable[["Console", Mapping[str, Any]], None]


def concluded(document: Mapping[str, Any], render: Render, form: str, stopped: int = 0) -> Answer:
    """Return the answer of a run whose `results` are complete.

    Args:
        document: with `results`.
        render: prints it for people.
        form: `table` or `json`.
        stopped: the exit code where a signal stopped the run, else 0.
    """
    results: Sequence[Result] = document["results"]
    error = nothing_done(results)
    if stopped:
        return Answer(document, lambda console: render(console, document), stopped, form=form)
    if error is not None:
        document = {**error_document(error), **document}
        return Answer(document, lambda console: render(console, document), USAGE_EXIT, error, form)
    return Answer(document, lambda console: render(console, document), code_of(results), form=form)


def nothing_done(results: Sequence[Result]) -> NothingToDo | None:
    """Return the error of a run in which no spec got past reading."""
    idle = (Outcome.bad_config, Outcome.skipped)
    if any(result["status"] not in idle for result in results):
        return None
    counts = {status.value: sum(r["status"] == status for r in results) for status in idle}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return NothingToDo(
        f"no spec ran ({said})" if said else "there is no spec to run",
        expected="at least one active spec that can be read",
        remedy="see `python -m zoo list`",
    )


def code_of(results: Sequence[Result]) -> int:
    """Return 0 where every spec is well or was skipped, else 1."""
    well = (Outcome.ok, Outcome.skipped)
    return 0 if all(result["status"] in well for result in results) else FAILURE_EXIT


__all__ = ["code_of", "concluded", "nothing_done"]
