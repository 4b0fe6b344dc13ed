"""A split by dates: the first day of each part, whatever rows and horizon there are."""

import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from zoo.data import Dataset, tabular
from zoo.errors import ManifestError
from zoo.manifest import Manifest
from zoo.manifest.dates import SplitDates
from zoo.settings import overrides, settings


def dated(**said):
    return lab.base().set_split_dates(**said)


def test_a_part_begins_with_its_first_cross_section_on_or_after_its_day(panel):
    prepared = dated(validation="2015-07-01", test="2015-09-05").prepare_data(panel, {})  # a Saturday
    starts = {name: pd.Timestamp(date) for name, date in prepared.boundaries.items()}
    assert pd.Timestamp("2015-07-01") <= starts["validation"] < pd.Timestamp("2015-07-09")
    assert pd.Timestamp("2015-09-05") < starts["test"] < pd.Timestamp("2015-09-13")
    for part, first in ((prepared.validation, "validation"), (prepared.test, "test")):
        assert panel.dates[part.position[0]] == starts[first]
        assert part.position[0] % 5 == 0


def test_the_purge_is_kept(panel):
    prepared = dated(validation="2015-07-01", test="2015-09-07").prepare_data(panel, {})
    cuts = prepared.cuts
    assert cuts.validation - 5 > prepared.train.position[-1] >= cuts.validation - 10
    assert cuts.test - 5 > prepared.validation.position[-1] >= cuts.test - 10


def test_nothing_before_first_or_after_last_is_in_any_part(panel):
    prepared = dated(
        first="2015-03-02", validation="2015-07-01", test="2015-09-07", last="2015-11-02"
    ).prepare_data(panel, {})
    dates = panel.dates
    assert dates[prepared.train.position[0]] >= pd.Timestamp("2015-03-02")
    assert pd.Timestamp("2015-10-26") < dates[prepared.test.position[-1]] <= pd.Timestamp("2015-11-02")
    assert prepared.folds[0][0].position[0] == prepared.train.position[0]


def test_a_refit_stays_between_first_and_last(panel):
    bounded = dated(first="2015-03-02", test="2015-09-07", last="2015-11-02")
    whole = bounded.with_params_override(split_config=(1, 0, 0)).prepare_data(panel, {})
    assert panel.dates[whole.train.position[0]] >= pd.Timestamp("2015-03-02")
    assert panel.dates[whole.train.position[-1]] <= pd.Timestamp("2015-11-02")
    assert whole.test.X.shape[0] == whole.validation.X.shape[0] == 0


def test_without_validation_the_test_part_follows_train(panel):
    prepared = dated(test="2015-09-07").prepare_data(panel, {})
    assert prepared.validation.X.shape[0] == 0
    assert prepared.boundaries["validation"] is None
    assert prepared.train.position[-1] < prepared.cuts.test - 5


def test_a_variant_keeps_the_dates_and_purges_by_its_own_horizon(panel):
    manifest = dated(validation="2015-07-01", test="2015-09-07").with_target(
        "zoo.targets.forward_return", horizon="${settings.forward_days}"
    )
    base = manifest.prepare_data(panel, {})
    with overrides(settings, {"forward_days": 40}):
        variant = manifest.prepare_data(panel, {}, boundaries=base.boundaries)
    assert variant.boundaries == base.boundaries
    assert variant.train.position[-1] + 40 < base.cuts.validation <= variant.train.position[-1] + 45


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"test": "2030-01-01"}, "test"),
        ({"validation": "2015-09-07", "test": "2015-09-08"}, "validation"),
        ({"validation": "2014-01-01"}, "train"),
        ({"test": "2015-01-05"}, "train"),
        ({"first": "2020-01-01"}, "train"),
        ({"last": "2014-01-01"}, "train"),
        ({"validation": "2015-09-07", "test": "2015-09-16"}, "validation"),  # empty after the purge
    ],
)
def test_a_part_that_is_empty_is_named_with_the_file(panel, said, part):
    manifest = dated(**said)
    with pytest.raises(
        ManifestError, match=rf"lab\.yaml: split: the {part} part is empty.*usable cross-sections"
    ):
        manifest.prepare_data(panel, {})


def test_a_table_has_no_dates():
    manifest = (
        Manifest()
        .with_target("zoo.targets.column")
        .with_model("sklearn.linear_model.Ridge")
        .set_split_dates(test="2015-01-01")
    )
    with pytest.raises(ManifestError, match=r"manifest\.split: a table has no dates; expected proportions"):
        manifest.prepare_data(tabular("diabetes"), {})


def test_days_are_those_of_the_datas_own_zone():
    hours = pd.date_range(
        "2020-03-20 18:00", periods=400, freq="3h", tz="America/New_York"
    )  # over DST's start
    rng = np.random.RandomState(0)
    close = pd.DataFrame(
        50 * np.exp(np.cumsum(rng.standard_normal((400, 5)) * 0.01, axis=0)), hours, list("abcde")
    )
    manifest = dated(validation="2020-04-10", test="2020-04-20").set_rows(every=1)
    prepared = manifest.prepare_data(Dataset({"close": close}), {})
    assert hours[prepared.cuts.test].date().isoformat() == "2020-04-20"
    assert hours[prepared.cuts.test - 1].date().isoformat() == "2020-04-19"
    again = manifest.prepare_data(Dataset({"close": close}), {}, boundaries=prepared.boundaries)
    assert again.cuts == prepared.cuts


def test_it_is_declared_as_it_was_said():
    split = SplitDates(validation="2010-01-04", test="2013-01-02")
    assert split.as_dict() == {"validation": "2010-01-04", "test": "2013-01-02", "first": None, "last": None}
    assert SplitDates(**split.as_dict()) == split
