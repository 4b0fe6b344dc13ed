import datetime as dt
import json

import pytest

from tests.commands.test_shadow import BEFORE, LINE, TRUSTED, world
from tests.evaluation import small
from tests.report.reading import read_page
from zoo.driver.result import Failure, Outcome, SpecResult

__all__ = ["LINE", "world"]

QUICK = (
    TRUSTED,
    "leaderboard.draws=0",
    "leaderboard.permutations=3",
    "leaderboard.blocks=4",
    "gate.draws=200",
)
FIGURES = ["equity", "drawdown", "rank_ic", "trading", "turnover", "calibration"]


@pytest.fixture
def shadowed(zoo, world):
    world.shadow(now=dt.datetime.now(dt.UTC))
    return world


def stored(zoo):
    """Every file of the registry with its content; results that are kept besides are no evidence."""
    root = zoo.outputs / "registry"
    files = (path for path in root.rglob("*") if path.is_file() and ".standings" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_the_page_is_written_and_its_path_and_figures_are_told(zoo, shadowed):
    before = stored(zoo)
    ran = zoo.json("report", "line=small", *QUICK)
    assert ran.code == 0
    document = ran.document
    path = zoo.outputs / "reports" / "line_small.html"
    assert document["page"] == str(path)
    assert (document["line"], document["champion"]) == ("small", shadowed.first.version_id)
    assert list(document["figures"]) == FIGURES
    told = document["figures"]["equity"]
    assert told["drawn"] is True
    assert {shadowed.first.version_id, shadowed.second.version_id, "momentum_12_1"} == set(told["series"])
    assert told["evidence"] == ["baseline", "replayed"]
    assert document["gate"] == {"asked": True, "name": "superior", "winner": None, "challengers": 1}
    assert document["failed"] == []
    page = read_page(path.read_text())
    assert "All evidence is replayed" in page.text
    assert [one.name for one in path.parent.iterdir()] == ["line_small.html"]
    assert stored(zoo) == before


def test_people_are_told_the_path_within_80_columns_but_for_the_path(zoo, shadowed):
    ran = zoo("report", "line=small", *QUICK)
    assert ran.code == 0
    *table, last = ran.out.splitlines()
    assert max(map(len, table)) <= 80
    assert last == f"page  {zoo.outputs}/reports/line_small.html"


def test_the_page_goes_where_out_says_and_replaces_only_its_kind(zoo, shadowed):
    path = zoo.directory / "mine.html"
    assert zoo.json("report", "line=small", f"out={path}", *QUICK).document["page"] == str(path)
    assert not (zoo.outputs / "reports").exists()
    path.write_text("mine")
    ran = zoo.json("report", "line=small", f"out={path}", *QUICK)
    assert ran.code == 1
    assert "mine.html: is a file that no report wrote; name another file with out=" in ran.error
    assert path.read_text() == "mine"


def test_a_page_within_the_registry_is_refused(zoo, shadowed):
    ran = zoo.json("report", "line=small", f"out={zoo.outputs}/registry/small/page.html", *QUICK)
    assert ran.code == 2
    assert "a page within the registry; expected out=<file> outside of it" in ran.error


def test_without_a_registry_nothing_is_made_and_the_error_says_what_to_do(zoo):
    for words in (["report"], ["report", "line=us_equity"]):
        ran = zoo.json(*words)
        assert ran.code == 2
        assert "register some with `python -m zoo -m`" in ran.error or "none has versions" in ran.error
    assert zoo.registry() == []
    assert not (zoo.outputs / "reports").exists()


def test_a_line_that_nobody_shadowed_has_a_page_that_says_so(zoo, world):
    ran = zoo.json("report", "line=small", *QUICK)
    assert ran.code == 0
    reasons = {figure["reason"] for figure in ran.document["figures"].values()}
    assert reasons == {"nobody was shadowed yet; run `python -m zoo shadow`"}
    assert ran.document["gate"]["asked"] is False
    assert "not drawn: nobody was shadowed yet" in zoo("report", "line=small", *QUICK).out.replace("\n", " ")


def test_data_that_cannot_be_read_is_said_on_the_page_and_by_the_exit_code(zoo, shadowed, monkeypatch):
    monkeypatch.setitem(small.STATE, "data", None)
    monkeypatch.setenv("ZOO_TEST_SMALL", str(zoo.directory / "gone.parquet"))
    ran = zoo.json("report", "line=small", *QUICK)
    assert ran.code == 1
    (reason,) = ran.document["failed"]
    assert "gone.parquet" in reason
    page = read_page((zoo.outputs / "reports" / "line_small.html").read_text())
    assert f"Nothing is compared: {reason}" in page.text
    assert shadowed.first.version_id.rpartition("-")[2] in page.text


def test_a_torn_record_is_named_and_the_others_are_drawn(zoo, shadowed):
    record = shadowed.record(shadowed.second)
    file = next(record.path.glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-7])
    ran = zoo.json("report", "line=small", *QUICK)
    assert ran.code == 0
    assert ran.document["figures"]["equity"]["series"][0] == shadowed.first.version_id
    assert shadowed.second.version_id not in ran.document["figures"]["equity"]["series"]
    text = read_page((zoo.outputs / "reports" / "line_small.html").read_text()).text
    assert "not comparable" in text
    assert "the file is torn" in text


