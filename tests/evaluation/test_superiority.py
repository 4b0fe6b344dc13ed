"""Better than the champion: against arch, under the null, and what nobody gains by."""

import math

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.evaluation import confidence_set, superiority_test
from zoo.evaluation.resampling import block_length


def zoo(bars, versions, seed=0, common=0.5):
    rng = np.random.default_rng(seed)
    market = common * rng.normal(size=(bars, 1))
    returns = 0.01 * (rng.normal(size=(bars, versions + 1)) + market)
    return returns[:, 1:], returns[:, 0]


def test_noise_is_called_better_in_about_one_zoo_of_twenty():
    zoos = 120
    calls = sum(
        superiority_test(*zoo(252, 10, seed), draws=150, seed=seed).superior.any() for seed in range(zoos)
    )
    assert 1 <= calls <= 15  # 6 expected; both tails of a binomial of 5% at one in a thousand


def test_a_better_version_is_found_and_only_that():
    versions, champion = zoo(1_260, 20)
    versions[:, 7] += 0.0018
    found = superiority_test(versions, champion)
    assert np.flatnonzero(found.superior).tolist() == [7]
    assert found.t[7] > found.critical
    assert (found.shadowed, found.unable) == (20, 0)


def test_where_all_are_equally_risky_it_finds_what_arch_finds():
    from arch.bootstrap import StepM

    for seed in range(6):
        versions, champion = zoo(500, 8, seed)
        versions[:, :3] += 0.003
        difference = versions - champion[:, None]
        scaled = difference / difference.std(axis=0)
        theirs = StepM(np.zeros(500), -scaled, size=0.05, block_size=2, reps=500, seed=seed)
        theirs.compute()
        ours = superiority_test(versions, champion, draws=500, seed=seed)
        assert np.flatnonzero(ours.superior).tolist() == theirs.superior_models == [0, 1, 2]


def test_a_wild_version_does_not_hide_a_better_one_as_it_does_in_arch():
    from arch.bootstrap import StepM

    versions, champion = zoo(750, 5)
    versions[:, 0] += 0.0022
    versions[:, 4] *= 20
    theirs = StepM(-champion, -versions, size=0.05, block_size=2, reps=500, seed=1)
    theirs.compute()
    assert theirs.superior_models == []
    assert np.flatnonzero(superiority_test(versions, champion).superior).tolist() == [0]


def test_later_steps_find_what_the_first_does_not():
    hits = 0
    for seed in range(10):
        versions, champion = zoo(500, 30, seed, common=0.0)
        versions[:, :25] += 0.004
        versions[:, 25] += 0.0019
        found = superiority_test(versions, champion, draws=300, seed=seed)
        hits += bool(found.superior[25] and not found.t[25] > found.critical)
    assert hits


def test_adjusted_p_values_rise_as_t_falls_and_are_at_least_those_of_one_test():
    versions, champion = zoo(400, 15)
    versions[:, 2] += 0.001
    found = superiority_test(versions, champion)
    order = np.argsort(-found.t)
    assert (np.diff(found.adjusted[order]) >= 0).all()
    alone = superiority_test(versions[:, 2:3], champion)
    assert alone.adjusted[0] <= found.adjusted[2]
    assert (found.superior == (found.adjusted <= 0.05)).all()


def test_two_thousand_clones_of_a_loser_change_nothing():
    versions, champion = zoo(300, 4)
    versions[:, 0] += 0.0025
    versions[:, 1] -= 0.001
    clones = np.hstack([versions, np.repeat(versions[:, 1:2], 2_000, axis=1)])
    alone, among = (superiority_test(v, champion, draws=300) for v in (versions, clones))
    assert among.critical == pytest.approx(alone.critical)
    np.testing.assert_allclose(among.adjusted[:4], alone.adjusted, atol=1e-12)


def test_a_clone_of_the_champion_is_not_better():
    versions, champion = zoo(300, 3)
    versions[:, 1] = champion
    found = superiority_test(versions, champion)
    assert math.isnan(found.t[1])
    assert not found.superior[1]
    assert found.unable == 1


def test_retired_losers_stay_in_the_set_with_the_record_they_had():
    versions, champion = zoo(1_000, 31)
    versions[:, 0] += 0.001
    retired = versions.copy()
    retired[300:, 1:] = np.nan  # 30 losers, shadowed for a while
    alone = superiority_test(versions[:, :1], champion)
    among = superiority_test(retired, champion)
    assert among.critical > alone.critical + 0.8
    assert among.adjusted[0] > alone.adjusted[0]
    assert among.unable == 0


