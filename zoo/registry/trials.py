"""What of an experiment counts as a trial, and when two of its rounds, or of two experiments, are one trial.

A round is known by what was evaluated: manifest (without where data lies), parameters, settings, seed, the
content of the data and of the code. Not by its id, its experiment's name, or when and where it ran. Another
spelling of one manifest is another trial: N may come out too high by it, never too low.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.errors import ExperimentCorrupt, ManifestError
from zoo.experiment.directory import ExperimentDirectory, Round, check_row
from zoo.experiment.format import METADATA, ROUNDS
from zoo.manifest.holes import fill
from zoo.registry import canonical
from zoo.registry.trial import FAILED, Trial
from zoo.settings import DEFAULTS, LABEL_SETTING
from zoo.trust import TARGET_KEY

if TYPE_CHECKING:
    from zoo.registry.trial import Returns, Window

_SOURCES: Final = ("data", "test_data")


@dataclass(frozen=True)
class Evaluation:
    """What all rounds of one experiment have in common.

    Args:
        metadata: what its metadata.json says.
        line: whose trials its rounds are.
        experiment: its name.
    """

    metadata: Mapping[str, Any]
    line: str
    experiment: str

    def finished(
        self,
        number: int,
        params: Mapping[str, Any],
        metrics: Mapping[str, Any],
        held_out: Mapping[str, Any] | None,
        preds: object = None,
    ) -> Trial:
        """Return the trial of a round that finished.

        Args:
            number: its id.
            params: its parameters.
            metrics: what was measured.
            held_out: its returns as round_data.jsonl keeps them; None for a table, and where there are none.
            preds: its predictions, which tell rounds apart where the metadata does not.

        Raises:
            ExperimentCorrupt: returns of another form.
        """
        calendar, window, net = _returns(held_out, f"{self.experiment}, round {number}: held_out")
        return Trial(
            content=self._content(params, preds),
            line=self.line,
            experiment=self.experiment,
            permutation_id=number,
            target=self._target(params),
            calendar=calendar,
            window=window,
            metrics=metrics,
            net=net,
        )

    def failed(self, number: int, params: Mapping[str, Any], error: str, message: str) -> Trial:
        """Return the trial of a round that failed; the error stands for its metrics."""
        return Trial(
            content=self._content(params, message),
            line=self.line,
            experiment=self.experiment,
            permutation_id=number,
            target=self._target(params),
            metrics={"error": error, "message": message},
            status=FAILED,
        )

    def _content(self, params: Mapping[str, Any], answer: object) -> str:
        """Return the SHA-256 of what was evaluated; where that is not all recorded, of the answer as well."""
        known = {**self._declared, "params": canonical.encode(params, "round_params")}
        if self._complete:
            return canonical.digest(known)
        return canonical.digest({**known, "answer": canonical.encode(answer, "preds")})

    @cached_property
    def _settings(self) -> dict[str, Any]:
        recorded = {**DEFAULTS, **(self.metadata.get("settings") or {})}
        return {name: value for name, value in recorded.items() if name != LABEL_SETTING}

    @cached_property
    def _declared(self) -> dict[str, Any]:
        prints = self.metadata.get("fingerprints") or {}
        manifest = self.metadata.get("manifest")
        declared = {
            "manifest": None if manifest is None else _without_place(manifest),
            "sfd_module": self.metadata.get("sfd_module"),
            "settings": self._settings,
            "seed": self.metadata.get("seed"),
            "data": (prints.get("data") or {}).get("content"),
            "source": (prints.get("code") or {}).get("content"),
        }
        return {name: canonical.encode(value, name) for name, value in declared.items()}

    @property
    def _complete(self) -> bool:
        recorded = bool(self.metadata.get("settings"))
        return recorded and all(self._declared[name] is not None for name in ("seed", "data", "source"))

    def _target(self, params: Mapping[str, Any]) -> str:
        """Return what is predicted; a decoder's is known by its code and its settings only."""
        manifest = self.metadata.get("manifest")
        if manifest is None:
            known = {name: self._declared[name] for name in ("sfd_module", "source", "settings")}
            return canonical.text(known)
        declared = manifest.get("target")
        with contextlib.suppress(ManifestError, KeyError):  # a round that failed of it: as it is declared
            declared = fill(declared, params, self._settings)
        return canonical.text(canonical.encode(declared, "target"))


def _without_place(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where data lies: its content's hash says what it is, wherever it lies."""
    sources = {name: manifest[name] for name in _SOURCES if isinstance(manifest.get(name), Mapping)}
    return {**manifest, **{name: source.get(TARGET_KEY) for name, source in sources.items()}}


def _returns(
    held_out: Mapping[str, Any] | None, where: str
) -> tuple[str | None, Window | None, Returns | None]:
    """Return calendar, window and returns; none of them where there is no bar."""
    if held_out is None or held_out.get("net") == []:
        return None, None, None
    import numpy as np

    calendar, net = held_out.get("calendar"), held_out.get("net")
    window = (held_out.get("first"), held_out.get("last"))
    texts = all(isinstance(text, str) for text in (calendar, *window))
    try:
        found = np.array(net, dtype=np.float32)  # None becomes NaN
    except (TypeError, ValueError):
        found = np.empty((0, 0), dtype=np.float32)
    if not texts or not isinstance(net, list) or found.shape != (held_out.get("bars"),):
        raise ExperimentCorrupt(
            "is no series", where=where, expected="calendar, first, last, bars and as many net returns"
        )
    return calendar, window, found  # type: ignore[return-value]


def trials_of(directory: ExperimentDirectory, line: str, *, experiment: str | None = None) -> list[Trial]:
    """Return all rounds of a directory as trials of a line: finished ones by id, then failed ones.

    A round whose metrics or returns are not those that were logged is a trial without them.

    Args:
        directory: of the experiment.
        line: whose trials they are.
        experiment: its name; the directory's own unless given.

    Raises:
        ExperimentCorrupt: a file is missing, torn or malformed.
    """
    if directory.unfinished and not directory.ids:
        return []
    evaluation = Evaluation(directory.metadata, line, experiment or directory.name)
    found = []
    for logged in map(directory.round, directory.ids):
        metrics, held_out = (logged.metrics, logged.held_out) if _is_whole(logged) else ({}, None)
        found.append(evaluation.finished(logged.id, logged.params, metrics, held_out, logged.preds))
    for number, failure in directory.failed.items():
        found.append(evaluation.failed(number, failure["params"], failure["error"], failure["message"]))
    return found


def _is_whole(logged: Round) -> bool:
    try:
        check_row(logged, "")
    except ExperimentCorrupt:
        return False
    return True


def trials_left(path: Path, line: str | None, *, experiment: str) -> list[Trial]:
    """Return the rounds of a directory that may hold an unfinished run, as far as they are whole.

    Args:
        path: the directory; without metadata.json it holds none.
        line: whose trials they are, where the directory does not say so.
        experiment: the experiment's name.

    Raises:
        ExperimentCorrupt: a file is malformed by more than a writer's death.
    """
    try:
        metadata = json.loads((path / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        if not (path / ROUNDS).exists():
            return []
        metadata = {}
    line = metadata.get("line") or line
    if line is None:
        return []
    unfinished = metadata.get("status", "finished") != "finished"
    return trials_of(ExperimentDirectory(path, unfinished=unfinished), line, experiment=experiment)


__all__ = ["Evaluation", "trials_left", "trials_of"]
