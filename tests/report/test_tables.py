import pytest

from tests.report.reading import read_page
from zoo.report.tables import MOST, Column, facts_of, is_detail, minus, table_of

COLUMNS = [
    Column("id", lambda row: str(row["id"]), "id"),
    Column("kind", lambda row: str(row["kind"])),
    Column("net", lambda row: f"{row['net']} ± 1", "net", "a hint", True),
]


def read(html):
    return read_page(f'<section id="s">{html}</section>')


def test_a_table_is_headings_and_rows():
    page = read(table_of(COLUMNS, [{"id": 3, "kind": "a", "net": -0.5}], marked=3))
    assert page.tables["s"] == [["id", "kind", "nettest"], ["3", "a", "−0.5 ± 1"]]
    assert ("tr", "class", "best") in page.attributes
    assert ("td", "data-v", "-0.5") in page.attributes


def test_what_is_no_number_has_nothing_to_sort_by():
    page = read(table_of(COLUMNS, [{"id": 3, "kind": "a", "net": float("nan")}]))
    assert [value for tag, name, value in page.attributes if name == "data-v"] == ["3.0"]


def test_names_cannot_become_markup():
    page = read(table_of(COLUMNS, [{"id": 1, "kind": "<b onclick='x'>&amp;", "net": 1}]))
    assert page.tables["s"][1][1] == "<b onclick='x'>&amp;"
    assert "b" not in {tag for tag, *_ in page.attributes}
    assert read(facts_of([("<i>", "</dl>")])).text.split() == ["<i>", "</dl>"]


def test_a_long_table_says_how_much_is_missing():
    rows = [{"id": n, "kind": "a", "net": 1} for n in range(MOST + 2)]
    page = read(table_of(COLUMNS, rows))
    assert len(page.tables["s"]) == MOST + 1
    assert "2 more rows" in page.text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-0.5 ± 0.1", "−0.5 ± 0.1"),
        ("[-1, -0.5]", "[−1, −0.5]"),
        ("2013-01-02", "2013-01-02"),
        ("1e-05", "1e-05"),
    ],
)
def test_only_numbers_get_a_minus(text, written):
    assert minus(text) == written


def test_errors_counts_and_spreads_are_details():
    assert [is_detail(name) for name in ("rank_ic_se", "val_n_obs", "net_sharpe_min", "rank_ic")] == [
        1,
        1,
        1,
        0,
    ]
