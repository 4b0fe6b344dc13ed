import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ManifestError
from zoo.experiment.definition import Definition, check_used, permutations

MANIFEST = {"model": {"_target_": "sklearn.linear_model.Ridge"}}


def parse(**tree):
    return Definition.parse({"params": {"a": [1]}, "manifest": MANIFEST, **tree}, "conf/experiment/x.yaml")


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"params": {}}, "params: the space is empty"),
        ({"params": None}, "params: the space is empty"),
        ({"params": {"a": []}}, r"params\.a: \[\] is no list of values"),
        ({"params": {"a": 3}}, r"params\.a: 3 is no list of values"),
        ({"params": {"a": "abc"}}, r"params\.a: 'abc' is no list of values"),
        ({"params": {"a": [1, 1]}}, r"params\.a: a value stands twice"),
        ({"parms": {"a": [1]}}, "parms: no such key.*did you mean 'params'"),
        ({"search": {"sed": 7}}, r"search\.sed: no such key.*did you mean 'seed'"),
        ({"search": {"seed": "7"}}, r"search\.seed: '7'"),
        ({"search": {"seed": True}}, r"search\.seed: True"),
        ({"search": {"seed": -1}}, r"search\.seed: -1"),
        ({"search": {"strategy": "grit"}}, r"search\.strategy: 'grit'"),
        ({"manifest": None}, "either manifest or sfd_module"),
        ({"sfd_module": "x"}, "either manifest or sfd_module"),
    ],
)
def test_a_bad_declaration_is_refused_with_its_file_and_key(tree, message):
    with pytest.raises(ManifestError, match=message) as caught:
        parse(**tree)
    assert "conf/experiment/x.yaml" in str(caught.value)


def test_one_and_true_are_different_values():
    assert parse(params={"a": [1, True, 1.0]}).params == {"a": [1, True, 1.0]}


def test_a_parameter_that_nobody_uses_is_an_error():
    with pytest.raises(ManifestError, match=r"params\.alfa: nobody uses it.*did you mean 'alpha'"):
        check_used({"alfa": [1]}, {("params", "alpha"), ("settings", "alfa")}, "x.yaml")


def test_an_id_is_the_position_in_the_product_of_the_values_as_declared():
    found = permutations({"lookback": [126, 189, 252], "alpha": [3, 1]})
    assert found[0] == {"lookback": 126, "alpha": 3}
    assert found[3] == {"lookback": 189, "alpha": 1}
    assert len(found) == 6


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=2),
        st.lists(st.integers(), min_size=1, max_size=4, unique=True),
        min_size=1,
        max_size=4,
    )
)
def test_every_choice_has_one_id(params):
    found = permutations(params)
    assert len({tuple(choice.items()) for choice in found}) == len(found)
    assert all(list(choice) == list(params) for choice in found)
