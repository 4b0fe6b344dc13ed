"""The runs of a line: one a version, with its parameters and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from zoo.errors import MirrorRefused
from zoo.registry.mirror.client import EXISTS, NO_SUCH, Client
from zoo.registry.mirror.image import STAGE, VERSION, Image
from zoo.registry.mirror.owner import Owner, mapping, pairs

_METRICS: Final = 800  # a request; MLflow takes 1,000 things, 100 of them parameters
_PARAMS: Final = 100


class Runs:
    """The experiment of a line's runs.

    Args:
        client: the server.
        name: the experiment's.
        owner: whose it is.
    """

    def __init__(self, client: Client, name: str, owner: Owner) -> None:
        self._client = client
        self._name = name
        self._owner = owner

    def make(self, image: Image) -> str:
        """Make a version's run and return its id; one that a dead process left unfinished is finished.

        Raises:
            MirrorRefused: the experiment is somebody else's, or MLflow does not take what is to be shown.
        """
        run_id = self._left_behind(image.version_id) or self._new(image)
        params = pairs(image.params)
        metrics = [
            {"key": key, "value": value, "timestamp": image.at, "step": 0}
            for key, value in image.metrics.items()
        ]
        self._log(run_id, tags=pairs(image.run_tags))
        for start in range(0, len(params), _PARAMS):
            self._log(run_id, params=params[start : start + _PARAMS])
        for start in range(0, len(metrics), _METRICS):
            self._log(run_id, metrics=metrics[start : start + _METRICS])
        self._client.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": image.at})
        return run_id

    def stage(self, run_id: str, stage: str) -> None:
        """Change what a run says of its version's stage."""
        self._client.post("runs/set-tag", {"run_id": run_id, "key": STAGE, "value": stage})

    def delete(self, run_id: str) -> None:
        """Delete a run; MLflow keeps it for a while."""
        self._client.post("runs/delete", {"run_id": run_id})

    def _left_behind(self, version_id: str) -> str | None:
        asked = {
            "experiment_ids": [self._experiment],
            "filter": f"tags.`{VERSION}` = '{version_id}'",
            "max_results": 1,
        }
        return self._client.ask("runs/search", _first_id, asked)

    def _new(self, image: Image) -> str:
        run = {"experiment_id": self._experiment, "run_name": image.version_id, "start_time": image.at}
        tags = pairs({VERSION: image.version_id})  # by which it is found, should this be all that is done
        return self._client.ask("runs/create", _id, {**run, "tags": tags})

    def _log(self, run_id: str, **things: list[dict[str, Any]]) -> None:
        self._client.post("runs/log-batch", {"run_id": run_id, **things})

    @cached_property
    def _experiment(self) -> str:
        """The id of the experiment, made where there is none."""
        found = self._find()
        if found is None:
            try:
                self._client.post("experiments/create", {"name": self._name, "tags": self._owner.pairs})
            except MirrorRefused as error:
                if error.code != EXISTS:  # another process was first
                    raise
            found = self._find()
        experiment_id, tags = ("", {}) if found is None else found
        self._owner.check(tags, f"experiment {self._name!r}")
        return experiment_id

    def _find(self) -> tuple[str, Mapping[str, str]] | None:
        try:
            return self._client.get("experiments/get-by-name", _experiment, experiment_name=self._name)
        except MirrorRefused as error:
            if error.code == NO_SUCH:
                return None
            raise


def _experiment(answer: dict[str, Any]) -> tuple[str, Mapping[str, str]]:
    found = answer["experiment"]
    return str(found["experiment_id"]), mapping(found.get("tags"))


def _id(answer: dict[str, Any]) -> str:
    return str(answer["run"]["info"]["run_id"])


def _first_id(answer: dict[str, Any]) -> str | None:
    return next((str(run["info"]["run_id"]) for run in answer.get("runs", ())), None)


__all__ = ["Runs"]
