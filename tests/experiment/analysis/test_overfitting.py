import math

import numpy as np
import pytest

from tests.experiment.analysis.writing import MANIFEST, Made, held_out
from zoo.errors import ExperimentCorrupt
from zoo.experiment.analysis import overfitting, overfitting_logits
from zoo.experiment.analysis.overfitting import COLUMNS
from zoo.metrics import probability_of_overfitting

DAYS = 160


def noise(trials, days=DAYS, seed=1):
    return np.random.default_rng(seed).normal(0, 0.01, (days, trials))


def rounds_of(returns, **more):
    return [
        Made({"alpha": n}, {"mse": 1.0}, {"held_out": held_out(column, **more)})
        for n, column in enumerate(returns.T)
    ]


def test_it_is_the_metric_over_all_rounds(write):
    returns = noise(6)
    path = write(rounds_of(returns))
    found = overfitting(path).iloc[0]
    assert tuple(overfitting(path).columns) == COLUMNS
    assert found["probability"] == probability_of_overfitting(returns).probability
    assert (found["trials"], found["distinct"], found["splits"], found["bars"]) == (6, 6, 12870, DAYS)
    assert (found["first"], found["failed"], found["incomplete"]) == ("2013-01-01T00:00:00", 0, 0)


def test_four_blocks_by_hand(write):
    # the first trial earns in the first half, the second in the second: the best is always the worst later
    up, down = np.tile([0.02, 0.01], 8), np.tile([-0.02, -0.01], 8)
    returns = np.column_stack([np.concatenate([up, down]), np.concatenate([down, up])])
    path = write(rounds_of(returns))
    found = overfitting(path, blocks=2).iloc[0]
    assert (found["probability"], found["splits"]) == (1.0, 2)
    logits = overfitting_logits(path, blocks=2)
    # last of two: relative rank 1 / 3
    assert logits["logit"].tolist() == pytest.approx([math.log(0.5)])
    assert logits["splits"].tolist() == [2]


def test_the_logits_add_up_to_the_probability(write):
    path = write(rounds_of(noise(5)))
    logits = overfitting_logits(path)
    assert logits["splits"].sum() == 12870
    assert logits["logit"].is_monotonic_increasing
    below = logits.loc[logits["logit"] <= 0, "splits"].sum()
    assert below / 12870 == pytest.approx(overfitting(path)["probability"][0])


def test_clones_are_counted(write):
    returns = noise(2)[:, [0, 0, 1, 0]]
    found = overfitting(write(rounds_of(returns))).iloc[0]
    assert (found["trials"], found["distinct"]) == (4, 2)


def test_nobody_is_left_out_in_silence(write):
    returns = noise(5)
    returns[30:, 2] = np.nan  # ruined on day 30
    rounds = [*rounds_of(returns), Made({"alpha": 5}, {"mse": 1.0})]
    rounds.append(Made({"alpha": 6}, {"mse": 1.0}, {"held_out": held_out(noise(1)[:, 0], "1999-01-01")}))
    failed = [(3, {"alpha": 9}, "ValueError", "no")]
    found = overfitting(write(rounds, failed=failed)).iloc[0]
    assert found["trials"] == 4
    assert (found["failed"], found["failed_ids"]) == (1, [3])
    assert (found["incomplete"], found["incomplete_ids"]) == (1, [2])
    assert (found["not_recorded"], found["not_recorded_ids"]) == (1, [6])
    assert (found["other_window"], found["other_window_ids"]) == (1, [7])
    kept = noise(5)[:, [0, 1, 3, 4]]
    assert found["probability"] == probability_of_overfitting(kept).probability


def test_windows_that_end_together_are_compared_on_the_bars_they_share(write):
    whole = noise(4)
    dates = {0: "2013-01-01", 10: "2013-01-15"}
    rounds = [
        Made({"alpha": n}, {"mse": 1.0}, {"held_out": held_out(whole[start:, n], dates[start])})
        for n, start in enumerate([0, 0, 0, 10])
    ]
    found = overfitting(write(rounds)).iloc[0]
    assert (found["trials"], found["bars"], found["other_window"]) == (4, DAYS - 10, 0)
    assert found["first"] == "2013-01-15T00:00:00"
    assert found["probability"] == probability_of_overfitting(whole[10:]).probability


def test_windows_that_begin_together_are_compared_on_the_bars_they_share(write):
    whole = noise(3)
    lengths = [DAYS, DAYS - 5, DAYS - 9]
    rounds = [
        Made({"horizon": n}, {"mse": 1.0}, {"held_out": held_out(whole[:end, n])})
        for n, end in enumerate(lengths)
    ]
    found = overfitting(write(rounds)).iloc[0]
    assert (found["trials"], found["bars"]) == (3, DAYS - 9)
    assert found["probability"] == probability_of_overfitting(whole[: DAYS - 9]).probability


def test_a_stub_does_not_cut_the_others(write):
    whole = noise(3)
    rounds = rounds_of(whole)
    rounds.append(Made({"alpha": 9}, {"mse": 1.0}, {"held_out": held_out(whole[:20, 0])}))
    found = overfitting(write(rounds)).iloc[0]
    assert (found["trials"], found["bars"], found["other_window_ids"]) == (3, DAYS, [3])


@pytest.mark.parametrize("part", ["bars", "selector", "data"])
def test_bars_that_a_parameter_forms_are_not_taken_for_one_another(write, part):
    whole = noise(4)
    rounds = rounds_of(whole[:, :3])
    rounds.append(Made({"alpha": 9}, {"mse": 1.0}, {"held_out": held_out(whole[10:, 3], "2013-01-15")}))
    manifest = {**MANIFEST, part: {"_target_": "zoo.data.sp500", "every": "${params.alpha}"}}
    found = overfitting(write(rounds, manifest=manifest)).iloc[0]
    assert (found["trials"], found["other_window_ids"]) == (3, [3])


def test_another_calendar_of_the_same_length_is_another_window(write):
    rounds = rounds_of(noise(3))
    rounds.append(Made({"alpha": 9}, {"mse": 1.0}, {"held_out": held_out(noise(1)[:, 0], calendar="x" * 64)}))
    assert overfitting(write(rounds)).iloc[0]["other_window_ids"] == [3]


@pytest.mark.parametrize("count", [1, 2])
def test_few_rounds_or_few_days_have_no_probability_and_do_not_fail(write, count):
    found = overfitting(write(rounds_of(noise(count, 20)))).iloc[0]
    assert math.isnan(found["probability"])
    assert (found["trials"], found["splits"]) == (count, 0)
    assert overfitting_logits(write(rounds_of(noise(count, 20)), "again")).empty


def test_all_ruined_is_no_probability_but_is_said(write):
    returns = noise(2)
    returns[0] = np.nan
    found = overfitting(write(rounds_of(returns))).iloc[0]
    assert math.isnan(found["probability"])
    assert (found["trials"], found["incomplete_ids"]) == (0, [0, 1])


def test_a_table_has_none(write):
    path = write([Made({"alpha": 1}, {"r2": 0.5})])
    assert overfitting(path).empty
    assert overfitting_logits(path).empty


def test_a_wrong_number_of_bars_is_corrupt(write):
    made = Made({"alpha": 1}, {"mse": 0.5}, {"held_out": {**held_out([0.1, 0.2]), "bars": 3}})
    with pytest.raises(ExperimentCorrupt, match="has not as many returns as bars"):
        overfitting(write([made]))
