"""The experiment loop: restartable, parallel, prunable, auditable."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zoo
from zoo import settings as zoo_settings
from zoo.errors import CodeDriftError, ExperimentExists, ManifestError, ResumeRefused, did_you_mean
from zoo.events import Advanced, Failed, Finished, Noticed, Observer, Started, emit
from zoo.experiment.definition import Definition
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.domain import ParamDomain
from zoo.experiment.format import FILES, FORMAT_VERSION, LEFTOVERS, METADATA, VOLATILE, loads, now, read_text
from zoo.experiment.queue import SearchQueue
from zoo.experiment.reducers import build_reducers
from zoo.experiment.replace import copy_for_replacement, locked, publish, replacement
from zoo.experiment.rounds import Finished as FinishedRound
from zoo.experiment.rounds import Recipe, Rounds, Worker
from zoo.experiment.runlog import FINISHED, RunLog
from zoo.experiment.search import Callback, Search
from zoo.experiment.selection import PREFIX
from zoo.experiment.space import Space
from zoo.experiment.strategy import build_strategy
from zoo.manifest.run import SELECTION
from zoo.trust import Trust

#: what a resumed run must have in common with the run that it goes on with
_SAME = ("manifest", "sfd_module", "params", "seed", "settings", "tolerances", "volatile")


#: told what a run's metadata says, and a round of it
OnRound = Callable[[Mapping[str, Any], FinishedRound], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run."""

    directory: Path
    permutations: int
    failed: int
    duration_s: float


