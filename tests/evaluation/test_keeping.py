import numpy as np
import pytest

from zoo.evaluation.keeping import FOLDER, keep, key_of, recalled

ARRAYS = {
    "net": np.array([0.1, np.nan, -0.2]),
    "names": np.array(["a", "b"]),
    "none": np.array([], dtype=np.str_),
}


def test_what_is_kept_is_recalled_under_its_key_alone(tmp_path):
    keep(tmp_path, "v1", "k" * 64, ARRAYS)
    found = recalled(tmp_path, "v1", "k" * 64)
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(found[name], values)
    assert recalled(tmp_path, "v1", "l" * 64) is None
    assert recalled(tmp_path, "v2", "k" * 64) is None


@pytest.mark.parametrize("spoil", [lambda b: b[:-9], lambda b: b"", lambda b: b[:-30] + b"x" + b[-29:]])
def test_what_was_torn_or_edited_is_computed_again(tmp_path, spoil):
    keep(tmp_path, "v1", "k" * 64, ARRAYS)
    path = tmp_path / FOLDER / "v1.bin"
    path.write_bytes(spoil(path.read_bytes()))
    assert recalled(tmp_path, "v1", "k" * 64) is None


def test_objects_are_never_made_of_what_is_kept(tmp_path):
    keep(tmp_path, "v1", "k" * 64, {"odd": np.array([None, "x"], dtype=object)})
    assert recalled(tmp_path, "v1", "k" * 64) is None


def test_a_place_that_cannot_be_written_keeps_nothing_and_stops_nobody(tmp_path):
    keep(tmp_path / "missing", "v1", "k" * 64, ARRAYS)
    keep(None, "v1", "k" * 64, ARRAYS)
    assert not (tmp_path / "missing").exists()
    assert recalled(None, "v1", "k" * 64) is None


def test_a_key_follows_from_all_that_it_is_told():
    told = [["head", [["file", 3, 4]]], 21, {"b": 1, "a": 2}]
    assert key_of(*told) == key_of(told[0], 21, {"a": 2, "b": 1})
    assert (
        len({key_of(*told), key_of(told[0], 60, told[2]), key_of(["head", [["file", 3, 5]]], *told[1:])}) == 3
    )
