from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoo import targets
from zoo.errors import DataError, ManifestError
from zoo.trust import resolve

LABELS = np.array([4.0, 1.0, 3.0, 2.0, 10.0])
FITS = {
    "quantile": lambda labels: targets.quantile(labels, q=0.6),
    "mean": targets.mean,
    "median": targets.median,
    "standard_deviation": targets.standard_deviation,
    "interquartile_range": targets.interquartile_range,
}
TRANSFORMS = {
    "above": lambda labels: targets.above(labels, cutoff=0.5),
    "standardised": lambda labels: targets.standardised(labels, mean=0.5, standard_deviation=2.0),
    "winsorised": lambda labels: targets.winsorised(labels, lower=-1.0, upper=1.5),
}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("quantile", 3.4),
        ("mean", 4.0),
        ("median", 3.0),
        ("standard_deviation", 10**0.5),
        ("interquartile_range", 2.0),
    ],
)
def test_a_parameter_is_what_the_textbook_says(name, wanted):
    found = FITS[name](LABELS)
    assert type(found) is float
    assert found == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([], "there are no labels to fit on"),
        ([0.1] * 7, r"all 7 labels are 0\.1; expected labels that differ"),
        ([1.0, np.nan, np.inf], r"label 1 is nan \(2 are not finite\)"),
        ([[1.0, 2.0]], r"labels have the shape \(1, 2\)"),
        (["up", "down"], "labels are no numbers"),
    ],
)
def test_labels_that_cannot_be_fitted_are_refused(fit, labels, problem):
    with pytest.raises(DataError, match=problem):
        fit(labels)


def test_a_range_of_nothing_is_refused():
    with pytest.raises(DataError, match=r"interquartile range is 0\.0; .*scale by another measure"):
        targets.interquartile_range([0.0, 0.0, 0.0, 0.0, 5.0])


@pytest.mark.parametrize("q", [0, 1, -0.1, 60, True, "0.6", None, np.nan])
def test_a_share_lies_between_0_and_1(q):
    with pytest.raises(ManifestError, match=r"q is .*; expected a number between 0 and 1"):
        targets.quantile(LABELS, q=q)


def test_a_label_is_above_a_cutoff_only_when_it_is_larger():
    found = targets.above([1.0, 2.0, np.nan, 3.0, np.inf], cutoff=2)
    np.testing.assert_array_equal(found, [0.0, 0.0, np.nan, 1.0, 1.0])


def test_labels_beyond_a_bound_are_moved_to_it():
    found = targets.winsorised([-9.0, -1.0, np.nan, 0.5, 9.0], lower=-1.0, upper=1.0)
    np.testing.assert_array_equal(found, [-1.0, -1.0, np.nan, 0.5, 1.0])


def test_standardised_train_labels_have_mean_0_and_standard_deviation_1():
    fitted = {name: FITS[name](LABELS) for name in ("mean", "standard_deviation")}
    found = targets.standardised(LABELS, **fitted)
    assert np.mean(found) == pytest.approx(0, abs=1e-15)
    assert np.std(found) == pytest.approx(1)


PARTS = hnp.arrays(np.float64, st.integers(0, 30), elements=st.floats(-1e6, 1e6) | st.just(np.nan))


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@given(labels=PARTS)
def test_a_transform_keeps_the_length_and_every_missing_label(transform, labels):
    given_labels = labels.copy()
    found = transform(labels)
    assert found.shape == labels.shape
    assert np.array_equal(np.isnan(found), np.isnan(labels))
    np.testing.assert_array_equal(labels, given_labels)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@given(labels=PARTS, at=st.integers(0, 29))
def test_a_transform_treats_each_label_by_itself(transform, labels, at):
    np.testing.assert_array_equal(transform(labels)[at : at + 1], transform(labels[at : at + 1]))


@given(labels=hnp.arrays(np.float64, 40, elements=st.floats(-1e6, 1e6), unique=True), q=st.floats(0.05, 0.95))
def test_about_a_share_of_the_train_labels_lies_above_its_own_quantile(labels, q):
    found = targets.above(labels, cutoff=targets.quantile(labels, q=q))
    assert abs(found.mean() - (1 - q)) <= 1 / 40 + 1e-9


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: targets.above(LABELS, cutoff=np.nan), "cutoff is nan"),
        (lambda: targets.above(LABELS, cutoff="high"), "cutoff is 'high', a str"),
        (lambda: targets.standardised(LABELS, mean=0, standard_deviation=0), r"standard_deviation is 0\.0"),
        (lambda: targets.standardised(LABELS, mean=None, standard_deviation=1), "mean is None"),
        (lambda: targets.winsorised(LABELS, lower=1, upper=1), r"lower is 1\.0 and upper 1\.0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(call, problem):
    with pytest.raises(ManifestError, match=problem):
        call()


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_panel_of_labels_is_refused(transform):
    with pytest.raises(DataError, match="labels have the shape"):
        transform(np.ones((3, 2)))


@pytest.mark.parametrize("name", targets.__all__)
def test_a_manifest_may_name_it(name):
    assert resolve(f"zoo.targets.{name}") is getattr(targets, name)
