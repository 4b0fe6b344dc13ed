import re
from pathlib import Path

import pytest

from tests.experiment.analysis.odd import ODD
from tests.experiment.analysis.writing import Made, write_experiment, write_foreign
from tests.report.conftest import NASTY
from tests.report.reading import numbers, read_page
from zoo.experiment.analysis import analyse
from zoo.report.figures import DARK, FIGURES
from zoo.report.page import GENERATOR, page_of
from zoo.report.sections import SECTIONS
from zoo.report.text import number

SEEDED = Path(__file__).parents[2] / "outputs" / "experiments"


@pytest.fixture(scope="module")
def text(full_analysis):
    return page_of(full_analysis)


@pytest.fixture(scope="module")
def page(text):
    return read_page(text)


def test_every_section_and_every_chart_is_there(page):
    assert {section.table for section in SECTIONS} <= set(page.ids)
    assert set(page.json("charts")) == set(FIGURES)
    drawn = {value for _, name, value in page.attributes if name == "data-chart"}
    assert drawn == set(FIGURES)


def test_nothing_is_asked_of_the_network(page, text):
    for tag, name, value in page.attributes:
        assert name not in ("src", "srcset", "action", "data-src"), (tag, name, value)
        assert name != "href" or value.startswith("#"), (tag, value)
    assert tag_names(page).isdisjoint({"link", "iframe", "object", "embed", "base"})
    assert "url(" not in page.style
    assert "@import" not in page.style
    policy = next(v for _, name, v in page.attributes if name == "content" and "default-src" in v)
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert text.index(policy.split(";")[0]) < text.index("<script")  # the policy comes before what it governs


def tag_names(page):
    return {tag for tag, *_ in page.attributes}


def test_names_cannot_become_markup(page):
    assert [name for name, _ in page.scripts] == ["charts", "dark", None, None]
    assert "b" not in tag_names(page)
    assert NASTY in page.text
    assert any(NASTY in row for row in page.tables["net"])


def test_the_tables_say_what_the_frames_say(page, full_analysis):
    net = full_analysis.best_first("net")
    heading, *rows = page.tables["net"]
    assert heading[:5] == ["id", "alpha", "scaler", "selection_rank_ic", "Sharpetest"]
    assert [int(row[0]) for row in rows] == net["id"].tolist()
    for row, sharpe in zip(rows, net["net_sharpe"], strict=True):
        assert row[4] == f"{number(sharpe, 2)} ± 0.40".replace("-", "−")
    assert {row[heading.index("mean %test")] for row in rows} == {"3.2 ± 10.0"}
    confusion = full_analysis.best_first("confusion")
    shown = page.tables["confusion"]
    assert [int(row[shown[0].index("TN")]) for row in shown[1:]] == confusion["true_negatives"].tolist()
    metrics = {row[0]: row for row in page.tables["distributions"]}
    assert metrics["selection_rank_ic"][2:4] == ["11", "1"]


def test_each_year_of_each_permutation_is_there(page, full_analysis):
    heading, *rows = page.tables["quality"]
    assert heading == ["id", "2013", "2014"]
    assert len(rows) == 12
    first = full_analysis.tables["quality"].query(f"id == {full_analysis.best} and period == '2013'").iloc[0]
    wanted = f"{number(first['rank_ic'], 3)} ± {number(first['rank_ic_se'], 3)} · 11"
    assert rows[0][1] == wanted.replace("-", "−")


def test_who_failed_and_who_is_not_compared_is_said(page):
    assert page.tables["failed"][1][0] == "1"
    assert page.tables["failed"][1][2:] == ["ValueError", f"alpha {NASTY}"]
    assert "2 failed (1, 8); 1 with missing returns (6)" in page.text
    assert "no finite selection_rank_ic: 6" in page.text


def test_what_was_run_is_said(page, full_analysis):
    for wanted in (
        "full",
        "seed 7",
        "2026-01-02, 03:04 UTC",
        "d" * 64,
        "c" * 64,
        "forward_days 21",
        "2 failed",
    ):
        assert wanted in page.text, wanted
    assert str(full_analysis.record.path) in page.text


def test_every_colour_has_a_dark_counterpart(text, page):
    colours = set(re.findall(r'"(#[0-9a-fA-F]{3,8})"', str(page.json("charts")).replace("'", '"')))
    assert colours <= set(DARK)
    assert page.json("dark") == dict(DARK)
    assert "prefers-color-scheme: dark" in page.style


def test_charts_hold_no_nan(page):
    assert all(value == value for chart in page.json("charts").values() for value in numbers(chart))


def test_a_page_says_that_it_is_ours_at_its_top(text):
    assert GENERATOR in text[:1000]
    assert text.startswith("<!doctype html>")


@pytest.mark.parametrize("name", sorted(path.name for path in SEEDED.iterdir() if path.is_dir()))
def test_every_seeded_experiment_has_a_page(name):
    analysis = analyse(SEEDED / name, resamples=100)
    page = read_page(page_of(analysis))
    for table, frame in analysis.tables.items():
        if table in {section.table for section in SECTIONS}:
            assert (table in page.ids) == (not frame.empty), table
    if name == "diabetes":
        assert "not recorded: no net returns are recorded" in page.text
        assert set(page.json("charts")) == {"score", "distributions"}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_experiment_has_a_page(tmp_path, name):
    page = read_page(page_of(analyse(write_experiment(tmp_path / name, ODD[name]), resamples=50)))
    assert page.text.count("nan") == 0
    drawn = {value for _, name, value in page.attributes if name == "data-chart"}
    assert drawn == set(page.json("charts"))


@pytest.mark.parametrize("count", [1, 2])
def test_few_rounds_have_a_page(write_small, count):
    page = read_page(page_of(analyse(write_small(count))))
    assert f"{count} scored round" in page.text


@pytest.fixture
def write_small(tmp_path, full_rounds):
    return lambda count: write_experiment(tmp_path / "small", full_rounds[:count])


@pytest.fixture
def full_rounds():
    import numpy as np

    from tests.report.conftest import made

    rng = np.random.default_rng(4)
    return [made(number, rng) for number in range(3)]


def test_another_library_s_directory_has_a_page(tmp_path):
    rounds = [Made({"roc": n % 3}, {"pnl": float(n)}) for n in range(6)]
    path = write_foreign(tmp_path / "theirs", rounds, {"fingerprints": {"data": {"rows": "many"}}})
    page = read_page(page_of(analyse(path)))
    assert "failures not recorded" in page.text
    assert page.tables["distributions"][1][:3] == ["pnl", "not recorded", "6"]
    marked = read_page(page_of(analyse(path, by="pnl")))
    assert "does not say on which part pnl was measured" in marked.text


def test_a_test_metric_is_marked_where_it_ranks(full):
    page = read_page(page_of(analyse(full, by="test_rank_ic", resamples=100)))
    assert "rank_ic is a metric of the test part: it explains, and must choose nothing" in page.text
    assert "rank_ictest" in page.tables["net"][0]
