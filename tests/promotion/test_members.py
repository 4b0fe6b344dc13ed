import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.promotion.conftest import EXPERIMENTS
from zoo.cohort import CohortSource
from zoo.errors import ExperimentCorrupt, ExperimentError
from zoo.experiment.directory import ExperimentDirectory
from zoo.promotion.members import _panel as panel
from zoo.promotion.members import _pareto, choose_members, likeness
from zoo.spec import Source, Top

MOMENTUM = str(EXPERIMENTS / "momentum")


def chosen(path=MOMENTUM, *, permutations=(), **cohort):
    return choose_members(Source(str(path), permutations, CohortSource(**cohort)))


def scores(column):
    return {n: row[column] for n, row in ExperimentDirectory(MOMENTUM).results.items()}


def test_ids_and_top_are_taken_as_a_source_gives_them():
    assert chosen(permutations=(19, 0, 7)).ids == (0, 7, 19)
    found = chosen(permutations=Top(3, "rank_ic"))
    assert found.ids == (0, 1, 2)
    assert found.chosen == "top 3 by selection_rank_ic, as logged"


def test_all_takes_every_permutation():
    assert chosen(select="all").ids == tuple(range(21))


def test_the_best_are_chosen_by_the_walk_forward_score_ties_by_the_lower_id():
    known = scores("selection_rank_ic")
    best = sorted(known, key=lambda n: (-known[n], n))[:9]
    assert chosen(select="top_n", count=9, by=("rank_ic",)).ids == tuple(sorted(best))


def test_a_score_may_be_one_of_validation_and_lower_may_be_better():
    known = scores("val_mse")
    found = chosen(select="top_n", count=2, by=("-val_mse",))
    assert found.ids == tuple(sorted(sorted(known, key=lambda n: (known[n], n))[:2]))
    assert found.chosen == "top_n 2 by -val_mse"


def test_the_front_is_of_those_that_nobody_beats():
    first, second = scores("selection_rank_ic"), scores("val_r2")
    known = {number: (first[number], second[number]) for number in first}
    found = chosen(select="pareto", by=("rank_ic", "val_r2")).ids
    for number, own in known.items():
        beaten = any(o != own and o[0] >= own[0] and o[1] >= own[1] for o in known.values())
        assert beaten == (number not in found)
    assert set(chosen(select="pareto", count=2, by=("rank_ic", "val_r2")).ids) <= set(found)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 30), st.tuples(*[st.integers(0, 4)] * 2), min_size=1, max_size=12))
def test_whatever_is_not_on_the_front_is_beaten_by_one_that_is(known):
    front = _pareto(None, known, None)
    assert front
    for number, own in known.items():
        beating = [n for n in front if known[n] != own and known[n][0] >= own[0] and known[n][1] >= own[1]]
        assert bool(beating) == (number not in front)


def test_the_diverse_are_the_best_and_whoever_ranks_least_like_it_of_the_better_half():
    known = scores("selection_rank_ic")
    better = sorted(known, key=lambda n: (-known[n], n))[:11]
    directory = ExperimentDirectory(MOMENTUM)
    panels = {n: panel(directory.round(n)) for n in better}
    alike = {n: likeness(panels[better[0]], panels[n]) for n in better[1:]}
    least = min(alike, key=lambda n: (alike[n], -known[n], n))
    assert alike[least] < 0.99
    assert chosen(select="diverse", count=2, by=("rank_ic",)).ids == tuple(sorted((better[0], least)))


def test_who_ranks_as_a_chosen_one_does_is_no_further_opinion():
    with pytest.raises(ExperimentError, match=r"diverse gives 2 permutations \(0, 14\), since of the better"):
        chosen(select="diverse", count=3, by=("rank_ic",))


def test_likeness_is_the_mean_rank_correlation_of_the_dates_that_both_predict():
    directory = ExperimentDirectory(MOMENTUM)
    a, b = panel(directory.round(0)), panel(directory.round(14))
    by_hand = []
    rows = [row for row in a.rows if row in b.rows]
    for row in rows:
        x, y = a.values[a.rows.index(row)], b.values[b.rows.index(row)]
        ranks = [np.argsort(np.argsort(side)) for side in (x, y)]
        by_hand.append(np.corrcoef(*ranks)[0, 1])
    assert likeness(a, b) == pytest.approx(np.mean(by_hand), abs=1e-12)


@pytest.mark.parametrize(("select", "by"), [("top_n", ("net_sharpe",)), ("diverse", ("turnover",))])
def test_choosing_by_a_test_metric_is_refused(select, by):
    with pytest.raises(ExperimentError, match="choosing by a test metric is refused"):
        chosen(select=select, count=2, by=by)
    with pytest.raises(ExperimentError, match="choosing by a test metric is refused"):
        chosen(select="pareto", by=("rank_ic", *by))


def test_a_score_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(ExperimentError, match=r"there is no such score; .*did you mean 'rank_ic'"):
        chosen(select="top_n", count=2, by=("rank_icc",))


def test_too_few_are_refused():
    with pytest.raises(ExperimentError, match=r"top_n gives 21 permutations .* at least 22 for a cohort"):
        chosen(select="top_n", count=22, by=("rank_ic",))


def test_a_permutation_without_a_finite_score_is_never_chosen(experiment_dir, monkeypatch):
    monkeypatch.setattr("zoo.promotion.members.check_row", lambda logged, where: None)
    set_score(experiment_dir, 1, "nan")
    assert chosen(experiment_dir, select="top_n", count=3, by=("rank_ic",)).ids == (0, 2, 3)


def test_a_score_that_was_edited_chooses_nobody(experiment_dir):
    set_score(experiment_dir, 1, "99.0")
    for select in ("top_n", "diverse"):
        with pytest.raises(ExperimentCorrupt, match="permutation 1 is not the one that was logged"):
            chosen(experiment_dir, select=select, count=2, by=("rank_ic",))


def set_score(path, number, value):
    rows = list(csv.DictReader((path / "results.csv").open()))
    rows[number]["selection_rank_ic"] = value
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
