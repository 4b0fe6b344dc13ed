import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation import small
from tests.evaluation.test_record import ABOUT
from zoo.errors import ShadowError
from zoo.evaluation.refit import PREFIX, about_refit, name_of, refit
from zoo.registry.version import VERSION_ID


@pytest.fixture
def sensor(monkeypatch):
    monkeypatch.setitem(small.STATE, "data", small.market())
    return small.sensor_of([("trend", {})])[0]


def test_a_refit_on_the_same_data_is_the_same_model(sensor):
    again, last = refit(sensor, small.prices(end=small.TRAINED_UNTIL))
    X = np.linspace(-1, 1, 5)[:, None]
    np.testing.assert_array_equal(again.model.estimator.predict(X), sensor.model.estimator.predict(X))
    assert last.isoformat() == sensor.metadata["train_end"]


def test_a_refit_on_more_data_knows_more_and_ends_later(sensor):
    again, last = refit(sensor, small.prices(end="2021-05-31"))
    assert last > dt.date(2021, 5, 15)
    X = np.linspace(-1, 1, 5)[:, None]
    assert not np.array_equal(again.model.estimator.predict(X), sensor.model.estimator.predict(X))


def test_somebody_else_s_model_cannot_be_refitted(sensor):
    with pytest.raises(ShadowError, match="cannot be refitted"):
        refit(replace(sensor, bound=None), small.prices())


def test_no_version_is_called_as_a_refit():
    name = name_of(ABOUT.version_id, "2021-03-31T00:00:00")
    assert name == f"{PREFIX}20210331~{ABOUT.version_id}"
    assert VERSION_ID.fullmatch(name) is None
    told = about_refit(ABOUT, "2021-03-31T00:00:00", dt.date(2021, 3, 26), "2026-01-01T00:00:00+00:00")
    assert (told.version_id, told.train_end, told.horizon) == (name, "2021-03-26", ABOUT.horizon)
