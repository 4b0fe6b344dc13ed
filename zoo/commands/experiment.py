"""`experiment`: run every permutation of a definition, and write its directory."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.commands.arguments import Arguments
from zoo.commands.output import Answer, error_document
from zoo.commands.request import Request, asked
from zoo.configuration import group_files
from zoo.driver.stop import interruptible
from zoo.errors import FAILURE_EXIT, ConfigError
from zoo.line import Lines
from zoo.monitoring.progress import watching
from zoo.spec import NAME

if TYPE_CHECKING:
    from rich.console import Console


def run(arguments: Arguments) -> Answer:
    """Run the experiment that `experiment=<name>` chooses, and count its rounds as trials of its line.

    Exit code 1 where a permutation failed, or where its rounds could not be counted.

    Raises:
        ConfigError: none was chosen, or its name is no directory's.
        ZooError: the configuration or the definition is refused, or the directory exists.
    """
    request = asked(arguments)
    directory, line = directory_of(request), line_of(request)
    with interruptible(), watching() as observers:
        started = time.monotonic()
        from zoo.driver.recorder import Recorder
        from zoo.experiment.loop import run_experiment

        with Recorder(directory, line, request.registry_url, request.artifacts, observers) as recorder:
            summary = run_experiment(
                request.experiment,
                directory,
                settings=request.settings,
                trust=request.trust,
                overwrite=request.overwrite,
                resume=request.resume,
                n_jobs=request.n_jobs,
                observers=observers,
                on_round=recorder,
            )
            if request.resume:  # what failed in the run that it went on with is in its audit only
                recorder.record_directory()
    document: dict[str, Any] = {
        "experiment": request.experiment_name,
        "directory": str(summary.directory),
        "permutations": summary.permutations,
        "failed": summary.failed,
        "line": line,
        "new_trials": None if line is None else recorder.counted,
        "duration_s": round(time.monotonic() - started, 3),
    }
    if recorder.error is not None:
        document |= error_document(recorder.error)
    code = FAILURE_EXIT if summary.failed or recorder.error is not None else 0
    return Answer(document, lambda console: render(console, document), code, form=request.format)


def directory_of(request: Request) -> Path:
    """Return where the chosen experiment's directory is, or will be.

    Raises:
        ConfigError: none was chosen, or its definition is no mapping.
    """
    name = request.experiment_name
    if name is None or NAME.fullmatch(name) is None:
        known = ", ".join(group_files("experiment", request.directories))
        raise ConfigError(
            "no experiment was named", expected=f"experiment=<name>, one of {known or '(none)'}"
        )
    if not isinstance(request.experiment, Mapping):
        path = group_files("experiment", request.directories).get(name, name)
        raise ConfigError("is no mapping", where=path, expected="params, search and manifest")
    return Path(request.paths["experiments"]) / name


def line_of(request: Request) -> str | None:
    """Return the line that the chosen experiment names; None where it names none.

    Raises:
        ConfigError: there is no such line, so that its rounds would be counted where nobody looks.
    """
    line = request.experiment.get("line")
    if line is None:
        return None
    where = group_files("experiment", request.directories).get(str(request.experiment_name), "experiment")
    return Lines(request.directories).get(str(line), where).name


def render(console: Console, document: Mapping[str, Any]) -> None:
    """Print where it is, and how many permutations it holds."""
    console.print(
        f"{document['directory']}: {document['permutations']} permutations, {document['failed']} failed, "
        f"{document['duration_s']:.1f} s",
        soft_wrap=True,
    )


__all__ = ["directory_of", "line_of", "render", "run"]