class UniversalExperimentLoop:
    """Runs the permutations of a definition and writes an experiment directory.

    Args:
        definition: what conf/experiment declares, as plain values.
        directory: where the experiment will lie; its name is the experiment's.
        settings: the settings in force, which the directory records.
        trust: what the manifest's targets may import.
        data: a `Dataset` or a `Table` in place of the declared source.
        n_jobs: processes over rounds; the result does not depend on it.
        callback: called `(log, queue)` after each batch; returns operations for the queue, or nothing.
        observers: who is told of progress and failures.
        on_round: called with metadata and round once a round has been logged, or has failed; never twice for
            one round of a run, and not for rounds of the run that is gone on with.

    Raises:
        ManifestError, TrustError: a declaration that cannot be used.
    """

    def __init__(
        self,
        definition: Mapping[str, Any],
        directory: Path | str,
        *,
        settings: Mapping[str, Any] = zoo_settings.DEFAULTS,
        trust: Trust | None = None,
        data: Any = None,
        n_jobs: int = 1,
        callback: Callback | None = None,
        observers: Iterable[Observer] = (),
        on_round: OnRound | None = None,
    ) -> None:
        self.path = Path(directory).resolve()  # the directory behind a link, not the link, is written
        self.task = f"experiment {self.path.name}"
        self.definition = Definition.parse(definition, self.task)
        delay = float(self.definition.search.get("delay_s") or 0.0)
        self.recipe = Recipe(
            self.definition, self.path, trust or Trust(), self.task, dict(settings), data, delay
        )
        if type(n_jobs) is not int or n_jobs < 1:
            raise ManifestError(f"n_jobs is {n_jobs!r}", where=self.task, expected="a number of processes")
        self.n_jobs = n_jobs
        self.callback = callback
        self.observers = list(observers)
        self.on_round = on_round

    def run(self, *, overwrite: bool = False, resume: bool = False) -> Summary:
        """Run what is not done yet.

        Args:
            overwrite: make the directory anew, and replace it when the new one is finished.
            resume: go on with an unfinished run, or raise the target of a finished one.

        Raises:
            ExperimentExists: there is a directory, and neither was asked for.
            ExperimentBusy: another process writes it.
            ResumeRefused: data, code, seed, space or settings are not those of the run to go on with.
            ExperimentError: every permutation failed, or the disk refused.
        """
        started = time.perf_counter()
        self.recipe.pipeline()  # a declaration that cannot be used leaves no trace on disk
        with locked(self.path):
            log = self._open(overwrite=overwrite, resume=resume)
            try:
                self._search(log)
                self._check_unchanged(log)
                self._notice_unknown(log)
                log.finish()
            except BaseException:
                self._leave(log)
                raise
            if log.work != self.path:
                publish(self.path)
        return Summary(self.path, len(log.done), len(log.failed), time.perf_counter() - started)

    # --- opening ----------------------------------------------------------------------------------

    def _open(self, *, overwrite: bool, resume: bool) -> RunLog:
        """Choose the working directory, and begin or resume its log."""
        check_place(self.path, overwrite=overwrite)
        new, existing = replacement(self.path), (self.path / METADATA).exists()
        unfinished = (
            new if (new / METADATA).exists() else self.path if existing and not self._finished() else None
        )
        if resume and not overwrite and (existing or unfinished is not None):
            return self._resumed(unfinished)
        if (existing or unfinished is not None) and not overwrite:
            remedy = "replace it with overwrite=true"
            if unfinished is not None:
                remedy = "go on with resume=true, or begin again with overwrite=true"
            problem = "exists already" if unfinished is None else "holds an unfinished run"
            raise ExperimentExists(problem, where=self.path, remedy=remedy)
        shutil.rmtree(new, ignore_errors=True)
        self.worker = Worker(self.recipe)
        torn = self.path.is_dir() and any((self.path / name).exists() for name in FILES)
        log = RunLog(new if existing or torn else self.path, self.path, self._metadata())
        log.begin(self.path.glob("*.py"))
        return log

    def _finished(self) -> bool:
        metadata = loads(read_text(self.path / METADATA), str(self.path / METADATA))
        return bool(metadata.get("status", FINISHED) == FINISHED)

    def _resumed(self, unfinished: Path | None) -> RunLog:
        if unfinished is None:
            ExperimentDirectory(self.path).results  # noqa: B018 - what is not whole is not gone on with
        found = unfinished or self.path
        recorded = loads(read_text(found / METADATA), str(found / METADATA))
        self.worker = Worker(self.recipe)
        self._check_same(recorded)
        self._check_target(RunLog(found, self.path, recorded).begun())
        if unfinished is None:  # not before: what is refused leaves no copy that looks like an unfinished run
            copy_for_replacement(self.path)
        work = unfinished or replacement(self.path)
        log = RunLog(work, self.path, {**recorded, "search": dict(self.definition.search)})
        log.resume()
        return log

    def _check_same(self, recorded: Mapping[str, Any]) -> None:
        """Refuse to go on under another name for the same thing: the rounds would not belong together."""
        now_, then = self._metadata(), recorded
        differing = [key for key in _SAME if now_.get(key) != then.get(key)]
        for kind in ("data", "code"):
            if (then.get("fingerprints") or {}).get(kind) != now_["fingerprints"][kind]:
                differing.append(kind)
        searched = ("strategy", "shuffle", "score", "feedback_interval")
        mine, theirs = self.definition.search, then.get("search") or {}
        differing += [f"search.{key}" for key in searched if mine.get(key) != theirs.get(key)]
        if differing:
            raise ResumeRefused(
                f"was begun with another {', '.join(differing)}",
                where=self.path,
                expected="the same, so that all rounds belong together",
                remedy="restore it, or begin again with overwrite=true",
            )

    def _check_target(self, begun: int) -> None:
        target = self.definition.search.get("rounds")
        if target is not None and target < begun:
            raise ResumeRefused(
                f"has run {begun} rounds, and search.rounds is {target}",
                where=self.path,
                expected="a target that is the same or higher",
                remedy="raise it, or begin again with overwrite=true",
            )

    def _check_unchanged(self, log: RunLog) -> None:
        """Refuse to record code or data that changed while rounds ran: it is not what made them."""
        now_, then = self._metadata()["fingerprints"], log.metadata["fingerprints"]
        changed = [kind for kind in ("code", "data") if now_[kind] != then[kind]]
        if changed:
            raise CodeDriftError(
                f"{' and '.join(changed)} changed while the rounds ran",
                where=self.path,
                remedy="begin again with overwrite=true",
            )

    def _notice_unknown(self, log: RunLog) -> None:
        """Tell of a tolerance or a volatile metric that no round has: it may be misspelt."""
        known = {name for row in log.rows.values() for name in row}
        for key, names in (
            ("tolerances", self.definition.tolerances),
            ("volatile", self.definition.volatile),
        ):
            for name in names:
                if name not in known:
                    guess = did_you_mean(name, known)
                    notice = f"{key}.{name}: no round has such a metric"
                    emit(self.observers, Noticed(self.task, f"{notice}; {guess}" if guess else notice))

    def _leave(self, log: RunLog) -> None:
        """Keep an unfinished run that has rounds, and leave no trace of one that has none."""
        if log.rows:
            return
        if log.work != self.path:
            shutil.rmtree(log.work, ignore_errors=True)
            return
        for name in (*FILES, *LEFTOVERS):
            (log.work / name).unlink(missing_ok=True)
        with suppress(OSError):  # a decoder of the user's own stays
            log.work.rmdir()

    # --- searching --------------------------------------------------------------------------------

    def _search(self, log: RunLog) -> None:
        search, column = self._build(log)
        search.replay(log.events, log.log(column))
        rounds = Rounds(self.recipe, self.worker, self.n_jobs, f"{log.work}:{time.time_ns()}")
        total = search.queue.remaining() + len(search.queue.drawn)
        emit(self.observers, Started(self.task, total))
        if log.done:
            emit(self.observers, Advanced(self.task, len(log.done), note="done before"))
        try:
            while ids := search.next_batch():
                failures = self._batch(log, rounds, search.queue.space, ids)
                begun = [] if log.events else [{"event": "started", "seed": self.definition.seed}]
                log.close_batch([*begun, *search.close_batch(ids, failures, log.log(column))])
                search.settle()
            log.metadata["injected"] = search.queue.space.injected
        finally:
            emit(self.observers, Finished(self.task))

    def _build(self, log: RunLog) -> tuple[Search, str]:
        declared = self.definition.search
        space = Space(self.worker.pipeline.params)
        options = {"shuffle": True} if declared.get("shuffle") else {}
        strategy = build_strategy(self.definition.strategy, space, self.definition.seed, **options)
        reducers = build_reducers(declared.get("reducers"))
        interval = declared.get("feedback_interval")
        if interval is None and (reducers or self.callback or strategy.adaptive):
            interval = 10
        queue = SearchQueue(space, strategy, ParamDomain(space.params), declared.get("rounds"))
        score = self._score()
        drop = [self.path] if log.work == self.path else [self.path, log.work]
        return Search(queue, reducers, interval, self.callback, drop), f"{PREFIX}{score}"

    def _score(self) -> str:
        """Return the walk-forward score that the search learns from; never a test metric."""
        offered = SELECTION["panel" if self.worker.bench.is_panel else "table"]
        score = str(self.definition.search.get("score") or offered[0])
        if score not in offered:
            raise ManifestError(
                f"search.score: {score!r} is no walk-forward score",
                where=self.task,
                expected=f"one of {', '.join(offered)}",
                remedy=did_you_mean(score, offered),
            )
        return score

    def _batch(self, log: RunLog, rounds: Rounds, space: Space, ids: list[int]) -> list[dict[str, Any]]:
        """Run what of a batch is not done; return its failures in the order of the batch."""
        waiting = [(number, space[number]) for number in ids if number not in log.done]
        failed: dict[int, FinishedRound] = {}
        for done in rounds.run(waiting):
            if done.error is not None:
                failed[done.number] = done
                self._tell(log, done)
                emit(
                    self.observers,
                    Failed(f"{self.task}, permutation {done.number}", done.error, done.message),
                )
                continue
            log.add(done.number, done.params, done.metrics, done.seconds, done.line)
            self._tell(log, done)
            emit(self.observers, Advanced(self.task, note=f"permutation {done.number}"))
        return [
            {
                "event": "failed",
                "round_id": number,
                "round_params": failed[number].params,
                "error": failed[number].error,
                "message": failed[number].message,
            }
            for number in ids
            if number in failed
        ]

    def _tell(self, log: RunLog, done: FinishedRound) -> None:
        if self.on_round is not None:
            self.on_round(log.metadata, done)

    def _metadata(self) -> dict[str, Any]:
        pipeline = self.worker.pipeline
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
            "settings": dict(self.recipe.settings),
            "params": pipeline.params,
            "search": dict(self.definition.search),
            "seed": self.definition.seed,
            "line": self.definition.line,
            "volatile": [*VOLATILE, *self.definition.volatile],
            **({"tolerances": self.definition.tolerances} if self.definition.tolerances else {}),
            "fingerprints": {
                "data": self.worker.bench.data.fingerprint().as_dict(),
                "code": pipeline.code(),
            },
            "libraries": pipeline.libraries(),
        }


