import math

import pytest

from tests.evaluation import small
from tests.report.reading import read_page
from zoo.evaluation.rows import FIGURES
from zoo.report.line.board import board_table, evidence_pills, version_name


def read(rows):
    return read_page(f'<section id="s">{board_table(rows)}</section>')


def test_each_row_sorts_by_its_full_figures(report):
    page = read(report.rows)
    values = [value for tag, name, value in page.attributes if tag == "td" and name == "data-v"]
    for row in report.rows:
        for name in set(FIGURES) - {"volatility"}:
            figure = row[name]
            if figure is not None and math.isfinite(figure["value"]):
                assert repr(float(figure["value"])) in values, (row["name"], name)
    assert "nan" not in values


def test_the_champion_stands_out_and_its_refit_does_not(report):
    page = read(report.rows)
    assert [value for tag, name, value in page.attributes if (tag, name) == ("tr", "class")] == ["best"]


def test_a_figure_that_is_not_known_is_a_dash_and_has_nothing_to_sort_by(report):
    row = {
        **report.rows[0],
        "net_sharpe": {"value": math.nan, "se": math.nan, "min": math.nan, "max": math.nan},
    }
    row["correlation"] = None
    page = read([row])
    heading, cells = page.tables["s"]
    assert cells[heading.index("net Sharpe")] == cells[heading.index("phases")] == "–"
    assert cells[heading.index("correlation")] == "–"


def test_baselines_are_named_as_a_reader_knows_them(report):
    names = [row[0] for row in read(report.rows).tables["s"][1:]]
    assert [name for name in names if "baseline" in name] == [
        "champion refittedbaseline trained until 2020-12-31",
        "12-1 momentumbaseline ",
        "doing nothingbaseline ",
        "permuted scoresbaseline ",
    ]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"live": 0, "replayed": 0}, "–"),
        ({"live": 3, "replayed": 0}, "3 live"),
        ({"live": 0, "replayed": 1_200, "held_out": 7}, "1,200 replayed7 held-out"),
    ],
)
def test_kinds_of_evidence_are_told_apart_and_none_of_nothing_is(days, said):
    page = read_page(f'<section id="s">{evidence_pills(days)}</section>')
    assert "".join(page.texts) == said


def test_an_id_is_escaped_and_may_break_where_its_parts_meet():
    assert version_name("a-1<b") == "a-<wbr>1&lt;b"


def test_an_empty_board_is_a_table_without_rows():
    assert len(read([]).tables["s"]) == 1


def test_a_policy_that_holds_nothing_short_says_what_its_returns_are(setting):
    from zoo.report.line.headline import notices_of

    report = setting.report(judge=False, policy=small.LONG_ONLY)
    assert "all returns are those over equal weight" in notices_of(report)
    assert "equal_weight" in {track.name for track in report.tracks}
