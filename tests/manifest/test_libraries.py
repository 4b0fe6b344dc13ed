from importlib import metadata

import pytest

from zoo.manifest.libraries import changed, library_versions, major


def test_the_numeric_core_and_every_named_package_are_recorded():
    found = library_versions(["sklearn.linear_model.Ridge", "joblib.Parallel"])
    assert found["scikit-learn"] == metadata.version("scikit-learn")
    assert found["joblib"] == metadata.version("joblib")
    assert {"python", "numpy", "pandas", "scipy"} <= set(found)


@pytest.mark.parametrize(
    "target", ["zoo.models.LightGBM", "zoo.models.LightGBMBinary", "lightgbm.LGBMRegressor"]
)
def test_a_model_of_another_library_under_our_name_records_that_library(target):
    pytest.importorskip("lightgbm")
    assert library_versions([target])["lightgbm"] == metadata.version("lightgbm")


def test_the_users_own_package_has_no_version():
    assert "my_lab" not in library_versions(["my_lab.features.carry"])


def test_what_changed_is_named_with_both_versions():
    assert changed({"a": "1", "b": "2"}, {"a": "1", "b": "3"}) == {"b": ("2", "3")}
    assert changed({"a": "1"}, {}) == {"a": ("1", "absent")}
    assert major({"a": "1.26.4"}) == {"a": "1"}