def check_place(path: Path, *, overwrite: bool) -> None:
    """Refuse to write where something lies that zoo did not write.

    Raises:
        ExperimentExists: a file, or a directory with files that no experiment has; or, unless it is to be
            overwritten, with what is left of an experiment.
    """
    if path.exists() and not path.is_dir():
        raise ExperimentExists("is a file", where=path, remedy="choose another name")
    if not path.is_dir():
        return
    known = {*FILES, *LEFTOVERS, "__pycache__"}
    foreign = sorted(
        p.name
        for p in path.iterdir()
        if p.name not in known and p.suffix != ".py" and not p.name.startswith("interventions")
    )
    if foreign:
        raise ExperimentExists(
            f"holds {', '.join(foreign[:5])}, which zoo did not write",
            where=path,
            remedy="move that away first",
        )
    if not overwrite and not (path / METADATA).exists() and any((path / name).exists() for name in FILES):
        raise ExperimentExists(
            f"holds what is left of an experiment without its {METADATA}",
            where=path,
            remedy="restore it, or replace it with overwrite=true",
        )


def run_experiment(
    definition: Mapping[str, Any],
    directory: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    **options: Any,
) -> Summary:
    """Run an experiment; `options` are those of `UniversalExperimentLoop`, errors those of its `run`."""
    return UniversalExperimentLoop(definition, directory, **options).run(overwrite=overwrite, resume=resume)


__all__ = ["OnRound", "Summary", "UniversalExperimentLoop", "check_place", "run_experiment"]
