"""One test of a whole ledger: its size, its power, and what nobody gains by."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.evaluation import skill_test
from zoo.evaluation.skill import clear_loss


def noise(bars, trials, seed=0, common=0.5):
    rng = np.random.default_rng(seed)
    return 0.01 * (rng.normal(size=(bars, trials)) + common * rng.normal(size=(bars, 1)))


def test_noise_is_called_skilled_in_about_one_ledger_of_twenty():
    ledgers = 120
    calls = 0
    for seed in range(ledgers):
        found = skill_test([noise(252, 10, seed)], draws=150, seed=seed)
        calls += any(found.passes(trial) for trial in range(10))
    assert 1 <= calls <= 15  # 6 expected; both tails of a binomial of 5% at one in a thousand


def test_an_edge_is_found_and_only_that():
    returns = noise(1_260, 20)
    returns[:, 7] += 0.0014
    found = skill_test([returns])
    assert [found.passes(trial) for trial in range(20)].count(True) == 1
    assert found.passes(7)
    assert found.adjusted[0][7] <= 0.05 < np.delete(found.adjusted[0], 7).min()


def test_the_bar_for_independent_trials_is_that_of_as_many_normals():
    from scipy.stats import norm

    found = skill_test([noise(1_000, 20, common=0.0)], draws=4_000)
    assert found.critical == pytest.approx(norm.ppf(0.95 ** (1 / 20)), abs=0.12)


def test_two_thousand_clones_change_nothing():
    returns = noise(300, 5)
    clones = np.hstack([returns, np.repeat(returns[:, :1], 2_000, axis=1)])
    alone, among = skill_test([returns], draws=300), skill_test([clones], draws=300)
    assert among.blocks == alone.blocks
    assert among.trials == 2_005
    assert among.critical == pytest.approx(alone.critical, abs=1e-9)
    np.testing.assert_allclose(among.t[0][5:], among.t[0][0])
    assert among.t[0][0] == pytest.approx(alone.t[0][0])


def test_near_duplicates_hardly_raise_the_bar_and_others_do():
    rng = np.random.default_rng(3)
    returns = noise(300, 5, common=0.0)
    near = returns[:, :1] + 0.0005 * rng.normal(size=(300, 500))
    far = 0.01 * rng.normal(size=(300, 500))
    bars = [skill_test([np.hstack([returns, more])], draws=400).critical for more in (near, far)]
    alone = skill_test([returns], draws=400).critical
    assert bars[0] < alone + 0.35 < alone + 0.8 < bars[1]


def test_a_clone_in_a_set_of_its_own_only_raises_the_bar():
    returns = noise(300, 5)
    returns[:, 0] += 0.001
    alone = skill_test([returns])
    again = skill_test([returns] + [returns[:, :1]] * 8)
    assert again.critical > alone.critical
    assert again.adjusted[0][0] >= alone.adjusted[0][0]


def test_trials_that_failed_cannot_win_and_raise_the_bar():
    returns = noise(500, 10)
    broken = np.full((500, 990), np.nan)
    few, many = skill_test([returns]), skill_test([returns], trials=1_000)
    as_columns = skill_test([np.hstack([returns, broken])])
    assert many.critical > few.critical + 0.5
    assert as_columns.critical == many.critical
    assert (few.unable, many.unable, as_columns.unable) == (0, 990, 990)
    assert np.isnan(as_columns.t[0][10:]).all()
    assert not any(as_columns.passes(trial) for trial in range(10, 1_000))


def test_choosing_the_best_on_the_test_part_does_not_help():
    hidden = honest = 0
    for seed in range(40):
        returns = noise(252, 40, seed)
        best = returns[:, [int(np.argmax(returns.mean(axis=0)))]]
        hidden += skill_test([best], draws=150, seed=seed).passes(0)
        honest += skill_test([best], trials=40, draws=150, seed=seed).passes(0)
    assert hidden > 20  # as if it were the only trial ever made
    assert honest <= 7  # 2 expected; one in a thousand is above


def test_leaving_losers_out_of_the_table_does_not_lower_the_bar():
    returns = noise(500, 40)
    order = np.argsort(returns.mean(axis=0))
    whole = skill_test([returns])
    pruned = skill_test([returns[:, order[20:]]], trials=40)
    assert pruned.critical > whole.critical - 0.1  # what was hidden counts as independent: no lower


@pytest.mark.parametrize(
    "column",
    [
        np.full(100, np.nan),
        np.full(100, 0.01),
        np.zeros(100),
        np.r_[np.full(99, 0.01), np.nan],
        np.r_[np.nan, 0.01 + 0.001 * np.arange(99)],
        np.r_[0.01 + 0.001 * np.arange(99), np.inf],
    ],
    ids=["nan", "constant", "zero", "nan at the end", "nan at the start", "infinite"],
)
def test_a_trial_without_a_full_record_never_wins(column):
    found = skill_test([np.column_stack([column, noise(100, 1)[:, 0]])])
    assert not found.passes(0)
    assert math.isnan(found.t[0][0])
    assert math.isnan(found.adjusted[0][0])
    assert found.unable == 1


@pytest.mark.parametrize("bars", [0, 1, 2, 29])
def test_too_few_bars_are_unknown_however_good(bars):
    found = skill_test([0.05 + noise(bars, 3)])
    assert not any(found.passes(trial) for trial in range(3))
    assert found.unable == 3


def test_sets_share_one_bar():
    found = skill_test([noise(300, 10, 1), noise(700, 10, 2), np.empty((0, 2))])
    one = skill_test([noise(300, 10, 1)])
    assert [len(t) for t in found.t] == [10, 10, 2]
    assert found.critical > one.critical
    assert (found.trials, found.unable) == (22, 2)


def test_an_empty_ledger_has_no_skill():
    found = skill_test([])
    assert (found.trials, found.t, found.adjusted) == (0, (), ())


def test_equal_seeds_give_equal_tests_and_the_order_of_trials_does_not_matter():
    returns = noise(300, 6)
    first, second = skill_test([returns]), skill_test([returns])
    assert first.critical == second.critical
    np.testing.assert_array_equal(first.adjusted[0], second.adjusted[0])
    turned = skill_test([returns[:, ::-1]])
    np.testing.assert_allclose(turned.t[0][::-1], first.t[0])
    assert turned.critical == pytest.approx(first.critical)


def test_the_unit_of_returns_does_not_matter():
    returns = noise(300, 6)
    np.testing.assert_allclose(skill_test([returns * 1e-9]).t[0], skill_test([returns]).t[0], rtol=1e-6)


def test_a_count_below_the_columns_and_what_is_no_table_are_refused():
    with pytest.raises(DataError, match="5 trials; expected at least the 6"):
        skill_test([noise(100, 6)], trials=5)
    with pytest.raises(DataError, match="expected bars × series"):
        skill_test([np.zeros(5)])
    with pytest.raises(DataError, match="size is 1"):
        skill_test([noise(100, 6)], size=1.0)


def losing(returns, t):
    """The same returns with a mean that has exactly this t."""
    centred = returns - returns.mean(axis=0)
    return centred + t * centred.std(axis=0, ddof=1) / np.sqrt(len(returns))


def test_trials_that_clearly_lose_raise_no_bar():
    returns = noise(1_260, 5, common=0.0)
    losers = losing(noise(1_260, 500, seed=1, common=0.0), -5.0)
    alone, among = skill_test([returns]), skill_test([np.hstack([returns, losers])])
    assert among.trials == 505
    assert (alone.aside, among.aside) == (0, 500)
    assert among.critical == pytest.approx(alone.critical, abs=0.1)


def test_trials_that_lose_no_more_than_chance_allows_raise_it_in_full():
    returns = noise(1_260, 5, common=0.0)
    losers = losing(noise(1_260, 500, seed=1, common=0.0), clear_loss(1_260) + 0.1)
    found = skill_test([np.hstack([returns, losers])])
    assert found.aside == 0
    assert found.critical > skill_test([returns]).critical + 0.8


def test_a_ledger_of_losers_has_a_bar_that_none_of_them_passes():
    found = skill_test([losing(noise(400, 30), -4.0)])
    assert found.aside == 29  # the best one stays
    assert found.critical > 1.3
    assert not any(found.passes(trial) for trial in range(30))
    assert found.adjusted[0].min() > 0.05


def test_what_chance_sets_aside_is_given_back():
    calls, ledgers, trials = 0, 4_000, 20
    rng = np.random.default_rng(5)
    loss = clear_loss(1_000)
    luck = NormalDist().cdf(loss)
    for own in rng.normal(size=(ledgers, trials)):  # as the test does it, without its bootstrap
        kept = int((own >= loss).sum())
        bar = NormalDist().inv_cdf((1.0 - 0.05 * (1.0 - luck)) ** (1.0 / kept))
        calls += own.max() > bar
    assert calls / ledgers == pytest.approx(0.05, abs=0.0103)  # three standard errors


@pytest.mark.parametrize("common", [0.0, 1.0])
def test_losers_beside_noise_leave_the_size_where_it_was(common):
    calls, ledgers = 0, 120
    for seed in range(ledgers):
        returns = noise(252, 20, seed, common)
        returns[:, 8:] -= 0.0015  # a t of about -2.4
        found = skill_test([returns], draws=150, seed=seed)
        calls += any(found.passes(trial) for trial in range(20))
    assert calls <= 15  # at most 6 expected
