"""`drift` on the command line."""

import pytest

from tests.commands.test_shadow import BEFORE, TRUSTED, world  # noqa: F401  # a fixture
from tests.evaluation import small


@pytest.fixture
def kept(zoo, world):  # noqa: F811
    """A version with what its refit predicted, beside two without, retired."""
    found = world.register("kept", ("trend", {"window": 15}), at=BEFORE, number=7, kept=True)
    world.crown(found)
    for one in (world.first, world.second):
        if world.registry.get(one.version_id).stage == "challenger":
            world.registry.retire(one.version_id)
    assert zoo.json("shadow", "line=small", TRUSTED).code == 0
    return found


def test_the_document_has_figures_bars_and_bins_of_every_feature(zoo, kept):
    ran = zoo.json("drift", "line=small", TRUSTED)
    assert ran.code == 0
    assert (ran.document["line"], ran.document["drifted"]) == ("small", 0)
    (one,) = ran.document["versions"]
    assert (one["version_id"], one["status"], one["stage"]) == (kept.version_id, "steady", "champion")
    (feature,) = one["features"]
    assert feature["feature"] == "trend"
    assert len(feature["edges"]) == 9
    assert 0 <= feature["ks_p"] <= 1
    assert feature["independent"][1] < one["bars"] * 12
    assert one["predictions"]["problems"] == []


def test_the_table_fits_80_columns_and_says_what_p_is(zoo, kept):
    ran = zoo("drift", TRUSTED)
    assert ran.code == 0
    assert max(len(line) for line in ran.out.splitlines() if not line.startswith("PSI")) <= 80
    assert "the independent observations that the values of training" in ran.out
    assert "small: 0 of 1 version drifted" in ran.out


def test_drift_is_flagged_and_strict_makes_it_the_exit_code(zoo, kept):
    words = ("drift", "line=small", "drift.dispersion=[5,9]", TRUSTED)
    ran = zoo.json(*words)
    assert (ran.code, ran.document["drifted"]) == (0, 1)
    assert ran.document["versions"][0]["flags"][0].startswith("predictions: dispersion")
    assert zoo.json(*words, "strict=true").code == 1
    assert "drift: predictions: dispersion" in zoo(*words).out


def test_a_version_that_cannot_be_looked_at_is_named_and_the_exit_code_is_1(zoo, kept):
    path = next((zoo.outputs / "registry" / "small" / "shadow" / kept.version_id).glob("*.parquet"))
    path.write_bytes(b"PAR1 something else PAR1")
    ran = zoo.json("drift", "line=small", TRUSTED)
    assert ran.code == 1
    (one,) = ran.document["versions"]
    assert (one["status"], one["error"]) == ("failed", "RecordCorrupt")
    assert one["message"].startswith(f"{path}: the file is torn")
    assert "1 failed" in zoo("drift", "line=small", TRUSTED).out


def test_without_a_shadow_it_says_how_to_get_one_and_writes_nothing(zoo, world):  # noqa: F811
    before = zoo.registry()
    ran = zoo.json("drift", "line=small", TRUSTED)
    assert (ran.code, ran.document["error"]["type"]) == (2, "NothingToDo")
    assert "none of 2 versions was shadowed yet" in ran.error
    assert "`python -m zoo shadow` makes their records" in ran.error
    assert zoo.registry() == before


def test_without_a_version_there_is_nothing_to_look_at(zoo):
    ran = zoo.json("drift", "line=us_equity")
    assert ran.code == 2
    assert "us_equity: the line has neither champion nor challenger" in ran.error
    assert not zoo.outputs.exists()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("drift.bins=1", "drift.bins: 1; expected a whole number of at least 2"),
        ("drift.dispersion=[2,1]", "drift.dispersion: [2.0, 1.0]; expected two numbers"),
        ("drift.pssi=1", "drift.pssi: no such key"),
        ("until=soon", "until: 'soon' is no date"),
    ],
)
def test_rules_that_nobody_could_follow_are_refused(zoo, word, message):
    ran = zoo.json("drift", "line=us_equity", word)
    assert ran.code == 2
    assert message in ran.error


def test_the_small_line_is_the_only_one_and_need_not_be_named(zoo, kept):
    assert zoo.json("drift", TRUSTED).document["line"] == small.LINE.name
