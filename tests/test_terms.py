import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ConfigError
from zoo.terms import TERMS, Terms


def test_everything_is_asked_for_unless_somebody_says_otherwise():
    assert Terms.of({}) == TERMS == Terms("full", "bootstrap", False)
    assert TERMS.validated


def test_yaml_says_false_for_off():
    assert Terms(agreement=False).agreement == "off"
    assert Terms(agreement="off").agreement == "off"


@given(st.floats(-1, 1) | st.integers(-1, 1))
def test_a_correlation_is_a_floor(value):
    assert Terms(agreement=value).agreement == float(value)


@given(st.floats().filter(lambda v: not -1 <= v <= 1) | st.just(True) | st.none() | st.just([]))
def test_nothing_else_is(value):
    with pytest.raises(ConfigError, match=r"promotion\.agreement"):
        Terms(agreement=value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"validation": "skp"}, "did you mean 'skip'"),
        ({"validation": None}, r"promotion\.validation: None"),
        ({"agreement": "bootstrp"}, "did you mean 'bootstrap'"),
        ({"agreement": math.nan}, "a rank correlation from -1 to 1"),
        ({"allow_code_drift": "yes"}, "true or false"),
        ({"allow_code_drif": True}, "did you mean 'allow_code_drift'"),
    ],
)
def test_terms_that_do_not_exist_are_refused_with_the_nearest(values, message):
    with pytest.raises(ConfigError, match=message):
        Terms.of(values)


@given(st.sampled_from(["full", "skip"]), st.sampled_from(["bootstrap", "off", 0.5]), st.booleans())
def test_terms_are_read_as_they_were_written(validation, agreement, drift):
    terms = Terms(validation, agreement, drift)
    assert Terms.of(terms.as_dict()) == terms
    assert terms.validated == (validation == "full")
