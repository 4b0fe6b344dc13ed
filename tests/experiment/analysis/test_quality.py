import math

import pandas as pd
import pytest

from tests.experiment.analysis.writing import MANIFEST, Made, quality
from zoo.errors import ExperimentCorrupt
from zoo.experiment.analysis import quality_by_date, quality_over_time
from zoo.experiment.analysis.quality import BY_DATE, COLUMNS, lags_of
from zoo.metrics import mean_with_error

ICS = [0.1, 0.3, None, 0.2, -0.1, 0.4, 0.0, 0.5]
DATES = [f"2016-{month:02d}-01" for month in range(5, 11)] + ["2017-01-02", "2017-02-01"]


@pytest.fixture
def path(write):
    return write([Made({"alpha": 1}, {"mse": 1.0}, quality(ICS, DATES)), Made({"alpha": 2}, {"mse": 1.0})])


def test_every_date_has_its_ic_and_the_sum_so_far(path):
    found = quality_by_date(path)
    assert tuple(found.columns) == BY_DATE
    assert found["id"].unique().tolist() == [0]
    assert found["date"].iloc[-1] == pd.Timestamp("2017-02-01")
    assert math.isnan(found["rank_ic"][2])
    assert found["cumulative"].tolist() == pytest.approx([0.1, 0.4, 0.4, 0.6, 0.5, 0.9, 0.9, 1.4])


def test_a_year_has_its_mean_error_and_count(path):
    found = quality_over_time(path)
    assert tuple(found.columns) == COLUMNS
    assert found["period"].tolist() == ["2016", "2017"]
    first, second = found.iloc[0], found.iloc[1]
    assert (first["dates"], first["nan"], second["dates"]) == (5, 1, 2)
    assert first["rank_ic"] == pytest.approx(0.18)
    deviations = [-0.08, 0.12, 0.02, -0.28, 0.22]  # horizon 21 every 21: no overlap, no lags
    assert first["rank_ic_se"] == pytest.approx(math.sqrt(sum(d * d for d in deviations) / 5 / 5))
    assert first["rank_ic_t"] == pytest.approx(0.18 / first["rank_ic_se"])
    assert second["rank_ic"] == pytest.approx(0.25)
    assert math.isnan(second["rank_ic_se"])  # two dates have no error worth the name
    assert (first["cumulative"], second["cumulative"]) == pytest.approx((0.9, 1.4))
    assert (str(first["first"].date()), str(first["last"].date())) == ("2016-05-01", "2016-10-01")


def test_quarters_too(path):
    assert quality_over_time(path, per="quarter")["period"].tolist() == [
        "2016Q2",
        "2016Q3",
        "2016Q4",
        "2017Q1",
    ]
    with pytest.raises(ValueError, match="per is 'month'"):
        quality_over_time(path, per="month")


def test_overlapping_labels_have_a_larger_error(write):
    settings = {"forward_days": 60}
    values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    made = Made({"alpha": 1}, {"mse": 1.0}, quality(values, DATES[:6]))
    path = write([made], settings={**_defaults(), **settings})
    assert quality_over_time(path)["rank_ic_se"][0] == pytest.approx(mean_with_error(values, 2).se)
    assert mean_with_error(values, 2).se > mean_with_error(values, 0).se


def _defaults():
    from zoo.settings import DEFAULTS

    return dict(DEFAULTS)


@pytest.mark.parametrize(
    ("metadata", "lags"),
    [
        ({"manifest": MANIFEST, "settings": {"forward_days": 21}}, 0),
        ({"manifest": MANIFEST, "settings": {"forward_days": 60}}, 2),
        ({"manifest": {**MANIFEST, "target": {"horizon": "${params.h}"}}}, 1),
        ({"manifest": {**MANIFEST, "rows": None, "target": {"horizon": 5}}}, 4),
        ({"manifest": MANIFEST}, None),
        ({"manifest": {**MANIFEST, "target": {"_target_": "zoo.targets.column"}}}, None),
        ({"manifest": {**MANIFEST, "target": {"horizon": "soon"}}}, None),
        ({"manifest": {**MANIFEST, "rows": {"each": 3}}, "settings": {"forward_days": 21}}, None),
        ({"sfd_module": "theirs"}, None),
    ],
)
def test_the_overlap_is_read_from_the_manifest_and_never_guessed(metadata, lags):
    assert lags_of(metadata, {"h": 42}) == lags


def test_a_table_has_none(write):
    path = write([Made({"alpha": 1}, {"r2": 0.5})])
    assert quality_by_date(path).empty
    assert quality_over_time(path).empty
    assert tuple(quality_over_time(path).columns) == COLUMNS


def test_a_year_is_that_of_the_clock_where_the_date_was_written(write):
    dates = ["2013-06-28T00:00:00+02:00", "2014-01-01T00:00:00+01:00"]
    path = write([Made({"alpha": 1}, {"mse": 1.0}, quality([0.1, 0.2], dates))])
    assert quality_over_time(path)["period"].tolist() == ["2013", "2014"]


@pytest.mark.parametrize("values", [[0.1], [0.1, 0.2, 0.3]])
def test_another_number_of_values_than_of_dates_is_corrupt(write, values):
    path = write([Made({"alpha": 1}, {"mse": 0.5}, quality(values, DATES[:2]))])
    with pytest.raises(ExperimentCorrupt, match="quality of round 0 has not a value a test date"):
        quality_over_time(path)


def test_a_date_that_is_none_is_corrupt(write):
    path = write([Made({"alpha": 1}, {"mse": 0.5}, quality([0.1], ["yesterday"]))])
    with pytest.raises(ExperimentCorrupt, match="a date that is none"):
        quality_by_date(path)


def test_it_agrees_with_the_recorded_rank_ic(experiment_dir):
    from zoo.experiment.analysis import read_record

    record = read_record(experiment_dir)
    means = quality_by_date(record).groupby("id")["rank_ic"].mean()
    assert means.tolist() == pytest.approx(record.metrics["rank_ic"].tolist())
