"""Versions of the small line, looked at since their training."""

import numpy as np
import pytest

from tests.evaluation import small
from zoo.data import Dataset
from zoo.errors import NothingToDo
from zoo.evaluation.checkup import Checkup
from zoo.evaluation.rules import DriftRules


@pytest.fixture
def look(world):
    def checkup(**rules):
        registry, artifacts, line = world.registry, world.artifacts, world.line
        return Checkup(registry, artifacts, line, DriftRules(**rules), small.TRUST, now=small.NOW).run()

    return checkup


def test_a_line_that_is_as_it_was_is_steady(world, look):
    champion = world.register("first", kept=True, champion=True)
    other = world.register("second", ("trend", {"window": 20}), number=1, kept=True)
    world.shadow()
    found = look()
    assert [one.version_id for one in found] == [champion.version_id, other.version_id]
    assert [one.status for one in found] == ["steady", "steady"]
    first = found[0]
    days = world.record(champion).days()
    assert (first.bars, first.first) == (len(days), days.dates[0].date().isoformat())
    assert first.trained_until == small.TRAINED_UNTIL
    assert [feature.feature for feature in first.features] == ["trend"]
    assert first.features[0].independent[1] < first.bars * 12
    assert first.predictions.healthy
    assert first.flags == first.notices == []


def test_a_market_ten_times_as_wild_is_drift_of_features_and_predictions(world, look, monkeypatch):
    calm = small.STATE["data"]
    version = world.register("first", kept=True)
    wild = calm.close.copy()
    times = np.where(wild.index > small.TRAINED_UNTIL, 10.0, 1.0)
    returns = wild.pct_change().fillna(0.0).mul(times, axis=0).clip(lower=-0.5)
    wild = wild.iloc[0] * (1.0 + returns).cumprod()
    monkeypatch.setitem(small.STATE, "data", Dataset({"close": wild}, name="small"))
    world.shadow()
    (found,) = look(significance=0.2)
    assert found.version_id == version.version_id
    assert found.status == "drifted"
    assert any(flag.startswith("predictions: dispersion") for flag in found.flags)
    assert found.features[0].psi > 0.25


def test_only_the_last_bars_are_looked_at_where_that_is_asked(world, look):
    world.register("first", kept=True)
    world.shadow()
    (found,) = look(bars=21)
    assert found.bars == 21
    assert found.last == small.STATE["data"].dates[-1].date().isoformat()


def test_who_was_not_shadowed_yet_is_told_beside_the_others(world, look):
    first = world.register("first", kept=True)
    world.shadow()
    second = world.register("second", ("trend", {"window": 20}), number=1, kept=True)
    status = {one.version_id: one.status for one in look()}
    assert status == {first.version_id: "steady", second.version_id: "not_shadowed"}


def test_without_any_record_there_is_nothing_to_look_at(world, look):
    with pytest.raises(NothingToDo, match="neither champion nor challenger"):
        look()
    world.register("first", kept=True)
    with pytest.raises(NothingToDo, match=r"none of 1 versions was shadowed yet.*python -m zoo shadow"):
        look()


def test_one_version_s_failure_is_never_another_s(world, look):
    torn = world.register("first", kept=True)
    well = world.register("second", ("trend", {"window": 20}), number=1, kept=True)
    bare = world.register("third", ("trend", {"window": 30}), number=2)
    world.shadow()
    next(world.record(torn).path.glob("*.parquet")).write_bytes(b"PAR1")
    found = {one.version_id: one for one in look()}
    assert found[torn.version_id].error == "RecordCorrupt"
    assert "the file is torn" in found[torn.version_id].message
    assert found[well.version_id].status == "steady"
    assert "has no predictions of its refit" in found[bare.version_id].message


def test_training_data_that_was_revised_is_told(world, look, revise):
    world.register("first", kept=True)
    world.shadow()
    close = small.STATE["data"].close.copy()
    close.iloc[100, 0] *= 1.01
    revise(Dataset({"close": close}, name="small"))
    (found,) = look()
    assert "the data of its training is not as it was" in found.notices[0]


def test_a_retired_version_is_left_alone(world, look):
    first = world.register("first", kept=True)
    second = world.register("second", ("trend", {"window": 20}), number=1, kept=True)
    world.shadow()
    world.registry.retire(second.version_id)
    assert [one.version_id for one in look()] == [first.version_id]
