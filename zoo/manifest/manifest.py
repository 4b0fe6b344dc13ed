"""The manifest: data, features, target, split, scaler and model of one pipeline, declared, with holes.

It comes from YAML (`Manifest.from_config`) or from the builder, which says the same in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

from zoo.errors import ManifestError, check_keys
from zoo.manifest import declared, estimators, holding
from zoo.manifest.bound import Bound, bind_features, included
from zoo.manifest.builder import Builder, Declaration, plain, public_path
from zoo.manifest.holes import fill, holes, spelt
from zoo.settings import settings as zoo_settings
from zoo.trust import TARGET_KEY, Trust, check_targets, targets

if TYPE_CHECKING:
    from zoo.manifest.prepare import Prepared
    from zoo.manifest.workbench import Workbench

#: in the order in which they are applied
KEYS: Final = (
    "data",
    "test_data",
    "bars",
    "required_bar_columns",
    "selector",
    "indicators",
    "features",
    "ablation",
    "target",
    "rows",
    "split",
    "scaler",
    "pca",
    "model",
    "rules",
    "calibration",
    "portfolio",
    "deterministic",
)
KINDS: Final = ("panel", "table")
#: keys that `bind` does not fill as a whole: sources are fetched, and features may be left out
_APART: Final = ("data", "test_data", "indicators", "features")


@dataclass(frozen=True)
class Manifest(Builder):
    """One pipeline, declared. Every builder method returns a new manifest.

    Attributes:
        tree: the declaration under the keys of `KEYS`, with holes.
        seed: `search.seed`; fills every estimator's `random_state: None`.
        trust: what its targets may import.
        where: the file or directory it came from, for errors.
    """

    seed: int = 0
    trust: Trust = field(default_factory=Trust)
    where: str | None = None

    @classmethod
    def from_config(
        cls, tree: Declaration, *, seed: int = 0, trust: Trust | None = None, where: str | None = None
    ) -> Manifest:
        """Take a declaration from YAML or from `metadata.json`; nothing is imported.

        Raises:
            ManifestError: a key that does not exist, or a value that a file could not give.
            TrustError: a nested `_target_` outside the trust list.
        """
        if not isinstance(tree, Mapping):
            raise ManifestError("manifest: is no mapping", where=where, expected=f"keys {', '.join(KEYS)}")
        check_keys(tree, KEYS, ManifestError, where=where, prefix="manifest.")
        trust = trust or Trust()
        tree = plain(tree)
        declared.check_plain(tree, "manifest", where)
        check_targets(tree, trust, where)
        return cls(tree, seed, trust, where)

    def spelt(self, params: Mapping[str, Any]) -> Self:
        """Return the manifest with the builder's plain keys spelt as `${params.x}`."""
        return replace(self, tree=spelt(self.tree, params), built=False)

    # --- what it does: the interface of a single-file decoder's manifest ------------------------

    def fetch_data(self) -> Any:
        """Load the data from the declared source.

        Raises:
            ManifestError: none is declared.
        """
        return self._fetch("data")

    def fetch_test_data(self) -> Any:
        """Load the data of the second source, on which a manifest is tried.

        Raises:
            ManifestError: none is declared.
        """
        return self._fetch("test_data")

    def _fetch(self, key: str) -> Any:
        from zoo.manifest.construct import call

        source = fill(self.tree.get(key), {}, zoo_settings, self.where)
        if source is None:
            raise ManifestError(
                f"manifest.{key}: is missing", where=self.where, remedy="declare it, or hand data in"
            )
        declared.check_declaration(key, source, self.where)
        found = call(source, self.trust, self.where)
        if getattr(found, "kind", None) not in KINDS:
            raise ManifestError(
                f"manifest.{key}: {source[TARGET_KEY]} gave a {type(found).__name__}",
                where=self.where,
                expected="a Dataset or a Table",
            )
        return found

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

        Raises:
            ManifestError: a declaration that cannot be used, or a part that is empty.
        """
        from zoo.manifest.prepare import prepare
        from zoo.manifest.workbench import Workbench

        if bench is not None and bench.data is not data:
            raise ManifestError(
                "the bench holds other data", where=self.where, expected="Workbench(data) of the same data"
            )
        return prepare(self.bind(round_params), bench or Workbench(data), boundaries)

    def run_model(self, prepared: Prepared, round_params: Mapping[str, Any]) -> dict[str, Any]:
        """Fit, predict and measure; metrics under their names, and what else there is under `_names`."""
        from zoo.manifest.run import run

        done = run(self.bind(round_params), prepared)
        return {
            **done.metrics,
            "_preds": done.preds,
            "_probs": done.probs,
            "_model": done.model,
            "_held_out": done.held_out,
            "_fitted": done.fitted,
        }

    def compute_test_bars(
        self, data: Any, round_params: Mapping[str, Any], *, bench: Workbench | None = None
    ) -> Any:
        """Return the bars of a round's test part as a `Dataset`, up to the last that its labels use.

        Raises:
            ManifestError: data without a time axis, or a split without a test part.
        """
        return self.prepare_data(data, round_params, bench=bench).test_bars

    # --- what it says ---------------------------------------------------------------------------

    def to_config(self) -> dict[str, Any]:
        """Return the declaration with its holes, as it is written into `metadata.json`."""
        return dict(self.tree)

    def targets(self) -> list[str]:
        """Return every `_target_`, those that words stand for too: what a result depends on."""
        named = {str(target) for target in targets(self.tree)}
        if isinstance(self.tree.get("scaler"), str):  # a parameter may choose any of them
            named |= {str(target) for target in targets(list(estimators.SCALERS.values()))}
        if self.tree.get("rules") is not None:
            named |= set(estimators.RULES.values())
        if self.tree.get("calibration") not in (None, False):
            named.add(estimators.CALIBRATED)
        return sorted(named)

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
        if self.built:
            return self.spelt(params).bind(params, settings)
        values = zoo_settings if settings is None else settings
        where = self.where
        # the data is fetched once under the recorded settings, so a hole in it is not read here; nor is one
        # in a feature that is left out: an override that only these name changes nothing
        rest = {key: value for key, value in self.tree.items() if key not in _APART}
        filled = fill(rest, params, values, where)
        indicators, columns = self._columns(filled.get("ablation"), params, values)
        for key, tree in {**filled, "indicators": indicators, "features": columns}.items():
            declared.check_plain(tree, f"manifest.{key}", where)
        check_targets([filled, indicators, columns], self.trust, where)
        # only what ablation keeps is named: the rest must not even be computed
        features = bind_features([*indicators, *columns], where)
        target, fitted_target = declared.target_of(filled.get("target"), where)
        causal, scaler = estimators.scaler_of(filled.get("scaler"), self.trust, where)
        return Bound(
            data=self.tree.get("data"),
            features=features,
            indicators=len(indicators),
            target=target,
            fitted_target=fitted_target,
            every=declared.every_of(filled.get("rows"), where),
            split=declared.split_of(filled.get("split", [8, 1, 2]), where),
            bars=declared.optional_of("bars", filled.get("bars"), where),
            required=declared.required_of(filled.get("required_bar_columns"), where),
            selector=declared.optional_of("selector", filled.get("selector"), where),
            causal=causal,
            scaler=scaler,
            pca=estimators.pca_of(filled.get("pca"), len(features), where),
            model=estimators.model_of(filled, features, where),
            calibration=estimators.calibration_of(filled.get("calibration"), where),
            portfolio=holding.portfolio_of(filled.get("portfolio"), where),
            deterministic=declared.deterministic_of(filled.get("deterministic"), where),
            seed=self.seed,
            trust=self.trust,
            where=where,
        )

    def _columns(
        self, ablation: Any, params: Mapping[str, Any], values: Any
    ) -> tuple[list[Declaration], list[Declaration]]:
        """Return the indicators and features that neither `include_if` nor ablation leaves out, filled."""
        everything = {
            key: declared.functions_of(key, self.tree.get(key), self.where)
            for key in ("indicators", "features")
        }
        groups = {
            key: [fill(feature.get("group"), params, values, self.where) for feature in features]
            for key, features in everything.items()
        }
        without = declared.ablation_of(ablation, [g for found in groups.values() for g in found], self.where)

        def kept(key: str) -> list[Declaration]:
            return [
                fill(feature, params, values, self.where)
                for feature, group in zip(everything[key], groups[key], strict=True)
                if included(
                    fill(feature.get("include_if", True), params, values, self.where), feature, self.where
                )
                and group not in without
            ]

        return kept("indicators"), kept("features")


__all__ = ["KEYS", "KINDS", "Manifest", "public_path"]
