from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import RegistryError
from zoo.registry import Registry
from zoo.registry.version import NAME, NO_PERMUTATION, VERSION_ID

from .test_canonical import values
from .writers import candidate


@given(st.dictionaries(st.text(min_size=1).filter(lambda key: not key.startswith("$")), values))
def test_the_fingerprint_does_not_depend_on_the_order_of_the_inputs(inputs: dict[str, Any]) -> None:
    turned = {key: inputs[key] for key in reversed(inputs)}
    assert candidate(inputs=turned).fingerprint == candidate(inputs=inputs).fingerprint


@pytest.mark.parametrize("changes", [{"line": "other"}, {"label": "other"}, {"inputs": {"alpha": 0.5}}])
def test_line_label_and_inputs_make_the_fingerprint(changes: dict[str, Any]) -> None:
    assert candidate(**changes).fingerprint != candidate().fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"spec": "other"},
        {"experiment": "other"},
        {"permutation_id": 9},
        {"metrics": {}},
        {"lineage": {}},
        {"config": ""},
        {"sensor": b""},
        {"overrides": {}},
    ],
)
def test_nothing_else_does(changes: dict[str, Any]) -> None:
    assert candidate(**changes).fingerprint == candidate().fingerprint


def test_the_fingerprint_is_the_same_on_every_machine_and_in_every_release() -> None:
    text = b'{"inputs":{"alpha":0,"settings":{"forward_days":21}},"label":"resmom","line":"us_equity"}'
    assert candidate().fingerprint == hashlib.sha256(text).hexdigest()  # else every version becomes new


def test_the_id_is_label_last_training_day_and_fingerprint() -> None:
    one = candidate()
    assert one.version_id == f"resmom-20171229-{one.fingerprint[:8]}"
    assert candidate(train_end=datetime.date(987, 1, 2)).version_id.startswith("resmom-09870102-")
    assert candidate(train_end=pd.Timestamp("2017-12-29 16:00")).version_id == one.version_id
    assert VERSION_ID.fullmatch(one.version_id)


def test_without_a_time_axis_the_day_is_zero() -> None:
    assert candidate(train_end=None).version_id.startswith("resmom-00000000-")


@pytest.mark.parametrize("kind", ["line", "label", "spec"])
@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "-x", "a b", "a\n", "é", "x" * 65, "a\0", None]
)
def test_a_name_that_is_no_directory_name_is_refused(kind: str, name: Any) -> None:
    with pytest.raises(RegistryError, match=f"^{kind} .*expected 1 to 64 letters"):
        candidate(**{kind: name})


@given(st.from_regex(NAME, fullmatch=True))
def test_every_other_name_is_accepted(name: str) -> None:
    assert candidate(label=name).version_id.startswith(name)


@pytest.mark.parametrize("permutation_id", [True, 1.0, "1", None])
def test_a_permutation_id_that_is_no_integer_is_refused(permutation_id: Any) -> None:
    with pytest.raises(RegistryError, match="is no id"):
        candidate(permutation_id=permutation_id)


def test_a_cohort_is_no_single_permutation(registry: Registry) -> None:
    version = registry.register(candidate(permutation_id=NO_PERMUTATION)).version
    assert version.permutation_id is None
    assert version.as_dict()["permutation_id"] is None
    assert registry.get(version.version_id).permutation_id is None
    assert registry.verify().ok


@pytest.mark.parametrize(
    "changes", [{"config": "\ud800"}, {"config": "\0"}, {"experiment": 3}, {"sensor": "text"}]
)
def test_content_of_the_wrong_type_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RegistryError):
        candidate(**changes)


def test_candidates_and_versions_cannot_be_changed(registry: Registry) -> None:
    one = candidate()
    version = registry.register(one).version
    for value in (one, version):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.label = "other"  # type: ignore[misc]


def test_a_metric_that_is_not_finite_survives_storing_and_showing(registry: Registry) -> None:
    metrics = {"logged": {"rank_ic": math.nan, "worst": -math.inf, "hit": None, "n": 3, "best": "NaN"}}
    version_id = registry.register(candidate(metrics=metrics)).version.version_id
    version = registry.get(version_id)
    stored = version.metrics["logged"]
    assert math.isnan(stored["rank_ic"])  # type: ignore[arg-type]
    assert {key: stored[key] for key in ("worst", "hit", "n", "best")} == {
        "worst": -math.inf,
        "hit": None,
        "n": 3,
        "best": "NaN",
    }
    shown = json.loads(json.dumps(version.as_dict(), allow_nan=False))
    assert shown["metrics"]["logged"]["rank_ic"] == "NaN"
    assert shown["train_end"] == "2017-12-29"


def test_a_version_shows_every_field(registry: Registry) -> None:
    version = registry.register(candidate()).version
    assert set(version.as_dict()) == {field.name for field in dataclasses.fields(version)}
