"""The manifests of a line: of its versions, of the experiments that its specs name, of conf/experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.errors import Interrupted, ManifestError, ZooError
from zoo.registry.version import CHALLENGER, CHAMPION
from zoo.settings import DEFAULTS, Reads, using

if TYPE_CHECKING:
    from zoo.experiment.pipeline import Pipeline
    from zoo.manifest.bound import Bound
    from zoo.registry import Registry
    from zoo.roster import Entry
    from zoo.trust import Trust

_EVERYTHING: Final = 10**9


_EXTERNAL: Final = "made by an external trainer or another library: its features are not known"


@dataclass(frozen=True)
class Declared:
    """One manifest without holes, and the settings under which it is computed.

    Attributes:
        name: where it stands.
        bound: the manifest.
        settings: the values.
        under: enters them, and whatever else its functions need.
        fetch: returns the source's data.
    """

    name: str
    bound: Bound
    settings: Mapping[str, Any]
    under: Callable[[], AbstractContextManager[Reads]]
    fetch: Callable[[], Any]


#: parts of a manifest that no perturbation of later bars tells of, and why
_BESIDES: Final = {
    "selector": "it chooses among the data before anything is computed",
    "fitted_target": "fitted on train only",
    "scaler": "fitted on train only",
    "pca": "fitted on train only",
    "calibration": "fitted on train only, purged",
    "model": "fitted on train only",
}


def besides(declared: Iterable[Declared]) -> list[dict[str, str]]:
    """Return which other parts the manifests have: neither feature nor target, and so not perturbed.

    Returns:
        `{"part": name, "reason": why}`, in the order in which a manifest declares them.
    """
    manifests = [one.bound for one in declared]
    parts = [name for name in _BESIDES if any(getattr(bound, name) is not None for bound in manifests)]
    return [{"part": name, "reason": _BESIDES[name]} for name in parts]


@dataclass
class Declarations:
    """What is found; what cannot be read is no failure of the search, and is told.

    Attributes:
        trust: what may be imported.
        permutations: of a space that are bound, evenly spread.
        found: the manifests.
        unread: where a manifest should have been, and why it cannot be checked.
        notices: what the user should know.
    """

    trust: Trust
    permutations: int
    found: list[Declared] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    # --- where manifests are --------------------------------------------------------------------

    def versions(self, registry: Registry, line: str) -> None:
        """Take the manifests of champion and challengers, under the settings of their training."""
        for version in registry.versions(line=line):
            if version.stage in (CHAMPION, CHALLENGER):
                name = f"version {version.version_id}"
                with self._told(name):
                    self._version(registry, version.version_id, name)

    def definition(self, name: str, tree: Any, settings: Mapping[str, Any], home: Path) -> None:
        """Take one definition, every permutation of it."""
        from zoo.experiment.definition import Definition
        from zoo.experiment.pipeline import from_definition

        told = f"experiment {name}"
        with self._told(told), using({**DEFAULTS, **settings}):
            pipeline = from_definition(Definition.parse(tree, told), home / name, self.trust, told)
            self._bind(told, pipeline, {**DEFAULTS, **settings}, pipeline.fetch_data)

    def specs(
        self, roster: Mapping[str, Entry], line: str | None = None, experiment: str | None = None
    ) -> None:
        """Take the experiments that active specs promote from, under the specs' overrides.

        Args:
            roster: every spec.
            line: only specs of this line.
            experiment: only sources of this name.
        """
        for entry in roster.values():
            spec = entry.spec
            if spec is None or spec.retired or (line is not None and spec.line != line):
                continue
            if spec.trainer is not None and experiment is None:
                self.unread[f"spec {spec.name}"] = _EXTERNAL
            for source in spec.sources:
                path = Path(source.experiment)
                if experiment is None or path.name == experiment:
                    with self._told(f"spec {spec.name} of {path.name}"):
                        self._source(f"spec {spec.name} of {path.name}", path, spec.overrides)

    # --- taking them ----------------------------------------------------------------------------

    def _version(self, registry: Registry, version_id: str, name: str) -> None:
        from zoo.manifest.construct import call
        from zoo.promotion.cohort import Cohort

        loaded = registry.load(version_id, trusted=self.trust)
        for sensor in loaded.members.values() if isinstance(loaded, Cohort) else [loaded]:
            bound = sensor.bound
            if bound is None:
                raise ManifestError(_EXTERNAL)
            if bound.data is None:
                raise ManifestError("its data was handed in: there is no source to change")
            for module in sensor.modules:
                module.load(self.trust, name)
            effective = (sensor.metadata.get("settings") or {}).get("effective") or {}
            self.found.append(
                Declared(
                    name,
                    bound,
                    {**DEFAULTS, **effective},
                    sensor.under,
                    partial(call, dict(bound.data), self.trust, name),
                )
            )

    def _source(self, name: str, path: Path, overrides: Mapping[str, Any]) -> None:
        from zoo.promotion.trainer import Trainer

        trainer = Trainer(path, trusted=self.trust)
        if trainer.is_foreign:
            raise ManifestError("another library's manifest: its features are not known")
        self._bind(
            name, trainer.pipeline, {**DEFAULTS, **trainer.recorded, **overrides}, lambda: trainer.bench.data
        )

    def _bind(
        self, name: str, pipeline: Pipeline, settings: Mapping[str, Any], fetch: Callable[[], Any]
    ) -> None:
        from zoo.experiment.space import Space

        space = Space(pipeline.params)
        chosen = min(len(space), self.permutations)
        if chosen < len(space):
            self.notices.append(f"{name}: {chosen} of {len(space)} permutations, evenly spread")
        with using(settings):
            manifest = pipeline.current()
            bounds = [manifest.bind(space[number * len(space) // chosen]) for number in range(chosen)]

        def under() -> AbstractContextManager[Reads]:
            return using(settings)

        self.found += [Declared(name, bound, settings, under, fetch) for bound in bounds]

    def _told(self, name: str) -> _Told:
        return _Told(self, name)


class _Told:
    """A block whose failure is told under its name."""

    def __init__(self, declarations: Declarations, name: str) -> None:
        self.declarations, self.name = declarations, name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or isinstance(error, Interrupted) or not isinstance(error, Exception):
            return False
        text = " ".join(str(error).split())
        self.declarations.unread[self.name] = (
            text if isinstance(error, ZooError) else f"{type(error).__name__}: {text}"
        )
        return True


def sources(found: Iterable[Declared]) -> Iterator[tuple[Declared, list[Declared]]]:
    """Give the manifests of each source together, by the first of them."""
    from zoo.manifest.bound import key_of

    groups: dict[str, list[Declared]] = {}
    for one in found:
        groups.setdefault(key_of([one.bound.data, one.name if one.bound.data is None else ""]), []).append(
            one
        )
    for group in groups.values():
        yield group[0], group


__all__ = ["Declarations", "Declared", "besides", "sources"]
