import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ManifestError, SettingsError
from zoo.manifest.holes import fill, holes
from zoo.settings import recorded, settings

SETTINGS = {"forward_days": 21, "on": True}


@pytest.mark.parametrize("value", [252, 0.1, True, None, "x", [1, 2]])
def test_a_string_that_is_one_hole_takes_the_value_with_its_type(value):
    filled = fill("${params.x}", {"x": value}, SETTINGS)
    assert filled == value
    assert type(filled) is type(value)


def test_a_hole_inside_a_longer_string_is_formatted():
    assert fill("roc_${params.period}_${settings.on}", {"period": 5}, SETTINGS) == "roc_5_True"


def test_holes_are_filled_at_any_depth_and_the_tree_is_not_changed():
    tree = {"a": [{"b": "${params.x}"}], "c": 1}
    assert fill(tree, {"x": 7}, SETTINGS) == {"a": [{"b": 7}], "c": 1}
    assert tree == {"a": [{"b": "${params.x}"}], "c": 1}


def test_a_hole_that_names_no_parameter_suggests_the_nearest():
    with pytest.raises(ManifestError, match="did you mean 'lookback'"):
        fill("${params.lookbak}", {"lookback": 5}, SETTINGS, "a.yaml")


def test_a_hole_that_names_no_setting_is_an_error():
    with pytest.raises(SettingsError, match="forward_dayz"):
        fill("${settings.forward_dayz}", {}, settings)


@pytest.mark.parametrize("text", ["${paths.root}", "${params}", "${oc.env:HOME}", "${params.x.y}"])
def test_any_other_interpolation_is_refused(text):
    with pytest.raises(ManifestError, match="another kind"):
        fill(text, {"x": 1}, SETTINGS)


def test_a_filled_setting_counts_as_read():
    with recorded() as reads:
        fill({"h": "${settings.forward_days}"}, {}, settings)
    assert reads.names == {"forward_days"}


def test_every_hole_is_listed():
    tree = {"a": "${params.x}", "b": ["${settings.y}_${params.z}"]}
    assert set(holes(tree)) == {("params", "x"), ("settings", "y"), ("params", "z")}


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab ", max_size=3) | st.just("${params.x}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(trees, st.integers())
def test_no_hole_is_left_and_filling_twice_changes_nothing(tree, value):
    once = fill(tree, {"x": value}, SETTINGS)
    assert not list(holes(once))
    assert fill(once, {}, SETTINGS) == once
