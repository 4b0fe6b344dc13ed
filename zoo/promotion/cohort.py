"""A cohort: several sensors that predict as one. A member that fails is named, and never left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.cohort import RANK_MEAN
from zoo.errors import ArtifactCorrupt, SensorInputError
from zoo.promotion.combine import Rule, combined, rule_of
from zoo.promotion.membership import (
    check_alike,
    each,
    finite,
    named,
    offer_of,
    preparation_of,
    values_of,
)
from zoo.promotion.modules import LocalModule
from zoo.promotion.sensor import Sensor
from zoo.promotion.serving import Served
from zoo.promotion.storage import Stored, dump, read, rebuilding
from zoo.trust import Trust

if TYPE_CHECKING:
    from zoo.manifest.bound import Bound
    from zoo.manifest.workbench import Workbench

#: what a cohort's document says it is
KIND: Final = "cohort"
T = TypeVar("T")


@dataclass(frozen=True)
class Cohort:
    """Predicts what its members predict together; built by `Cohort.of`.

    Nothing in it changes when it predicts, so that threads may share one.

    Attributes:
        members: sensors by name (`experiment/permutation`), in order of experiment and permutation.
        rule: how their predictions are combined.
        metadata: provenance of the whole; each member has its own.
        results: metrics of the whole by stage: `variant`, `refit`.
    """

    members: Mapping[str, Sensor]
    rule: Rule
    metadata: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        members: Iterable[Sensor],
        *,
        combine: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        results: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Cohort:
        """Make a cohort.

        Args:
            members: at least two sensors, each once; their order does not matter.
            combine: `mean`, `rank_mean`, `vote`, or None for what the members offer; see
                `zoo.promotion.combine`.
            metadata: provenance of the whole.
            results: metrics of the whole.

        Raises:
            CohortError: fewer than two, one of them twice, or sensors that cannot predict as one.
        """
        by_name = named(members)
        rule = rule_of({name: offer_of(sensor.model) for name, sensor in by_name.items()}, combine)
        check_alike(by_name, rule)
        return cls(by_name, rule, dict(metadata or {}), dict(results or {}))

    @property
    def permutation_id(self) -> None:
        """None: it is several permutations; a sensor has its own here."""
        return None

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"the cohort of {', '.join(self.members)}"

    @cached_property
    def trust(self) -> Trust:
        """What its members may import, together."""
        trusts = [sensor.trust for sensor in self.members.values()]
        return Trust(
            tuple(dict.fromkeys(prefix for trust in trusts for prefix in trust.prefixes)),
            any(trust.local for trust in trusts),
            frozenset().union(*(trust.hashes for trust in trusts)),
        )

    @property
    def modules(self) -> tuple[LocalModule, ...]:
        """The local modules of its members, each once."""
        return tuple(dict.fromkeys(m for sensor in self.members.values() for m in sensor.modules))

    def __call__(self, data: Any) -> Any:
        """Predict; as `predict`."""
        return self.predict(data)

    def predict(self, data: Any) -> Any:
        """Predict as one.

        Args:
            data: a `Dataset`, a `Table` or a bare frame, as `Sensor.predict` takes it; or `{"x_test": X}`.
                X is the same rows for all where all members prepare the same features, else one X for each
                member, by its name. Ranks need the rows' dates: `_grid`, as `prepare_data` gives it, or
                `dates`, one a row.

        Returns:
            For a mapping `{"_preds": ...}`, with `_probs` where probabilities were averaged. Else a Series of
            the rows that every member can predict: scores (of two classes the probability of the second), or
            what the members voted for.

        Raises:
            CohortMemberFailed: naming each member that could not predict, or that predicted what is not
                finite.
            SensorInputError: data that no member could take.
        """
        if isinstance(data, Mapping):
            return self._of_prepared(data)
        data = self._first.taken(data)
        return self._of_table(data) if data.kind == "table" else self._of_panel(data)

    def marks(self, data: Any) -> pd.DataFrame:
        """Say of each bar whether the cohort predicts it, and whether it may be judged by it.

        Args:
            data: as for `predict`, without a mapping.

        Returns:
            A frame as `Sensor.marks` gives it: `predicted` where every member predicts, `in_training` and
            `warm_up` where any member is, and its `reason`.
        """
        from zoo.promotion.marks import joint_marks

        return joint_marks(self._each("be marked", lambda name, sensor: sensor.marks(data)))

    def explain(self) -> str:
        """Say in words how its members are combined, and where each of them comes from."""
        from zoo.promotion.explain import explain_cohort

        return explain_cohort(self)

    # --- what a sensor offers besides, for whoever shadows versions ---------------------------------

    @property
    def features(self) -> tuple[str, ...]:
        """Every member's features in order, each under its member's name."""
        return tuple(f"{name}:{own}" for name, sensor in self.members.items() for own in sensor.features)

    @property
    def bound(self) -> Bound | None:
        """What its members declare in common, with the features of all; None where one has no declaration."""
        bounds = {name: sensor.bound for name, sensor in self.members.items() if sensor.bound is not None}
        if len(bounds) < len(self.members):
            return None
        named = [
            replace(feature, name=f"{name}:{feature.name}")
            for name, bound in bounds.items()
            for feature in bound.features
        ]
        return replace(next(iter(bounds.values())), features=tuple(named), indicators=0)

    @property
    def recorded(self) -> Sequence[str]:
        """The columns of the data that it was trained on, as its fingerprint has them."""
        return self._first.recorded

    def serve(self, bench: Workbench) -> Served:
        """Compute the features of every bar for every member, side by side; shared ones are computed once."""
        served = self._each("prepare the features", lambda name, sensor: sensor.serve(bench))
        found = list(served.values())
        return Served(np.concatenate([one.F for one in found], axis=2), found[0].data)

    def scores(self, F: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score bars × assets × features, as `serve` gives them: bars × assets, NaN where one is missing."""
        complete = np.isfinite(F).all(axis=2)
        scores = np.full(complete.shape, np.nan)
        if complete.any():
            scores[complete] = values_of(self._of_rows(F[complete], np.nonzero(complete)[0]))
        return scores

    # --- predicting -------------------------------------------------------------------------------

    @property
    def _first(self) -> Sensor:
        return next(iter(self.members.values()))

    def _each(self, doing: str, call: Callable[[str, Sensor], T]) -> dict[str, T]:
        return each(self.members, doing, call, self.name)

    def _of_prepared(self, data: Mapping[str, Any]) -> dict[str, Any]:
        rows = self._rows(data.get("x_test"))
        date = self._dates(data)
        said = self._each("predict", lambda name, s: finite(s.predict({**data, "x_test": rows[name]})))
        counts = {name: len(out["_preds"]) for name, out in said.items()}
        counts |= {} if date is None else {"dates": len(date)}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{count} of {name}" for name, count in counts.items())
            raise SensorInputError(
                f"not as many rows for each: {told}", where=self.name, expected="the same rows"
            )
        return combined(self.rule, list(said.values()), date)

    def _rows(self, X: Any) -> Mapping[str, Any]:
        """Return each member's rows."""
        if not isinstance(X, Mapping):
            if not self.shared:
                raise SensorInputError(
                    "its members prepare different features, though some may have one name",
                    where=self.name,
                    expected="a Dataset, or {'x_test': {member: X}}",
                )
            return dict.fromkeys(self.members, X)
        if set(X) != set(self.members):
            raise SensorInputError(
                f"x_test is given for {', '.join(map(str, X)) or 'nobody'}",
                where=self.name,
                expected=f"rows for {', '.join(self.members)}",
            )
        return X

    def _dates(self, data: Mapping[str, Any]) -> NDArray[Any] | None:
        if self.rule.combine != RANK_MEAN:
            return None
        grid = data.get("_grid")
        found = data.get("dates") if grid is None else grid.date
        if found is None:
            raise SensorInputError(
                "it averages ranks within dates, and the rows have none",
                where=self.name,
                expected="a Dataset, or `dates` (one a row) or `_grid` beside x_test",
            )
        return np.asarray(found)

    @cached_property
    def shared(self) -> bool:
        """Whether all members prepare the very same features, so that one X serves them all."""
        return len({preparation_of(sensor) for sensor in self.members.values()}) == 1

    def _of_panel(self, data: Any) -> pd.Series:
        from zoo.manifest.workbench import Workbench

        served = self.serve(Workbench(data))
        complete = served.complete
        values = values_of(self._of_rows(served.F[complete], np.nonzero(complete)[0]))
        return pd.Series(values, index=served.index[complete.ravel()], name="prediction")

    def _of_rows(self, X: NDArray[np.float64], date: NDArray[Any]) -> dict[str, Any]:
        """Return what the members say of rows × all their features."""
        said = self._each(
            "predict",
            lambda name, sensor: finite(sensor.model.predict({"x_test": X[:, self._columns[name]]})),
        )
        return combined(self.rule, list(said.values()), date)

    @cached_property
    def _columns(self) -> Mapping[str, slice]:
        """Where each member's features are among those of all."""
        ends = np.cumsum([len(sensor.features) for sensor in self.members.values()]).tolist()
        return {
            name: slice(end - len(sensor.features), end)
            for (name, sensor), end in zip(self.members.items(), ends, strict=True)
        }

    def _of_table(self, table: Any) -> pd.Series:
        if self.rule.combine == RANK_MEAN:
            raise SensorInputError(
                "it averages ranks within dates, and a table has none", where=self.name, expected="a Dataset"
            )
        said = self._each(
            "predict", lambda name, sensor: finite(sensor.model.predict({"x_test": sensor.x_of(table)}))
        )
        values = values_of(combined(self.rule, list(said.values()), None))
        return pd.Series(values, index=table.frame.index, name="prediction")

    # --- storing ----------------------------------------------------------------------------------

    def dumps(self) -> bytes:
        """Write all members as one skops file.

        Raises:
            TrustError: a class that could not be loaded again under the members' trust list.
        """
        document = {
            "kind": KIND,
            "members": [sensor.as_document() for sensor in self.members.values()],
            "rule": self.rule.as_dict(),
            "metadata": dict(self.metadata),
            "results": {stage: dict(values) for stage, values in self.results.items()},
        }
        estimators = [sensor.model.estimator for sensor in self.members.values()]
        return dump(estimators, document, self.trust, self.modules)

    @classmethod
    def loads(
        cls, content: bytes, trusted: Trust | Iterable[str] | None = None, where: str = "sensor.skops"
    ) -> Cohort:
        """Read what `dumps` wrote; see `zoo.promotion.storage.read` for what it raises."""
        found = load_predictor(content, trusted, where)
        if not isinstance(found, cls):
            raise ArtifactCorrupt("is a sensor", where=where, expected="a cohort", remedy="use Sensor.loads")
        return found


#: whatever a version holds
Predictor: TypeAlias = Sensor | Cohort


def load_predictor(
    content: bytes, trusted: Trust | Iterable[str] | None = None, where: str = "sensor.skops"
) -> Predictor:
    """Read a sensor or a cohort, whichever was stored.

    Raises:
        ArtifactCorrupt: neither.
        TrustError: a type outside the trust list; nothing was built.
    """
    stored = read(content, Trust.of(trusted), where)
    with rebuilding(where):
        if stored.document.get("kind") != KIND:
            return Sensor.of_document(stored.document, stored.estimator, stored, where)
        return _of_document(stored, where)


def _of_document(stored: Stored, where: str) -> Cohort:
    document = stored.document
    members = [
        Sensor.of_document(member, estimator, stored, where)
        for member, estimator in zip(document["members"], stored.estimator, strict=True)
    ]
    rule = Rule.from_dict(document["rule"])
    known = {"metadata": document["metadata"], "results": document["results"]}
    return replace(Cohort.of(members, combine=rule.combine, **known), rule=rule)


__all__ = ["KIND", "Cohort", "Predictor", "load_predictor"]
