import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.manifest.cache import SettingsCache
from zoo.settings import overrides, recorded, settings

KB = np.zeros(128)  # 1,024 bytes


def test_a_hit_gives_the_very_value():
    cache = SettingsCache()
    first = cache.get("k", lambda: [1])
    assert cache.get("k", lambda: [2]) is first
    assert cache.computed == 1


def test_what_is_used_least_recently_goes_first():
    cache = SettingsCache(budget=3 * KB.nbytes, fewest=1)
    for key in "abc":
        cache.get(key, KB.copy)
    cache.get("a", KB.copy)  # used again: b is the oldest now
    cache.get("d", KB.copy)
    assert cache.computed == 4
    cache.get("a", KB.copy)
    cache.get("c", KB.copy)
    assert cache.computed == 4
    cache.get("b", KB.copy)
    assert cache.computed == 5


def test_a_few_are_kept_whatever_their_size():
    cache = SettingsCache(budget=0, fewest=3)
    for key in "abc":
        cache.get(key, KB.copy)
    assert cache.held == 3 * KB.nbytes
    cache.get("d", KB.copy)
    assert cache.held == 3 * KB.nbytes


def test_without_a_budget_everything_is_kept():
    cache = SettingsCache(fewest=0)
    for key in range(100):
        cache.get(str(key), KB.copy)
    assert cache.held == 100 * KB.nbytes


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 40)), max_size=60), st.integers(0, 60))
def test_never_more_than_the_budget_but_for_the_fewest(asked, budget):
    cache = SettingsCache(budget=8 * budget, fewest=2)
    for key, size in asked:
        cache.get(key, lambda size=size: np.zeros(size))
        sizes = [e.size for entries in cache._entries.values() for e in entries]
        assert cache.held == sum(sizes)
        assert cache.held <= cache.budget or len(cache._entries) <= 2
        assert key in cache._entries


class Growing:
    nbytes = 8


def test_a_value_that_grows_counts_with_what_it_holds_now():
    cache = SettingsCache(budget=100, fewest=1)
    grown = cache.get("a", Growing)
    assert cache.held == 8
    grown.nbytes = 1000
    cache.get("b", Growing)
    assert cache.held == 8
    assert cache.get("a", Growing) is not grown


def test_values_of_other_settings_live_side_by_side_and_each_hit_counts_its_reads():
    cache = SettingsCache()
    ask = lambda: cache.get("k", lambda: settings.forward_days)  # noqa: E731
    assert ask() == 21
    with overrides(settings, {"forward_days": 5}):
        assert ask() == 5
    assert cache.computed == 2
    with recorded() as reads:
        assert ask() == 21
    assert reads.names == {"forward_days"}
    assert cache.computed == 2


def test_an_outer_value_is_keyed_by_what_an_inner_one_read():
    cache = SettingsCache()
    ask = lambda: cache.get("outer", lambda: [cache.get("inner", lambda: settings.forward_days)])  # noqa: E731
    assert ask() == [21]
    with overrides(settings, {"forward_days": 5}):
        assert ask() == [5]
    with recorded() as reads:
        ask()
    assert reads.names == {"forward_days"}


def test_what_raised_is_not_kept():
    cache = SettingsCache()
    with pytest.raises(ZeroDivisionError):
        cache.get("k", lambda: 1 / 0)
    assert cache.computed == 0
    assert cache.get("k", lambda: 5) == 5
