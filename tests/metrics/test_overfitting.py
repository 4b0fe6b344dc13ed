"""PBO: a naive count, noise, skill, and trials that are no trials."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import rankdata

from zoo.metrics import probability_of_overfitting


def naive(table, blocks):
    """Count, split by split, how the best of one half ranks in the other."""
    parts, logits = np.split(table, blocks), []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[i] for i in chosen])
        outside = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        one, other = (half.mean(axis=0) / half.std(axis=0, ddof=1) for half in (inside, outside))
        rank = rankdata(other)[np.argmax(one)] / (table.shape[1] + 1)
        logits.append(math.log(rank / (1 - rank)))
    return np.array(logits)


@pytest.mark.parametrize(("blocks", "trials"), [(2, 5), (6, 2), (8, 12), (10, 30)])
def test_it_agrees_with_a_naive_count(blocks, trials):
    table = np.random.default_rng(blocks).standard_t(4, (blocks * 13, trials)) + 0.1
    found, logits = probability_of_overfitting(table, blocks=blocks), naive(table, blocks)
    assert found.logits == pytest.approx(logits, rel=1e-9)
    assert found.probability == np.mean(logits <= 0)
    assert (found.trials, found.failed) == (trials, 0)


def test_sixteen_blocks_are_12870_splits():
    assert len(probability_of_overfitting(np.random.default_rng(1).normal(size=(160, 3))).logits) == 12870


def test_chunks_of_splits_are_put_together_in_order(monkeypatch):
    table = np.random.default_rng(2).normal(size=(80, 7))
    whole = probability_of_overfitting(table, blocks=8)
    monkeypatch.setattr("zoo.metrics.overfitting._CHUNK", 30)
    assert np.array_equal(probability_of_overfitting(table, blocks=8).logits, whole.logits)


def test_the_first_rows_that_fill_no_block_are_left_out():
    table = np.random.default_rng(3).normal(size=(83, 6))
    whole, last = (probability_of_overfitting(part, blocks=8) for part in (table, table[3:]))
    assert np.array_equal(whole.logits, last.logits)


def test_noise_is_about_a_half_on_average_and_anything_in_one_zoo():
    rng = np.random.default_rng(4)
    found = [
        probability_of_overfitting(rng.normal(size=(250, 20)), blocks=10).probability for _ in range(400)
    ]
    assert 0.45 <= np.mean(found) <= 0.55
    assert np.quantile(found, 0.05) < 0.25
    assert np.quantile(found, 0.95) > 0.7


def test_skill_is_chosen_in_both_halves():
    table = np.random.default_rng(5).normal(size=(400, 10))
    table[:, 3] += 0.5
    assert probability_of_overfitting(table, blocks=8).probability == 0


def test_choosing_what_reverts_is_overfitting():
    rng = np.random.default_rng(6)
    table = rng.normal(size=(4, 50, 10)) * 0.01
    table += rng.permuted(np.tile([-1.0, -0.5, 0.5, 1.0], (10, 1)), axis=1).T[:, None, :]  # sums to nothing
    assert probability_of_overfitting(table.reshape(200, 10), blocks=4).probability > 0.9


def test_clones_tie():
    table = np.repeat(np.random.default_rng(7).normal(size=(160, 1)), 500, axis=1)
    found = probability_of_overfitting(table, blocks=8)
    assert found.logits == pytest.approx(np.zeros(70), abs=1e-12)


def test_failed_trials_are_counted_and_left_out():
    table = np.random.default_rng(8).normal(size=(80, 6))
    broken = np.insert(table, [0, 4], np.nan, axis=1)
    found = probability_of_overfitting(broken, blocks=8)
    assert (found.trials, found.failed) == (6, 2)
    assert np.array_equal(found.logits, probability_of_overfitting(table, blocks=8).logits)


def test_a_trial_that_never_traded_has_a_ratio_of_nothing():
    table = np.random.default_rng(9).normal(size=(80, 3)) - 5.0
    flat = np.hstack([table, np.zeros((80, 1))])
    assert probability_of_overfitting(flat, blocks=8).probability == 0  # nothing beats losing, twice


def test_there_is_no_probability_of_a_hole_or_of_one_trial_or_of_too_few_rows():
    table = np.random.default_rng(10).normal(size=(80, 4))
    holed, endless = table.copy(), table.copy()
    holed[5, 2], endless[5, 2] = np.nan, np.inf
    bad = (holed, endless, table[:, :1], table[:15], table[:0], table[:, :0], np.full((80, 4), np.nan))
    for other in bad:
        found = probability_of_overfitting(other, blocks=8)
        assert math.isnan(found.probability)
        assert len(found.logits) == 0


@pytest.mark.parametrize("blocks", [0, 1, 7, -2, True, 8.0, None])
def test_blocks_are_even(blocks):
    with pytest.raises(ValueError, match=r"blocks is .*; expected an even number"):
        probability_of_overfitting(np.zeros((80, 2)), blocks=blocks)


def test_a_series_is_no_zoo():
    with pytest.raises(ValueError, match="expected periods × trials"):
        probability_of_overfitting(np.zeros(80))
