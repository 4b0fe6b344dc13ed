from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data import Fingerprint
from zoo.errors import DataError

LOGGED = Fingerprint(6000, ("asset:A", "asset:B"), "2000-01-03", "2022-12-28", "a" * 64)

fingerprints = st.builds(
    Fingerprint,
    st.integers(0),
    st.lists(st.text(), unique=True).map(tuple),
    st.none() | st.text(),
    st.none() | st.text(),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)


@given(fingerprints)
def test_a_fingerprint_survives_json(fingerprint):
    assert Fingerprint.from_dict(json.loads(json.dumps(fingerprint.as_dict()))) == fingerprint


@given(fingerprints, fingerprints)
def test_differences_are_empty_exactly_when_fingerprints_agree(one, other):
    assert (one.differences(other) == []) == (one == other)
    assert all(isinstance(sentence, str) and sentence for sentence in one.differences(other))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rows": 6001}, "rows: 6000 logged, 6001 now"),
        ({"first": "2000-01-04"}, "first date: 2000-01-03 logged, 2000-01-04 now"),
        ({"last": None}, "last date: 2022-12-28 logged, None now"),
        ({"columns": ["asset:A"]}, "columns logged, missing now: asset:B"),
        ({"columns": ["asset:A", "asset:B", "asset:C"]}, "columns new since: asset:C"),
        ({"columns": ["asset:B", "asset:A"]}, "columns: the same names in another order"),
    ],
)
def test_a_difference_is_said_in_a_sentence(change, sentence):
    assert LOGGED.differences(Fingerprint.from_dict(LOGGED.as_dict() | change)) == [sentence]


def test_values_alone_may_differ():
    (sentence,) = LOGGED.differences(Fingerprint.from_dict(LOGGED.as_dict() | {"content": "b" * 64}))
    assert sentence.startswith("content differs: same rows, columns and dates, other values")
    assert "aaaaaaaaaaaa logged, bbbbbbbbbbbb now" in sentence


def test_long_lists_of_columns_are_cut():
    now = Fingerprint.from_dict(LOGGED.as_dict() | {"columns": [f"asset:{i}" for i in range(100)]})
    assert LOGGED.differences(now)[1] == (
        "columns new since: asset:0, asset:1, asset:2, asset:3, asset:4 and 95 more"
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"rows": True}, "rows is True"),
        ({"rows": -1}, "rows is -1"),
        ({"rows": 6000.0}, "rows is 6000.0"),
        ({"columns": "asset:A"}, "columns is 'asset:A'"),
        ({"columns": [1]}, r"columns is \[1\]"),
        ({"first": 20000103}, "first is 20000103"),
        ({"content": None}, "content is None"),
        ({"colour": "red"}, "key 'colour' is unknown"),
    ],
)
def test_a_malformed_fingerprint_is_refused_by_its_key(change, problem):
    with pytest.raises(DataError, match=f"malformed fingerprint: {problem}"):
        Fingerprint.from_dict(LOGGED.as_dict() | change)


@pytest.mark.parametrize("key", ["rows", "columns", "first", "last", "content"])
def test_a_missing_key_is_refused(key):
    record = LOGGED.as_dict()
    del record[key]
    with pytest.raises(DataError, match=f"key '{key}' is missing"):
        Fingerprint.from_dict(record)


@pytest.mark.parametrize("record", [None, [], "rows", 3])
def test_what_is_no_mapping_is_refused(record):
    with pytest.raises(DataError, match="malformed fingerprint"):
        Fingerprint.from_dict(record)