def test_versions_whose_record_is_lost_still_count():
    versions, champion = zoo(1_000, 2)
    few, many = (superiority_test(versions, champion, shadowed=n) for n in (2, 60))
    assert many.critical > few.critical + 0.8
    assert (many.shadowed, many.unable) == (60, 58)
    assert (many.adjusted >= few.adjusted).all()


def test_a_version_that_began_later_is_judged_on_its_own_bars():
    versions, champion = zoo(1_000, 3)
    versions[:, 0] += 0.005
    versions[:700, 0] = np.nan
    found = superiority_test(versions, champion)
    difference = versions[700:, 0] - champion[700:]
    usual = difference.mean() / difference.std(ddof=1) * math.sqrt(300)
    assert found.t[0] == pytest.approx(usual, rel=0.15)
    assert found.superior[0]


@pytest.mark.parametrize(
    "rows", [slice(100, 101), slice(None), slice(20, None)], ids=["hole", "all", "short"]
)
def test_a_hole_in_a_record_is_never_better(rows):
    versions, champion = zoo(300, 3)
    versions += 0.01
    versions[rows, 1] = np.nan
    found = superiority_test(versions, champion)
    assert math.isnan(found.t[1])
    assert math.isnan(found.adjusted[1])
    assert found.superior.tolist() == [True, False, True]


def test_a_bar_without_the_champion_is_a_hole_for_all_who_were_there():
    versions, champion = zoo(300, 2)
    versions += 0.01
    versions[:150, 1] = np.nan
    champion[100] = np.nan
    found = superiority_test(versions, champion)
    assert found.superior.tolist() == [False, True]
    assert math.isnan(found.t[0])


def test_dropping_bad_bars_makes_a_version_untestable():
    versions, champion = zoo(300, 1)
    versions[versions[:, 0] < 0, 0] = np.nan
    assert not superiority_test(versions, champion).superior.any()


@pytest.mark.parametrize("bars", [0, 1, 5])
def test_on_few_bars_nobody_is_better(bars):
    found = superiority_test(np.full((bars, 2), 0.1), np.zeros(bars))
    assert not found.superior.any()
    assert found.unable == 2


def test_without_versions_there_is_nothing_to_find():
    found = superiority_test(np.empty((100, 0)), np.zeros(100))
    assert (found.shadowed, len(found.superior)) == (0, 0)


def test_arrays_that_do_not_fit_are_refused():
    versions, champion = zoo(100, 3)
    with pytest.raises(DataError, match="expected 100 bars, as the versions have"):
        superiority_test(versions, champion[:-1])
    with pytest.raises(DataError, match="2 versions ever shadowed; expected at least the 3 given"):
        superiority_test(versions, champion, shadowed=2)


def test_equal_seeds_give_equal_tests():
    versions, champion = zoo(200, 5)
    first, second = (superiority_test(versions, champion, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.adjusted, second.adjusted)


def test_the_confidence_set_is_that_of_arch_on_equal_draws():
    from arch.bootstrap import MCS

    for seed in range(3):
        versions, _ = zoo(400, 12, seed)
        versions += np.linspace(0, 0.003, 12)
        block = block_length(versions)
        theirs = MCS(-versions, 0.1, reps=300, block_size=block, method="max", seed=seed)
        theirs.compute()
        ours = confidence_set(versions, size=0.1, draws=300, seed=seed)
        expected = theirs.pvalues["Pvalue"].sort_index().to_numpy()
        np.testing.assert_allclose(ours.adjusted, expected, atol=1e-12)
        assert np.flatnonzero(ours.included).tolist() == theirs.included


def test_the_best_version_is_in_the_confidence_set_nearly_always():
    hits = 0
    for seed in range(40):
        versions, _ = zoo(250, 6, seed)
        versions[:, 2] += 0.0005
        hits += confidence_set(versions, draws=200, seed=seed).included[2]
    assert hits >= 34  # 38 expected at the least


def test_a_bad_version_leaves_the_confidence_set_and_its_clones_with_it():
    versions, _ = zoo(800, 6)
    versions[:, 1] -= 0.004
    versions[:, 4] = versions[:, 1]
    found = confidence_set(versions)
    assert found.included.tolist() == [True, False, True, True, False, True]
    assert found.adjusted[1] == found.adjusted[4]


def test_a_version_without_a_full_record_is_in_no_confidence_set():
    versions, _ = zoo(200, 4)
    versions[10, 2] = np.nan
    found = confidence_set(versions)
    assert math.isnan(found.adjusted[2])
    assert found.included.tolist() == [True, True, False, True]
    assert not confidence_set(versions[:20]).included.any()


def test_one_version_alone_is_the_best():
    assert confidence_set(zoo(100, 1)[0]).adjusted.tolist() == [1.0]
