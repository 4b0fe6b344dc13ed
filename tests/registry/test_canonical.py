from __future__ import annotations

import datetime
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import RegistryError
from zoo.registry import canonical

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = st.text().filter(lambda key: key not in canonical.TAGS) | st.integers() | st.floats(allow_nan=False)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
)


def written(value: Any) -> str:
    return canonical.text(canonical.encode(value))


def same(a: Any, b: Any) -> bool:
    """Equality in which types count, and NaN is NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            any(same(key, other) and same(a[key], b[other]) for other in b) for key in a
        )
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a.hex() == b.hex()
    return bool(a == b)


def shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return tuple(map(shuffled, value)) if isinstance(value, list) else value


@given(values)
def test_a_value_comes_back_from_its_text(value: Any) -> None:
    assert same(canonical.loads(written(value)), value)


@given(values)
def test_the_text_is_strict_json_in_ascii(value: Any) -> None:
    def refuse(token: str) -> None:
        raise AssertionError(token)

    assert written(value).isascii()
    json.loads(written(value), parse_constant=refuse)


@given(values)
def test_neither_the_order_of_keys_nor_tuples_change_the_text(value: Any) -> None:
    assert written(shuffled(value)) == written(value)


@given(values, values)
def test_two_values_share_a_text_only_if_they_are_the_same(a: Any, b: Any) -> None:
    assert (written(a) == written(b)) == same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (0, False),
        (0.0, -0.0),
        (None, "null"),
        (math.nan, "NaN"),
        (math.inf, -math.inf),
        ({1: 2}, {"1": 2}),
        ({}, []),
        (["ab"], ["a", "b"]),
    ],
)
def test_near_misses_have_texts_of_their_own(a: Any, b: Any) -> None:
    assert written(a) != written(b)


@pytest.mark.parametrize(
    ("array_scalar", "plain"),
    [
        (np.float64(0.1), 0.1),
        (np.int32(7), 7),
        (np.bool_(True), True),
        (np.float64("nan"), math.nan),
        (np.str_("x"), "x"),
        (datetime.date(2017, 12, 29), "2017-12-29"),
    ],
)
def test_numpy_scalars_and_dates_count_as_what_they_hold(array_scalar: Any, plain: Any) -> None:
    assert written(array_scalar) == written(plain)


@pytest.mark.parametrize(
    "value", [{1, 2}, b"bytes", object(), np.zeros(2), Fraction(1, 3), 1j, {"$float": "NaN"}, {"$items": []}]
)
def test_what_json_cannot_say_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(RegistryError, match=r"^inputs\.model\[1\]: "):
        canonical.encode({"model": [0, value]}, "inputs")


@given(values)
def test_what_is_shown_is_strict_json(value: Any) -> None:
    json.dumps(canonical.presentable(value), allow_nan=False)


def test_numbers_that_are_not_finite_are_shown_as_text_that_float_reads_back() -> None:
    shown = canonical.presentable({"a": [math.nan, math.inf], "b": -math.inf})
    assert shown == {"a": ["NaN", "Infinity"], "b": "-Infinity"}
    assert [str(float(text)) for text in (*shown["a"], shown["b"])] == ["nan", "inf", "-inf"]


def test_a_stored_mapping_behaves_like_the_mapping_it_holds() -> None:
    stored = canonical.Stored(written({"rank_ic": 0.1, "n": None}), "metrics")
    assert stored == {"n": None, "rank_ic": 0.1}
    assert (len(stored), stored["rank_ic"], list(stored)) == (2, 0.1, ["n", "rank_ic"])


@pytest.mark.parametrize("text", ["{", "3", '{"$float":"many"}', '{"$items":5}', '{"$float":[]}'])
def test_a_damaged_text_is_one_clear_error_when_it_is_looked_into(text: str) -> None:
    with pytest.raises(RegistryError, match=r"^metrics of x: .*damaged; run `zoo verify`"):
        len(canonical.Stored(text, "metrics of x"))
