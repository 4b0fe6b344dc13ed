import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ManifestError
from zoo.experiment.space import Space

values = st.lists(
    st.integers() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=2),
    min_size=1,
    max_size=4,
    unique_by=repr,
)
spaces = st.dictionaries(st.sampled_from("abcd"), values, min_size=1, max_size=4)


@given(spaces)
def test_ids_are_positions_in_the_product_and_lead_back(params):
    space = Space(params)
    product = [dict(zip(params, chosen, strict=True)) for chosen in itertools.product(*params.values())]
    assert len(space) == len(product)
    for number, choice in enumerate(product):
        assert repr(space[number]) == repr(choice)
        assert space.id_of(choice) == number


def test_one_true_and_one_point_zero_are_different_values():
    space = Space({"a": [1, True, 1.0]})
    assert [space.id_of({"a": v}) for v in (1, True, 1.0)] == [0, 1, 2]


@pytest.mark.parametrize("number", [-1, 6, True, 1.0, "1"])
def test_what_is_no_id_is_refused(number):
    with pytest.raises(IndexError):
        _ = Space({"a": [1, 2, 3], "b": [1, 2]})[number]


def test_injected_permutations_come_behind_and_keep_their_ids():
    space = Space({"a": [1, 2], "b": [1]})
    assert space.inject({"b": 7, "a": 1}) == 2
    assert space.inject({"a": 9, "b": 1}) == 3
    assert space.inject({"a": 1, "b": 7}) == 2
    assert space.inject({"a": 2, "b": 1}) == 1
    assert space[2] == {"a": 1, "b": 7}
    assert Space(space.params, space.injected)[3] == {"a": 9, "b": 1}
    assert space.id_of({"a": 5, "b": 5}) is None


def test_a_permutation_with_other_parameters_cannot_be_injected():
    with pytest.raises(ManifestError, match="with b, c missing or unknown"):
        Space({"a": [1], "b": [1]}).inject({"a": 1, "c": 2})
