"""Run every permutation of an experiment and log it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zoo
from zoo import settings as zoo_settings
from zoo.errors import Interrupted, ZooError
from zoo.events import Advanced, Failed, Finished, Observer, Started, emit
from zoo.experiment.definition import Definition, permutations
from zoo.experiment.format import FORMAT_VERSION
from zoo.experiment.pipeline import Done, Pipeline, from_definition
from zoo.experiment.writer import ExperimentWriter, now
from zoo.manifest.workbench import Workbench
from zoo.trust import Trust


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run."""

    directory: Path
    permutations: int
    failed: int
    duration_s: float


def run_experiment(
    definition: Mapping[str, Any],
    directory: Path,
    *,
    settings: Mapping[str, Any] = zoo_settings.DEFAULTS,
    trust: Trust | None = None,
    overwrite: bool = False,
    data: Any = None,
    observers: Iterable[Observer] = (),
) -> Summary:
    """Run every permutation under `settings` and write an experiment directory.

    Args:
        definition: what conf/experiment declares, as plain values.
        directory: where the experiment will lie; its name is the experiment's.
        settings: the settings in force, which the directory records.
        trust: what the manifest's targets may import.
        overwrite: replace a directory that exists.
        data: a `Dataset` or a `Table` in place of the declared source.
        observers: who is told of progress and failures.

    Raises:
        ManifestError, TrustError: a declaration that cannot be used; nothing was written.
        ExperimentExists, ExperimentBusy: the directory is not to be written.
        ExperimentError: every permutation failed.
    """
    started, where = time.perf_counter(), f"experiment {directory.name}"
    parsed = Definition.parse(definition, where)
    observers = list(observers)
    pipeline = from_definition(parsed, directory, trust or Trust(), where)
    choices = permutations(pipeline.params)
    with (
        ExperimentWriter.open(directory, len(choices), overwrite=overwrite) as writer,
        zoo_settings.using(settings),
    ):
        bench = Workbench(pipeline.fetch_data() if data is None else data)
        writer.audit("started", permutations=len(choices), seed=parsed.seed)
        emit(observers, Started(where, len(choices)))
        try:
            failed = sum(
                not _one(pipeline, n, params, bench, writer, observers) for n, params in enumerate(choices)
            )
        finally:
            emit(observers, Finished(where))
        writer.finish(_metadata(pipeline, parsed, settings, bench))
    return Summary(directory, len(choices), failed, time.perf_counter() - started)


def _one(
    pipeline: Pipeline,
    number: int,
    params: Mapping[str, Any],
    bench: Workbench,
    writer: ExperimentWriter,
    observers: list[Observer],
) -> bool:
    """Run and log one permutation; its failure is logged and reaches no other."""
    task = f"experiment {writer.path.name}"
    try:
        done = pipeline.run(params, bench)
    except Interrupted:
        raise
    except Exception as error:
        writer.fail(number, params, error)
        message = str(error) if isinstance(error, ZooError) else f"{type(error).__name__}: {error}"
        emit(observers, Failed(f"{task}, permutation {number}", type(error).__name__, message))
        return False
    writer.add(number, params, done.metrics, done.execution_time, round_line(done))
    emit(observers, Advanced(task, note=f"permutation {number}"))
    return True


def round_line(done: Done) -> dict[str, Any]:
    """Return what round_data.jsonl keeps of a permutation besides its id and parameters."""
    probs = {} if done.probs is None else {"probs": done.probs}
    return {
        "preds": done.preds,
        **probs,
        "alignment": done.prepared.alignment,
        "split": done.prepared.boundaries,
        "deterministic": done.model.deterministic,
    }


def _metadata(
    pipeline: Pipeline, definition: Definition, settings: Mapping[str, Any], bench: Workbench
) -> dict[str, Any]:
    declared = (
        {"manifest": pipeline.manifest.to_config()}
        if pipeline.sfd_module is None
        else {"sfd_module": pipeline.sfd_module}
    )
    return {
        "format_version": FORMAT_VERSION,
        **declared,
        "zoo_version": zoo.__version__,
        "created_at": now(),
        "settings": dict(settings),
        "params": pipeline.params,
        "search": {"strategy": definition.strategy, "seed": definition.seed},
        "seed": definition.seed,
        "fingerprints": {"data": bench.data.fingerprint().as_dict(), "code": pipeline.code()},
        "libraries": pipeline.libraries(),
    }


__all__ = ["Summary", "round_line", "run_experiment"]
