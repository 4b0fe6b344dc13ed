import re

import pytest

from tests.report.conftest import NASTY
from tests.report.reading import read_page
from zoo.report.line.figures import DARK
from zoo.report.line.page import GENERATOR, page_of
from zoo.report.line.report import FIGURES
from zoo.report.line.sections import SECTIONS


@pytest.fixture(scope="module")
def text(report):
    return page_of(report)


@pytest.fixture(scope="module")
def page(text):
    return read_page(text)


def test_every_section_and_every_figure_is_there(page):
    assert {section.name for section in SECTIONS} <= set(page.ids)
    assert set(page.json("charts")) == set(FIGURES)
    assert {value for _, name, value in page.attributes if name == "data-chart"} == set(FIGURES)


def test_nothing_is_asked_of_the_network(page, text):
    for tag, name, value in page.attributes:
        assert name not in ("src", "srcset", "action", "data-src"), (tag, name, value)
        assert name != "href" or value.startswith("#"), (tag, value)
    assert {tag for tag, *_ in page.attributes}.isdisjoint({"link", "iframe", "object", "embed", "base"})
    assert "url(" not in page.style
    assert "@import" not in page.style
    policy = next(v for _, name, v in page.attributes if name == "content" and "default-src" in v)
    assert "default-src 'none'" in policy
    assert text.index(policy.split(";")[0]) < text.index("<script")


def test_reasons_and_messages_cannot_become_markup(page):
    assert [name for name, _ in page.scripts] == ["charts", "dark", None, None]
    assert {tag for tag, *_ in page.attributes}.isdisjoint({"b", "img"})
    assert f"differs {NASTY}" in page.text
    assert f"“{NASTY}w" in page.text


def test_the_leaderboard_says_what_the_command_says(page, report):
    heading, *rows = page.tables["leaderboard"]
    assert heading[:4] == ["version", "rank", "evidence", "score"]
    assert len(rows) == len(report.rows)
    for row, told in zip(rows, report.rows, strict=True):
        assert row[1] == ("–" if told["rank"] is None else str(told["rank"]))


def test_who_is_not_comparable_has_no_rank_no_figure_and_a_reason(page, setting):
    late = next(row for row in page.tables["leaderboard"] if row[0].startswith("late"))
    heading = page.tables["leaderboard"][0]
    assert late[1] == "–"
    assert {late[heading.index(name)] for name in ("score", "net Sharpe", "rank IC", "turnover")} == {"–"}
    assert late[-1] == "not comparable: it was not shadowed"


def test_live_and_replayed_bars_are_told_apart(page, report, setting):
    rows = {row[0][:5]: row for row in page.tables["leaderboard"][1:]}
    days = next(row["days"] for row in report.rows if row["name"] == setting.world.first.version_id)
    assert days["live"] > 0
    assert days["replayed"] > 0
    assert rows["first"][2] == f"{days['live']} live{days['replayed']} replayed"
    assert "live" not in rows["third"][2]
    assert "All evidence is replayed" not in page.text


def test_the_lines_of_live_bars_are_solid_and_those_of_replayed_ones_dotted(page, setting):
    own = [
        trace
        for trace in page.json("charts")["equity"]["data"]
        if trace["legendgroup"] == setting.world.first.version_id
    ]
    assert [(trace["meta"], trace["line"]["dash"]) for trace in own] == [
        ("replayed", "2px,2px"),
        ("live", "solid"),
    ]
    assert own[0]["x"][-1] == own[1]["x"][0]
    assert own[1]["x"][1] > "2021-03-15"


def test_every_condition_of_the_gate_is_there_with_its_reason(page, report):
    said = " ".join(cell for row in page.tables["gate"] for cell in row)
    for candidate in report.findings.selection.candidates:
        for condition in candidate.decision.conditions:
            assert condition.reason in said.replace("−", "-"), condition
    assert "nan" not in said.lower()


def test_what_overrides_change_and_what_failed_is_there(page):
    assert "no overrides: as its experiment was run" in page.text
    assert "nothing is recorded of what was reproduced" in page.text
    assert page.tables["failures"][1][:5] == [
        "20260202T120000_000000Z-7",
        "broken",
        "3",
        "partial",
        "ReconstructionError",
    ]


def test_every_colour_has_a_dark_counterpart(page):
    colours = set(re.findall(r'"(#[0-9a-fA-F]{3,8})"', str(page.json("charts")).replace("'", '"')))
    assert colours
    assert colours <= set(DARK)
    swatches = {value for _, name, value in page.attributes if name == "data-color"}
    assert swatches <= set(DARK)


def test_a_page_says_that_it_is_a_report_s_at_its_top(text):
    assert GENERATOR in text[:1000]
    assert text.startswith("<!doctype html>")


def test_headings_say_by_what_the_rows_are_sorted(page):
    assert [value for tag, name, value in page.attributes if (tag, name) == ("th", "aria-sort")] == [
        "ascending"
    ]


def test_a_line_that_nobody_shadowed_has_a_page_that_says_so(empty):
    page = read_page(page_of(empty.report(runs=type(empty.findings().runs)())))
    assert page.json("charts") == {}
    assert "Nothing is compared: nobody was shadowed yet; run `python -m zoo shadow`" in page.text
    assert "1 version, none of them compared" in page.text
    assert "the line has none yet" in page.text
    assert "No gate was asked" in page.text or "no gate was asked" in page.text
    assert "No run is recorded below paths.outputs." in page.text
    assert "nan" not in page.text.lower()
    assert "leaderboard" not in page.tables
    assert "key" not in {value for _, name, value in page.attributes if name == "class"}


def test_all_bars_replayed_is_said_first(setting, monkeypatch):
    report = setting.report(judge=False)
    rows = [{**row, "days": {**row["days"], "live": 0}} for row in report.rows]
    object.__setattr__(report, "rows", tuple(rows))
    assert "All evidence is replayed" in read_page(page_of(report)).text
