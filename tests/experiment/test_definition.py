import pytest

from zoo.errors import ManifestError
from zoo.experiment.definition import Definition, check_used

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
        ({"params": {"id": [1]}}, r"params\.id: results\.csv has a column of that name"),
        ({"params": {"r2": [1]}}, r"params\.r2: results\.csv has a column of that name"),
        ({"params": {"a": [float("nan")]}}, "params: .*"),
        ({"params": {"a": [{1, 2}]}}, "params: .*"),
        ({"parms": {"a": [1]}}, "parms: no such key.*did you mean 'params'"),
        ({"search": {"sed": 7}}, r"search\.sed: no such key.*did you mean 'seed'"),
        ({"search": {"seed": "7"}}, r"search\.seed: '7'"),
        ({"search": {"seed": True}}, r"search\.seed: True"),
        ({"search": {"seed": -1}}, r"search\.seed: -1"),
        ({"search": {"strategy": "grit"}}, r"search\.strategy: 'grit'"),
        ({"search": {"rounds": 0}}, r"search\.rounds: 0"),
        ({"search": {"feedback_interval": 2.5}}, r"search\.feedback_interval: 2\.5"),
        ({"search": {"reducers": {"focs": {}}}}, "did you mean 'focus'"),
        ({"tolerances": [1]}, "tolerances: is no mapping"),
        ({"tolerances": {"mse": 0.1}}, r"tolerances\.mse: is no mapping"),
        ({"tolerances": {"mse": {"absolut": 1}}}, r"tolerances\.mse\.absolut: no such key"),
        ({"tolerances": {"mse": {"absolute": -1}}}, r"tolerances\.mse\.absolute: -1"),
        ({"tolerances": {"mse": {"absolute": float("inf")}}}, r"tolerances\.mse\.absolute: inf"),
        ({"tolerances": {"mse": {"absolute": float("nan")}}}, r"tolerances\.mse\.absolute: nan"),
        ({"tolerances": {"mse": {"relative": 1}}}, r"tolerances\.mse\.relative: 1; .*below 1"),
        ({"tolerances": {"mse": {"absolute": True}}}, r"tolerances\.mse\.absolute: True"),
        ({"volatile": "mse"}, "volatile: 'mse'.*a list of metrics' names"),
        ({"volatile": [3]}, r"volatile: \[3\]"),
        ({"volatile": ["mse", "mse"]}, "volatile: 'mse' stands twice"),
        ({"volatile": ["mse"], "tolerances": {"mse": {"absolute": 1}}}, "or has a tolerance as well"),
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


def test_tuples_are_lists_from_the_beginning():
    assert parse(params={"a": [(1.0,), (2.0, 3.0)]}).params == {"a": [[1.0], [2.0, 3.0]]}


def test_a_space_whose_ids_do_not_fit_is_refused(definition):
    definition["params"] = {f"p{n}": [1, 2] for n in range(70)}
    with pytest.raises(ManifestError, match=r"the space has 1\.18e\+21 permutations"):
        Definition.parse(definition, "x.yaml")


def test_tolerances_and_volatile_metrics_are_numbers_and_names():
    found = parse(tolerances={"mse": {"absolute": 1}}, volatile=["seconds", "execution_time"])
    assert found.tolerances == {"mse": {"absolute": 1.0}}
    assert found.volatile == ("seconds",)  # execution_time always is
    assert parse().tolerances == {}
