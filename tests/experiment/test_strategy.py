import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ManifestError
from zoo.experiment.space import Space
from zoo.experiment.strategy import SearchStrategy, build_strategy

SPACE = {"a": [1, 2, 3, 4], "b": [0.1, 0.2, 0.3]}
NAMES = ["grid", "random", "sobol", "tpe"]


def run(name, params, seed, step, score=lambda number: -abs(number - 5), **options):
    strategy, order = build_strategy(name, Space(params), seed, **options), []
    while proposed := strategy.propose(step):
        order += proposed
        for number in proposed:
            strategy.tell(number, score(number))
    return order


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("params", [SPACE, {"a": [1]}, {"a": list(range(7)), "b": [1, 2], "c": ["x", "y"]}])
def test_every_strategy_proposes_each_id_once_and_then_stops(name, params):
    order = run(name, params, 7, 5)
    assert sorted(order) == list(range(len(Space(params))))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_order(name):
    assert run(name, SPACE, 7, 4) == run(name, SPACE, 7, 4)


@pytest.mark.parametrize("name", ["random", "sobol", "tpe"])
def test_another_seed_gives_another_order(name):
    assert run(name, SPACE, 7, 4) != run(name, SPACE, 8, 4)


def test_the_grid_is_in_order_of_id_and_shuffled_when_asked():
    assert run("grid", SPACE, 7, 5) == list(range(12))
    shuffled = run("grid", SPACE, 7, 5, shuffle=True)
    assert shuffled != list(range(12))
    assert shuffled == run("grid", SPACE, 7, 1, shuffle=True)


@pytest.mark.parametrize("name", ["random", "sobol"])
def test_a_shuffled_order_is_pinned_so_that_a_release_cannot_change_it_unseen(name):
    expected = {"random": [7, 10, 2, 5], "sobol": [7, 1, 2, 8]}
    assert run(name, {"a": [1, 2, 3], "b": [1, 2, 3, 4]}, 7, 4)[:4] == expected[name]


def test_sobol_spreads_over_every_value_early():
    params = {"a": list(range(8)), "b": list(range(8))}
    first = [Space(params)[n] for n in run("sobol", params, 7, 16)[:16]]
    assert {c["a"] for c in first} == set(range(8))
    assert {c["b"] for c in first} == set(range(8))


def test_tpe_finds_the_best_corner_sooner_than_the_grid():
    params = {"a": list(range(7)), "b": list(range(7))}

    def score(number):
        choice = Space(params)[number]
        return -((choice["a"] - 5) ** 2) - (choice["b"] - 5) ** 2

    best = Space(params).id_of({"a": 5, "b": 5})
    places = [run("tpe", params, seed, 1, score).index(best) for seed in range(3)]
    assert sorted(places)[1] < best / 2


@pytest.mark.parametrize("score", [None, float("nan"), float("-inf")])
def test_a_score_that_is_none_stops_no_strategy(score):
    for name in NAMES:
        assert sorted(run(name, SPACE, 7, 5, lambda _: score)) == list(range(12))


def test_a_space_too_large_to_list_is_drawn_from():
    params = {name: list(range(100)) for name in "abcd"}
    strategy = build_strategy("random", Space(params), 7)
    found = strategy.propose(50)
    assert len(set(found)) == 50
    assert max(found) > 10_000_000


def test_an_unknown_strategy_or_option_is_refused():
    with pytest.raises(ManifestError, match="did you mean 'sobol'"):
        build_strategy("sobel", Space(SPACE), 7)
    with pytest.raises(ManifestError, match="grid takes no shufle"):
        build_strategy("grid", Space(SPACE), 7, shufle=True)


def test_a_strategy_of_ones_own_says_only_what_comes_next():
    class Backwards(SearchStrategy):
        def propose(self, count):
            left = list(range(len(self.space) - 1, -1, -1))[:count]
            self.space = []
            return left

    assert Backwards(Space(SPACE), 0).propose(3) == [11, 10, 9]


@settings(max_examples=25)
@given(
    name=st.sampled_from(["grid", "random", "sobol"]),
    seed=st.integers(0, 2**32 - 1),
    steps=st.lists(st.integers(1, 7), min_size=12, max_size=12),
)
def test_in_how_many_steps_an_order_is_asked_for_does_not_change_it(name, seed, steps):
    strategy = build_strategy(name, Space(SPACE), seed)
    asked = [number for step in steps for number in strategy.propose(step)]
    assert asked == run(name, SPACE, seed, 100)