def test_an_override_as_the_gate_asks_nothing_and_says_so(zoo, shadowed):
    ran = zoo.json("report", "line=small", "gate=override", *[w for w in QUICK if "gate" not in w])
    assert ran.code == 0
    assert ran.document["gate"] == {
        "asked": False,
        "reason": "gate=override asks nothing: no challenger was judged",
    }


def test_a_line_without_challengers_says_that_nobody_asks(zoo, shadowed):
    shadowed.registry.retire(shadowed.second.version_id)
    gate = zoo.json("report", "line=small", *QUICK).document["gate"]
    assert gate["reason"] == "the line has no challenger: nobody asks to be champion"


def test_what_failed_in_the_last_runs_is_on_the_page(zoo, shadowed):
    run = zoo.outputs / "runs" / "20260102T030405_000000Z-1"
    (run / "broken").mkdir(parents=True)
    result = SpecResult(
        "broken", Outcome.partial, failures=[Failure(7, "DataDriftError", "<script>1</script>")]
    )
    result.write(run / "broken")
    (run / "torn").mkdir()
    (run / "torn" / "result.json").write_text('{"spec": ')
    (run / "dead").mkdir()
    ran = zoo.json("report", "line=small", *QUICK)
    assert ran.document["runs"] == {"seen": [run.name], "specs": 3, "failures": 3}
    rows = read_page((zoo.outputs / "reports" / "line_small.html").read_text()).tables["failures"][1:]
    assert [row[1:] for row in rows] == [
        ["broken", "7", "partial", "DataDriftError", "<script>1</script>"],
        ["dead", "all", "unknown", "no result", "it left no result: it still runs, or died"],
        ["torn", "all", "unknown", "unreadable", "its result cannot be read"],
    ]


def test_costs_that_are_none_are_refused_before_anything_is_written(zoo, shadowed):
    ran = zoo.json("report", "line=small", "costs.half_spread_bps=-1", *QUICK)
    assert ran.code == 2
    assert "costs: half_spread_bps is -1.0" in ran.error
    assert not (zoo.outputs / "reports").exists()


def test_of_two_lines_one_has_to_be_named(zoo, shadowed):
    (zoo.conf / "line" / "other.yaml").write_text(LINE.format(name="other", rebalance=5))
    shadowed.line = shadowed.line.__class__("other", shadowed.line.data, shadowed.line.target, 5, 5)
    shadowed.register("third", at=BEFORE)
    ran = zoo.json("report", *QUICK)
    assert ran.code == 2
    assert "no line was named, and other, small have versions" in ran.error


def test_the_document_is_plain_json(zoo, shadowed):
    ran = zoo.json("report", "line=small", *QUICK)
    assert json.loads(json.dumps(ran.document, allow_nan=False)) == ran.document
