import pickle

import pytest

from zoo import errors
from zoo.errors import ReconstructionError, ZooError, did_you_mean


def test_a_message_is_one_line_of_where_what_expected_and_remedy():
    error = ZooError("is\nwrong", where="a.yaml", expected="right", remedy="mend it")
    assert str(error) == "a.yaml: is wrong; expected right; mend it"


def test_parts_that_are_not_given_leave_no_trace():
    assert str(ZooError("is wrong")) == "is wrong"


def test_the_nearest_name_is_suggested_and_only_when_near():
    assert did_you_mean("overides", ["overrides", "sources"]) == "did you mean 'overrides'?"
    assert did_you_mean("xyz", ["overrides", "sources"]) is None


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n[0].isupper() and not n.isupper()])
def test_every_error_is_a_zoo_error_and_survives_the_way_back_from_a_worker(name):
    kind = getattr(errors, name)
    assert issubclass(kind, ZooError)
    error = kind("it broke", where="here", remedy="mend it")
    back = pickle.loads(pickle.dumps(error))  # what joblib does with an exception
    assert type(back) is kind
    assert str(back) == str(error)
    assert back.exit_code == error.exit_code


def test_a_reconstruction_error_keeps_its_mismatches_and_libraries():
    error = ReconstructionError("no", mismatches=[{"key": "r2"}], libraries={"numpy": ("1", "2")})
    back = pickle.loads(pickle.dumps(error))
    assert back.mismatches == [{"key": "r2"}]
    assert back.libraries == {"numpy": ("1", "2")}


def test_all_names_every_error_there_is():
    own = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, ZooError)}
    assert own <= set(errors.__all__)
