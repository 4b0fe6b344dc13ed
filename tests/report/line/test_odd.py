"""What a line can look like that nobody wishes for: the page is written, and claims nothing."""

import json

import pytest

from tests.evaluation import small
from tests.report.reading import numbers, read_page
from zoo.report.line.page import page_of


def read(report):
    """Return the page, on which no number is none."""
    page = read_page(page_of(report))
    assert all(value == value for value in numbers(page.json("charts")))
    assert "nan" not in page.text.replace("with NaN after", "").lower()  # which is advice
    drawn = {value for _, name, value in page.attributes if name == "data-chart"}
    assert drawn == set(page.json("charts"))
    json.dumps(report.summary(), allow_nan=False)
    return page


def test_without_a_champion_nothing_is_compared_with_one(empty):
    empty.world.shadow()
    page = read(empty.report())
    assert "the line has no champion: nothing is compared with one" in page.text
    assert "the line has none yet" in page.text
    assert "gate=first is for that" in page.text
    assert set(page.json("charts")) >= {"equity", "drawdown"}


def test_a_champion_that_was_never_shadowed_is_named(empty):
    world = empty.world
    world.shadow()
    late = world.register("late", ("trend", {"window": 20}), number=1, champion=True)
    page = read(empty.report())
    assert f"the champion, {late.version_id}, was not shadowed" in page.text
    late_row = next(row for row in page.tables["leaderboard"] if row[0].startswith("late"))
    assert late_row[1] == "–"
    assert {trace["legendgroup"] for trace in page.json("charts")["equity"]["data"]}.isdisjoint(
        {late.version_id}
    )


@pytest.mark.parametrize("until", ["2020-12-31", "2021-01-01", "2021-01-06"])
def test_a_record_of_a_few_bars_has_a_page_that_says_what_cannot_be_drawn(empty, until):
    empty.world.shadow(until=until)
    report = empty.report()
    page = read(report)
    assert "rank_ic" in report.missing
    assert "No bar has so many bars with a rank IC before it." in page.text


def test_a_line_whose_versions_say_the_same_of_all_has_no_rank_and_no_slope(empty):
    world = empty.world
    world.registry.retire(world.registry.versions()[0].version_id, reason="a test")
    flat = world.register("flat", "level", number=1, champion=True)
    world.shadow()
    page = read(empty.report())
    row = next(row for row in page.tables["leaderboard"] if row[0].startswith("flat"))
    assert row[1] == "–"
    assert row[-1] == "no score: all its predictions are equal"
    assert "nobody has a rank; each row says why" in page.text
    assert flat.version_id not in {
        trace["legendgroup"] for trace in page.json("charts").get("rank_ic", {"data": []})["data"]
    }


def test_a_record_that_was_edited_is_named_and_not_drawn(empty):
    world = empty.world
    second = world.register("second", ("trend", {"window": 20}), number=1)
    world.shadow()
    file = next(world.record(second).path.glob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    page = read(empty.report())
    row = next(row for row in page.tables["leaderboard"] if row[0].startswith("second"))
    assert row[1] == "–"
    assert "the file was edited" in row[-1]


def test_an_asset_that_vanished_from_the_data_is_named(empty, monkeypatch):
    world = empty.world
    world.shadow()
    left = small.STATE["data"]
    close = left.close.drop(columns="A03")
    monkeypatch.setitem(small.STATE, "data", type(left)({"close": close}, name="small"))
    page = read(empty.report(judge=False))
    assert "A03" in page.text
    assert "which the data does not have any more" in page.text
