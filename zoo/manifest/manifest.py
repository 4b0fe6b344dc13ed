"""The manifest: data, features, target, split, scaler and model of one pipeline, declared, with holes.

It comes from YAML (`Manifest.from_config`) or from the builder, which says the same in Python:

    Manifest().set_data_source("zoo.data.sp500").set_split_config(8, 1, 2).add_feature(...).with_target(...)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any, Final, Self

from zoo.errors import ManifestError, check_keys
from zoo.manifest.bound import Bound, bind_features, included
from zoo.manifest.holes import fill, holes
from zoo.settings import settings as zoo_settings
from zoo.trust import TARGET_KEY, Trust, check_targets

if TYPE_CHECKING:
    from zoo.manifest.prepare import Prepared
    from zoo.manifest.workbench import Workbench

KEYS: Final = ("data", "features", "target", "rows", "split", "scaler", "model", "deterministic")
Declaration = Mapping[str, Any]
Target = str | Callable[..., Any]


@dataclass(frozen=True)
class Manifest:
    """One pipeline, declared. Every builder method returns a new manifest.

    Attributes:
        tree: the declaration under the keys of `KEYS`, with holes.
        seed: `search.seed`; fills every estimator's `random_state: None`.
        trust: what its targets may import.
        where: the file or directory it came from, for errors.
    """

    tree: Declaration = field(default_factory=dict)
    seed: int = 0
    trust: Trust = field(default_factory=Trust)
    where: str | None = None

    @classmethod
    def from_config(
        cls, tree: Declaration, *, seed: int = 0, trust: Trust | None = None, where: str | None = None
    ) -> Manifest:
        """Take a declaration from YAML or from `metadata.json`; nothing is imported.

        Raises:
            ManifestError: a key that does not exist, or one that is missing.
            TrustError: a nested `_target_` outside the trust list.
        """
        if not isinstance(tree, Mapping):
            raise ManifestError("manifest: is no mapping", where=where, expected=f"keys {', '.join(KEYS)}")
        check_keys(tree, KEYS, ManifestError, where=where, prefix="manifest.")
        trust = trust or Trust()
        check_targets(tree, trust, where)
        return cls(dict(tree), seed, trust, where)

    # --- the builder ----------------------------------------------------------------------------

    def set_data_source(self, target: Target, **arguments: Any) -> Self:
        """Declare where the data comes from."""
        return self._with(data=_declare(target, arguments))

    def set_rows(self, *, every: int) -> Self:
        """Take a cross-section every `every` bars."""
        return self._with(rows={"every": every})

    def set_split_config(self, train: float, validation: float, test: float) -> Self:
        """Split usable cross-sections in time order by these proportions."""
        return self._with(split=[train, validation, test])

    def add_feature(
        self, target: Target, *, name: str | None = None, include_if: Any = True, **arguments: Any
    ) -> Self:
        """Add a feature; `include_if` may be a hole."""
        extra: dict[str, Any] = {} if name is None else {"name": name}
        if include_if is not True:
            extra["include_if"] = include_if
        return self._with(features=[*self.tree.get("features", []), {**_declare(target, arguments), **extra}])

    def with_target(self, target: Target, **arguments: Any) -> Self:
        """Declare what is predicted."""
        return self._with(target=_declare(target, arguments))

    def set_scaler(self, target: Target, **arguments: Any) -> Self:
        """Declare the scaler; it is fitted on the train part only."""
        return self._with(scaler=_declare(target, arguments))

    def with_model(self, target: Target, *, deterministic: bool | None = None, **arguments: Any) -> Self:
        """Declare the estimator."""
        known = {} if deterministic is None else {"deterministic": deterministic}
        return self._with(model=_declare(target, arguments), **known)

    def with_params_override(self, *, split_config: tuple[float, float, float]) -> Self:
        """Return the manifest with another split; `(1, 0, 0)` trains on everything."""
        return self.set_split_config(*split_config)

    def _with(self, **changes: Any) -> Self:
        return replace(self, tree={**self.tree, **changes})

    # --- what it does: the interface of a single-file decoder's manifest ------------------------

    def fetch_data(self) -> Any:
        """Load the data from the declared source.

        Raises:
            ManifestError: none is declared.
        """
        from zoo.manifest.construct import call

        declared = fill(self.tree.get("data"), {}, zoo_settings, self.where)
        if declared is None:
            raise ManifestError(
                "manifest.data: is missing", where=self.where, remedy="declare it, or hand data in"
            )
        return call(declared, self.trust, self.where)

    def prepare_data(
        self,
        data: Any,
        round_params: Mapping[str, Any],
        *,
        bench: Workbench | None = None,
        boundaries: Mapping[str, Any] | None = None,
    ) -> Prepared:
        """Compute features and labels and split them.

        Args:
            data: a `Dataset` or a `Table`.
            round_params: one choice of parameters.
            bench: caches of the same data, to share work between rounds.
            boundaries: another round's `Prepared.boundaries`, to keep its dates.
        """
        from zoo.manifest.prepare import prepare
        from zoo.manifest.workbench import Workbench

        return prepare(self.bind(round_params), bench or Workbench(data), boundaries)

    def run_model(self, prepared: Prepared, round_params: Mapping[str, Any]) -> dict[str, Any]:
        """Fit, predict and measure; metrics under their names, and `_preds`, `_probs`, `_model`."""
        from zoo.manifest.run import run

        done = run(self.bind(round_params), prepared)
        return {**done.metrics, "_preds": done.preds, "_probs": done.probs, "_model": done.model}

    # --- what it says ---------------------------------------------------------------------------

    def to_config(self) -> dict[str, Any]:
        """Return the declaration with its holes, as it is written into `metadata.json`."""
        return dict(self.tree)

    def holes(self) -> set[tuple[str, str]]:
        """Return every hole as (`params` or `settings`, name)."""
        return set(holes(self.tree))

    def bind(self, params: Mapping[str, Any], settings: Any = None) -> Bound:
        """Fill the holes and check what is declared.

        Args:
            params: one choice of parameters.
            settings: anything with `settings[name]`; None takes `zoo.settings`, which records the reads.

        Raises:
            ManifestError: a missing or impossible declaration, or a hole that names nothing.
        """
        values = zoo_settings if settings is None else settings
        # the data is fetched once under the recorded settings, so a hole in it is not read here; nor is one
        # in a feature that is left out: an override that only these name changes nothing
        rest = {key: value for key, value in self.tree.items() if key not in ("data", "features")}
        filled = fill(rest, params, values, self.where)
        features = [
            fill(feature, params, values, self.where)
            for feature in self.tree.get("features") or []
            if included(
                fill(feature.get("include_if", True), params, values, self.where), feature, self.where
            )
        ]
        for key in ("target", "model"):
            if not isinstance(filled.get(key), Mapping) or TARGET_KEY not in filled[key]:
                raise ManifestError(
                    f"manifest.{key}: is missing", where=self.where, expected=f"{key}: {{_target_: ...}}"
                )
        check_targets([filled, features], self.trust, self.where)
        return Bound(
            data=self.tree.get("data"),
            features=bind_features(features, self.where),
            target=filled["target"],
            every=self._every(filled.get("rows")),
            weights=self._weights(filled.get("split", [8, 1, 2])),
            scaler=filled.get("scaler"),
            model=filled["model"],
            deterministic=self._deterministic(filled.get("deterministic")),
            seed=self.seed,
            trust=self.trust,
            where=self.where,
        )

    def _every(self, rows: Any) -> int:
        every = 1 if rows is None else rows.get("every", 1) if isinstance(rows, Mapping) else rows
        if type(every) is not int or every < 1 or (isinstance(rows, Mapping) and set(rows) - {"every"}):
            raise ManifestError(
                f"manifest.rows: {rows!r}", where=self.where, expected="{every: 21}, a number of bars"
            )
        return every

    def _deterministic(self, value: Any) -> bool | None:
        if value is not None and not isinstance(value, bool):
            raise ManifestError(
                f"manifest.deterministic: {value!r}", where=self.where, expected="true, false or null"
            )
        return value

    def _weights(self, split: Any) -> tuple[float, ...]:
        wrong = (
            not isinstance(split, list | tuple)
            or len(split) != 3
            or any(isinstance(w, bool) or not isinstance(w, int | float) for w in split)
            or any(not (0 <= w < inf) for w in split)
            or not (split[0] > 0)
        )
        if wrong:
            raise ManifestError(
                f"manifest.split: {split!r}",
                where=self.where,
                expected="three proportions, such as [8, 1, 2]",
            )
        return tuple(split)


def _declare(target: Target, arguments: Mapping[str, Any]) -> dict[str, Any]:
    path = target if isinstance(target, str) else public_path(target)
    return {TARGET_KEY: path, **{key: _plain(value) for key, value in arguments.items()}}


def public_path(target: Callable[..., Any]) -> str:
    """Return the shortest dotted path under which an object is found: the one that YAML would give."""
    segments = target.__module__.split(".")
    for count in range(1, len(segments) + 1):
        module = sys.modules.get(".".join(segments[:count]))
        if getattr(module, target.__qualname__, None) is target:
            return f"{'.'.join(segments[:count])}.{target.__qualname__}"
    return f"{target.__module__}.{target.__qualname__}"


def _plain(value: Any) -> Any:
    """Turn tuples into lists: a declaration reads the same before and after JSON."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value


__all__ = ["KEYS", "Manifest", "public_path"]
