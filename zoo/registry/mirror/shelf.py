"""What a line has in MLflow: a registered model with its versions, and an experiment with their runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zoo.errors import MirrorRefused
from zoo.registry.mirror.client import EXISTS, NO_SUCH, Client
from zoo.registry.mirror.image import STAGE, VERSION, Image
from zoo.registry.mirror.owner import Owner, mapping, pairs
from zoo.registry.mirror.runs import Runs

CHAMPION: Final = "champion"
CURSOR: Final = "zoo.mirrored"  # the last event that is shown: its position and its digest
_PAGE: Final = 1_000  # versions an answer


@dataclass(frozen=True)
class Shown:
    """A registered version, as MLflow has it.

    Attributes:
        number: MLflow's own, 1 for the first.
        run_id: of its run; empty where it has none.
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
        owner: whose it is.
    """

    def __init__(self, client: Client, name: str, owner: Owner) -> None:
        self._client = client
        self._owner = owner
        self._runs = Runs(client, f"zoo/{name}", owner)
        self.name = name

    # --- the model ------------------------------------------------------------------------------

    def model(self) -> Model:
        """Return the registered model, made where there is none.

        Raises:
            MirrorRefused: it is somebody else's.
        """
        found = self._find()
        if found is None:
            try:
                body = {"name": self.name, "tags": self._owner.pairs}
                self._client.post("registered-models/create", body)
            except MirrorRefused as error:
                if error.code != EXISTS:  # another process was first
                    raise
            found = self._find() or Model({}, None)
        self._owner.check(found.tags, f"registered model {self.name!r}")
        return found

    def _find(self) -> Model | None:
        try:
            return self._client.get("registered-models/get", _model, name=self.name)
        except MirrorRefused as error:
            if error.code == NO_SUCH:
                return None
            raise

    def mark(self, cursor: str) -> None:
        """Write down at the model which event is shown last."""
        self._client.post("registered-models/set-tag", {"name": self.name, "key": CURSOR, "value": cursor})

    def point(self, number: int | None) -> None:
        """Have the alias point to a version, or to none."""
        alias = {"name": self.name, "alias": CHAMPION}
        if number is None:
            self._client.delete("registered-models/alias", alias)
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
            page, token = self._client.get("model-versions/search", _versions, **query)
            for shown in page:
                found.setdefault(shown.tags[VERSION], []).append(shown)
            if not token:
                return {key: sorted(items, key=lambda shown: shown.number) for key, items in found.items()}
            query["page_token"] = token

    def add(self, image: Image) -> Shown:
        """Make a version with its run."""
        run_id = self._runs.make(image)
        body = {
            "name": self.name,
            "source": image.source,
            "run_id": run_id,
            "description": image.description,
            "tags": pairs(image.tags),
        }
        number = self._client.ask("model-versions/create", _number, body)
        return Shown(number, run_id, image.tags)

    def tag(self, shown: Shown, tags: Iterable[tuple[str, str]]) -> None:
        """Change tags of a version; its run's stage first, so that the version's says that both are so."""
        for key, value in tags:
            if key == STAGE and shown.run_id:
                self._runs.stage(shown.run_id, value)
            version = {"name": self.name, "version": str(shown.number)}
            self._client.post("model-versions/set-tag", {**version, "key": key, "value": value})

    def remove(self, shown: Shown, keeper: Shown) -> None:
        """Remove a version that another process made, too, with its run unless the two share it."""
        if shown.run_id and shown.run_id != keeper.run_id:
            with contextlib.suppress(MirrorRefused):  # it is gone already
                self._runs.delete(shown.run_id)
        try:
            self._client.delete("model-versions/delete", {"name": self.name, "version": str(shown.number)})
        except MirrorRefused as error:
            if error.code != NO_SUCH:  # whoever made it was quicker
                raise


def _model(answer: dict[str, Any]) -> Model:
    found = answer["registered_model"]
    aliases = {item["alias"]: int(item["version"]) for item in found.get("aliases", ())}
    return Model(mapping(found.get("tags")), aliases.get(CHAMPION))


def _versions(answer: dict[str, Any]) -> tuple[list[Shown], str]:
    """Return the versions that have our tag, and where the next page begins."""
    found = [
        Shown(int(item["version"]), item.get("run_id", ""), mapping(item.get("tags")))
        for item in answer.get("model_versions", ())
    ]
    return [shown for shown in found if VERSION in shown.tags], answer.get("next_page_token", "")


def _number(answer: dict[str, Any]) -> int:
    return int(answer["model_version"]["version"])


__all__ = ["CHAMPION", "CURSOR", "Model", "Shelf", "Shown"]
