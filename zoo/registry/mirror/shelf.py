"""What a line has in MLflow: a registered model, an experiment of the same name, and what is in them.

The model's tags say whose it is: a model or an experiment of another store is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from zoo.errors import MirrorRefused
from zoo.registry.mirror.client import EXISTS, NO_SUCH, Client
from zoo.registry.mirror.image import STAGE, VERSION, Image

CHAMPION: Final = "champion"
STORE: Final = "zoo.store"  # whose it is: the digest of the store's first event
CURSOR: Final = "zoo.mirrored"  # the last event that is shown: its position and its digest
_PAGE: Final = 1_000  # versions an answer
_METRICS: Final = 800  # a request; MLflow takes 1,000 things, 100 of them parameters
_PARAMS: Final = 100


@dataclass(frozen=True)
class Shown:
    """A registered version, as MLflow has it.

    Attributes:
        number: MLflow's own, 1 for the first.
        run_id: of its run.
        tags: as they are there.
    """

    number: int
    run_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Model:
    """A registered model, as MLflow has it.

    Attributes:
        tags: as they are there.
        champion: the number to which the alias points; None where there is no such alias.
    """

    tags: Mapping[str, str]
    champion: int | None


class Shelf:
    """A line's place on a server.

    Args:
        client: the server.
        name: of the registered model; the experiment is called `zoo/<name>`.
        line: whose it is.
        store: which registry's.
    """

    def __init__(self, client: Client, name: str, line: str, store: str) -> None:
        self._client = client
        self.name = name
        self._tags = {STORE: store, "zoo.line": line}

    # --- the model ------------------------------------------------------------------------------

    def model(self) -> Model:
        """Return the registered model, made where there is none.

        Raises:
            MirrorRefused: it is not this store's.
        """
        found = self._found()
        if found is None:
            self._create("registered-models/create", self.name)
            found = self._found() or {}
        tags = _mapping(found.get("tags"))
        self._check(tags, f"registered model {self.name!r}")
        aliases = {item["alias"]: int(item["version"]) for item in found.get("aliases", ())}
        return Model(tags, aliases.get(CHAMPION))

    def _found(self) -> dict[str, Any] | None:
        try:
            answer = self._client.get("registered-models/get", name=self.name)
        except MirrorRefused as error:
            if error.code == NO_SUCH:
                return None
            raise
        return dict(answer["registered_model"])

    def _create(self, path: str, name: str) -> None:
        """Make something whose name is unique; another process may have been first."""
        try:
            self._client.post(path, {"name": name, "tags": _pairs(self._tags)})
        except MirrorRefused as error:
            if error.code != EXISTS:
                raise

    def _check(self, tags: Mapping[str, str], what: str) -> None:
        if any(tags.get(key) != value for key, value in self._tags.items()):
            raise MirrorRefused(
                f"{what} is not of this registry",
                where=self._client.url,
                expected=f"a name that is free, or {STORE}={self._tags[STORE]}",
                remedy="set mirror.prefix=<word>- to give this registry's models names of their own",
            )

    def mark(self, cursor: str) -> None:
        """Write down at the model which event is shown last."""
        self._client.post("registered-models/set-tag", {"name": self.name, "key": CURSOR, "value": cursor})

    def point(self, number: int | None) -> None:
        """Have the alias point to a version, or to none."""
        alias = {"name": self.name, "alias": CHAMPION}
        if number is None:
            self._client.post("registered-models/alias", alias, method="DELETE")
        else:
            self._client.post("registered-models/alias", {**alias, "version": str(number)})

    # --- its versions ---------------------------------------------------------------------------

    def versions(self, version_id: str | None = None) -> dict[str, list[Shown]]:
        """Return our versions by id, the first made first; only one where an id is given."""
        query: dict[str, str | int] = {"filter": f"name = '{self.name}'", "max_results": _PAGE}
        if version_id is not None:
            query["filter"] = f"{query['filter']} and tag.`{VERSION}` = '{version_id}'"
        found: dict[str, list[Shown]] = {}
        while True:
            answer = self._client.get("model-versions/search", **query)
            for item in answer.get("model_versions", ()):
                tags = _mapping(item.get("tags"))
                if VERSION in tags:
                    shown = Shown(int(item["version"]), item.get("run_id", ""), tags)
                    found.setdefault(tags[VERSION], []).append(shown)
            if not answer.get("next_page_token"):
                return {key: sorted(items, key=lambda shown: shown.number) for key, items in found.items()}
            query["page_token"] = answer["next_page_token"]

    def add(self, image: Image) -> Shown:
        """Make a version with its run; a run that a dead process left is used."""
        run_id = self._run(image)
        answer = self._client.post(
            "model-versions/create",
            {
                "name": self.name,
                "source": image.source,
                "run_id": run_id,
                "description": image.description,
                "tags": _pairs(image.tags),
            },
        )
        return Shown(int(answer["model_version"]["version"]), run_id, image.tags)

    def tag(self, shown: Shown, tags: Iterable[tuple[str, str]]) -> None:
        """Change tags of a version; its run's stage first, so that the version's says that both are so."""
        for key, value in tags:
            if key == STAGE and shown.run_id:
                self._client.post("runs/set-tag", {"run_id": shown.run_id, "key": key, "value": value})
            version = {"name": self.name, "version": str(shown.number)}
            self._client.post("model-versions/set-tag", {**version, "key": key, "value": value})

    def remove(self, shown: Shown, keeper: Shown) -> None:
        """Remove a version that another process made, too, with its run unless the two share it."""
        try:
            self._client.post(
                "model-versions/delete", {"name": self.name, "version": str(shown.number)}, method="DELETE"
            )
            if shown.run_id and shown.run_id != keeper.run_id:
                self._client.post("runs/delete", {"run_id": shown.run_id})
        except MirrorRefused as error:
            if error.code != NO_SUCH:  # whoever made it was quicker
                raise

    # --- its runs -------------------------------------------------------------------------------

    def _run(self, image: Image) -> str:
        run_id = self._left_behind(image.version_id)
        if run_id is None:
            run_id = self._new_run(image)
        else:
            self._log(run_id, tags=_pairs(image.run_tags))
        params, metrics = _params(image), _metrics(image)
        for start in range(0, len(params), _PARAMS):
            self._log(run_id, params=params[start : start + _PARAMS])
        for start in range(0, len(metrics), _METRICS):
            self._log(run_id, metrics=metrics[start : start + _METRICS])
        self._client.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": image.at})
        return run_id

    def _left_behind(self, version_id: str) -> str | None:
        query = {
            "experiment_ids": [self._experiment],
            "filter": f"tags.`{VERSION}` = '{version_id}'",
            "max_results": 1,
        }
        runs = self._client.post("runs/search", query).get("runs", ())
        return str(runs[0]["info"]["run_id"]) if runs else None

    def _new_run(self, image: Image) -> str:
        run = {
            "experiment_id": self._experiment,
            "run_name": image.version_id,
            "start_time": image.at,
            "tags": _pairs(image.run_tags),
        }
        return str(self._client.post("runs/create", run)["run"]["info"]["run_id"])

    def _log(self, run_id: str, **things: list[dict[str, Any]]) -> None:
        self._client.post("runs/log-batch", {"run_id": run_id, **things})

    @cached_property
    def _experiment(self) -> str:
        """The id of the experiment, made where there is none."""
        name = f"zoo/{self.name}"
        try:
            answer = self._client.get("experiments/get-by-name", experiment_name=name)
        except MirrorRefused as error:
            if error.code != NO_SUCH:
                raise
            self._create("experiments/create", name)
            answer = self._client.get("experiments/get-by-name", experiment_name=name)
        self._check(_mapping(answer["experiment"].get("tags")), f"experiment {name!r}")
        return str(answer["experiment"]["experiment_id"])


def _params(image: Image) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in image.params.items()]


def _metrics(image: Image) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": value, "timestamp": image.at, "step": 0} for key, value in image.metrics.items()
    ]


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _mapping(pairs: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {pair["key"]: pair.get("value", "") for pair in pairs or ()}


__all__ = ["CHAMPION", "CURSOR", "STORE", "Model", "Shelf", "Shown"]
