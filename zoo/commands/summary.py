"""What a run came to, for people: a row a permutation, every failure in full, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.commands.output import show_table
from zoo.driver.result import Outcome

if TYPE_CHECKING:
    from rich.console import Console

Result = Mapping[str, Any]
_COLUMNS = ("spec", "permutation", "version", "state")


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print the document of `apply`."""
    results: Sequence[Result] = document["results"]
    rows = [row for result in results for row in _rows(result)]
    if rows:
        show_table(console, _COLUMNS, rows, whole=("spec", "version"))
    for line in (*_failures(results), *counts(results)):
        console.print(line, soft_wrap=True)


def _rows(result: Result) -> Iterator[tuple[object, ...]]:
    """Yield a row a version and a row a failure, and one for what a signal cut off."""
    name = _name(result)
    for version in result["versions"]:
        state = "created" if version["created"] else "already registered"
        stage = "" if version["stage"] == "challenger" else f", {version['stage']}"
        number = "cohort" if version["permutation_id"] is None else version["permutation_id"]
        yield name, number, version["version_id"], f"{state}{stage}"
    for failure in result["failures"]:
        state = "failed" if result["status"] == Outcome.partial else str(result["status"]).replace("_", " ")
        yield name, failure["permutation_id"], failure["error"], state
    if result["status"] == Outcome.interrupted:
        yield name, None, None, "interrupted"


def _name(result: Result) -> str:
    """Return the job's name: a sweep may run a spec more than once."""
    return Path(result["directory"]).name or str(result["spec"])


def _failures(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        for failure in result["failures"]:
            number = failure["permutation_id"]
            what = _name(result) if number is None else f"{_name(result)}, permutation {number}"
            yield f"{what}: {failure['error']}: {failure['message']}"


def counts(results: Sequence[Result]) -> Iterator[str]:
    """Yield the last lines: how the specs ended, and what was registered."""
    ends = Counter(str(result["status"]) for result in results)
    failures = sum(len(result["failures"]) for result in results)
    if len(results) != ends[Outcome.ok]:
        yield f"{_number(len(results), 'spec')}: " + ", ".join(
            f"{ends[outcome]} {outcome.value.replace('_', ' ')}" for outcome in Outcome if ends[outcome]
        )
    skipped = [result for result in results if result["status"] == Outcome.skipped]
    retired = [_name(result) for result in skipped if not _left_out(result)]
    if retired:
        yield f"skipped, being retired: {', '.join(retired)}"
    if waiting := [_name(result) for result in skipped if _left_out(result)]:
        yield f"skipped, beyond the budget of the rotation: {', '.join(waiting)}"
    if failures:
        yield _number(failures, "failure")
    versions = [version for result in results for version in result["versions"]]
    created = sum(version["created"] for version in versions)
    if created:
        known = f", {len(versions) - created} registered before" if created < len(versions) else ""
        yield f"{_number(created, 'new version')} registered{known}"
    elif versions:
        yield f"nothing new was registered: {_number(len(versions), 'version')} registered before"
    else:
        yield "nothing was registered"


def _left_out(result: Result) -> bool:
    return any("rotation.budget" in notice for notice in result["notices"])


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


__all__ = ["counts", "render"]
