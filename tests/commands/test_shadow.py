import pytest

from tests.evaluation import small
from zoo.evaluation.record import INDEX

TRUSTED = f"trust.prefixes=[zoo.,sklearn.,{small.HERE}.]"
BEFORE = "2022-01-05T12:00:00.000000+00:00"
LINE = """\
name: {name}
data: tests.evaluation.small.prices
target: zoo.targets.forward_return
horizon: 5
rebalance: {rebalance}
"""


def small_world(zoo, monkeypatch):
    """The small line under the outputs of the command line, nobody registered, for other processes too."""
    monkeypatch.setitem(small.STATE, "data", small.market())
    small.STATE["data"].close.to_parquet(zoo.directory / "small.parquet")
    monkeypatch.setenv("ZOO_TEST_SMALL", str(zoo.directory / "small.parquet"))
    (zoo.conf / "line").mkdir()
    (zoo.conf / "line" / "small.yaml").write_text(LINE.format(name="small", rebalance=5))
    return small.World(zoo.outputs, monkeypatch)


@pytest.fixture
def world(zoo, monkeypatch):
    """The small line under the outputs of the command line, with a champion and a challenger."""
    found = small_world(zoo, monkeypatch)
    found.first = found.register("first", at=BEFORE, champion=True)
    found.second = found.register("second", ("trend", {"window": 20}), at=BEFORE, number=1)
    yield found
    found.registry.close()


def test_champion_and_challengers_are_shadowed_and_the_document_says_how_far(zoo, world):
    ran = zoo.json("shadow", "line=small", "until=2021-03-31", TRUSTED)
    assert ran.code == 0
    document = ran.document
    assert (document["line"], document["champion"], document["until"]) == (
        "small",
        world.first.version_id,
        "2021-03-31",
    )
    assert [one["stage"] for one in document["results"]] == ["champion", "challenger"]
    for one in document["results"]:
        assert one["status"] == "shadowed"
        assert one["bars"] == one["new"] == one["replayed"] > 50
        assert (one["live"], one["last"], one["proven"]) == (0, "2021-03-31", 3)
    again = zoo.json("shadow", "line=small", "until=2021-03-31", TRUSTED)
    assert {one["status"] for one in again.document["results"]} == {"up_to_date"}


def test_the_table_fits_80_columns_and_says_that_replayed_bars_fill_no_soak(zoo, world):
    ran = zoo("shadow", "line=small", TRUSTED)
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80
    assert world.first.version_id in ran.out
    assert "0 live; only live ones fill a soak" in ran.out


def test_the_only_line_with_bars_need_not_be_named(zoo, world):
    assert zoo.json("shadow", TRUSTED).document["line"] == "small"


def test_of_two_lines_one_has_to_be_named(zoo, world):
    (zoo.conf / "line" / "other.yaml").write_text(LINE.format(name="other", rebalance=5))
    world.line = small.LINE.__class__("other", small.LINE.data, small.LINE.target, 5, 5)
    world.register("third", at=BEFORE)
    ran = zoo.json("shadow", TRUSTED)
    assert ran.code == 2
    assert "no line was named, and other, small have versions; expected line=<name>" in ran.error


def test_without_any_version_there_is_no_line_to_choose(zoo):
    ran = zoo.json("shadow")
    assert ran.code == 2
    assert "no line was named, and none has versions" in ran.error
    ran = zoo.json("shadow", "line=us_equity")
    assert ran.code == 2
    assert "us_equity: the line has neither champion nor challenger" in ran.error
    assert zoo.registry() == []


def test_a_line_without_bars_is_refused(zoo):
    ran = zoo.json("shadow", "line=tabular")
    assert ran.code == 2
    assert "line 'tabular' has no bars" in ran.error


def test_a_failure_is_told_counted_and_the_exit_code_says_so(zoo, world):
    broken = world.register("broken", "broken", at=BEFORE)
    ran = zoo.json("shadow", "line=small", TRUSTED)
    assert ran.code == 1
    states = {one["version_id"]: one["status"] for one in ran.document["results"]}
    assert states[broken.version_id] == "failed"
    assert sorted(states.values()) == ["failed", "shadowed", "shadowed"]
    assert f"failed: shadow {broken.version_id}: SensorInputError" in ran.err
    assert "Traceback" not in ran.err


def test_an_edited_file_is_named_in_one_line(zoo, world):
    zoo("shadow", "line=small", "until=2021-03-31", TRUSTED)
    path = next(world.record(world.second).path.glob("*.parquet"))
    path.write_bytes(b"PAR1 something else PAR1")
    ran = zoo.json("shadow", "line=small", TRUSTED)
    assert ran.code == 1
    (failed,) = [one for one in ran.document["results"] if one["status"] == "failed"]
    assert failed["message"].startswith(f"{path}: the file is torn")
    assert "restore it from a backup" in failed["message"]
    assert (world.record(world.second).path / INDEX).exists()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("until=yesterday", "until: 'yesterday' is no date; expected a date such as 2022-11-30"),
        ("shadow.cap=0", "shadow.cap: 0; expected a whole number of at least 1"),
        ("shadow.soak_days=0", "shadow.soak_days: 0"),
        ("shadow.seconds=-1", "shadow.seconds: -1.0; expected a positive number"),
        ("shadow.capp=3", "shadow.capp: no such key"),
        ("shadow=nobody", "no shadow is called 'nobody'; expected one of default"),
    ],
)
def test_rules_that_nobody_could_follow_are_refused_before_anything_is_read(zoo, word, message):
    ran = zoo.json("shadow", "line=us_equity", word)
    assert ran.code == 2
    assert message in ran.error
    assert zoo.registry() == []


def test_a_date_before_the_data_is_a_failure_of_every_version(zoo, world):
    ran = zoo.json("shadow", "line=small", "until=1999-01-01", TRUSTED)
    assert ran.code == 1
    assert {one["status"] for one in ran.document["results"]} == {"failed"}


def test_waiting_challengers_are_listed(zoo, world):
    world.register("third", at=BEFORE, number=2)
    ran = zoo.json("shadow", "line=small", "shadow.cap=1", TRUSTED)
    assert [one["status"] for one in ran.document["results"]] == ["shadowed", "shadowed", "waiting"]
    assert "1 of 2 challengers wait" in ran.document["notices"][-1]


def test_gc_never_deletes_who_has_results_on_the_bars_of_the_leaderboard(zoo, world):
    zoo("shadow", "line=small", "until=2021-03-31", TRUSTED)
    zoo("retire", f"version={world.second.version_id}")
    for words in ((), ("dry_run=false",)):
        document = zoo.json("gc", *words).document
        assert document["deleted"] == []
        [kept] = [one for one in document["kept"] if one["version_id"] == world.second.version_id]
        assert kept["why"].startswith("it has shadow results that the leaderboard compares from ")
    assert world.registry.load(world.second.version_id, trusted=[f"{small.HERE}."]) is not None
    zoo("shadow", "line=small", TRUSTED)
    document = zoo.json("gc", "dry_run=false", "leaderboard.start=2021-04-01").document
    assert [one["version_id"] for one in document["deleted"]] == [world.second.version_id]
