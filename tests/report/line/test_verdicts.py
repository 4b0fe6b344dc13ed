import dataclasses

import pytest

from tests.report.reading import read_page
from zoo.report.line import Missing
from zoo.report.line.verdicts import verdict_frame, verdicts_body, winner_of


@pytest.fixture
def selection(report):
    return report.findings.selection


def test_the_frame_has_a_row_a_condition_with_figure_bar_and_reason(selection):
    frame = verdict_frame(selection)
    assert len(frame) == sum(len(one.decision.conditions) for one in selection.candidates)
    assert set(frame["version_id"]) == {one.version_id for one in selection.candidates}
    soak = frame[frame["condition"] == "soak"]
    assert (soak["passed"] == (soak["figure"] >= soak["bar"])).all()
    assert verdict_frame(Missing("nobody")).empty


def test_failures_come_first_and_the_fold_names_them(selection):
    page = read_page(f'<section id="s">{verdicts_body(selection)}</section>')
    first = selection.candidates[0].decision
    verdicts = [row[1] for row in page.tables["s"][1 : 1 + len(first.conditions)]]
    assert verdicts == sorted(verdicts)
    assert ", ".join(one.name for one in first.failures) in page.text


def test_who_passes_is_named_and_nobody_is_nobody(selection):
    asked = len(selection.candidates)
    assert winner_of(selection) == ("nobody", f"passes gate=superior, of {asked} that asked")
    won = dataclasses.replace(selection, winner="second")
    assert winner_of(won) == ("second", "passes gate=superior and ranks first")
    assert winner_of(Missing("nobody asks")) == ("not asked", "nobody asks")


def test_who_passes_all_and_loses_is_told_to_whom(selection):
    one = selection.candidates[0]
    passed = tuple(dataclasses.replace(asked, passed=True) for asked in one.decision.conditions)
    decision = dataclasses.replace(one.decision, conditions=passed)
    second = dataclasses.replace(one, decision=decision, lost=("it passes, and another ranks higher",))
    body = verdicts_body(dataclasses.replace(selection, candidates=(second,), winner="another"))
    page = read_page(f'<section id="s">{body}</section>')
    assert "it passes, and another ranks higher" in page.text
    assert {row[1] for row in page.tables["s"][1:]} == {"passes"}
