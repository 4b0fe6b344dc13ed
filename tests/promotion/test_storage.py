import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from zoo.errors import ArtifactCorrupt, TrustError
from zoo.promotion import Sensor, storage
from zoo.promotion.storage import dump, load
from zoo.trust import Trust

RANDOM = np.random.RandomState(0)
X, Y = RANDOM.standard_normal((120, 3)), RANDOM.standard_normal(120)
BOOSTING = HistGradientBoostingRegressor(max_iter=5)
ESTIMATORS = [
    Ridge(),
    ElasticNet(alpha=0.01),
    BOOSTING,
    RandomForestRegressor(5, random_state=0),
    MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0),
    VotingRegressor([("a", Ridge()), ("b", BOOSTING)]),
    StackingRegressor([("a", Ridge()), ("b", BOOSTING)], cv=3),
    LogisticRegression(),
    HistGradientBoostingClassifier(max_iter=5),
    CalibratedClassifierCV(LogisticRegression(), cv=3),
]


class Lab(Ridge):
    """An estimator of somebody's own."""


def shout(values):
    return values


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scaler", [StandardScaler(), RobustScaler()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_every_estimator_that_ships_comes_back_to_the_bit(estimator, scaler):
    classes = hasattr(estimator, "predict_proba")
    fitted = Pipeline([("scaler", scaler), ("model", estimator)]).fit(X, Y > 0 if classes else Y)
    back, document = load(dump(fitted, {"name": "x"}, Trust()), Trust(), "here")
    assert document["name"] == "x"
    assert np.array_equal(back.predict(X), fitted.predict(X))


def test_a_class_outside_the_list_is_refused_when_it_is_written_and_named():
    with pytest.raises(TrustError, match=r"test_storage\.Lab.*add 'tests\.' to trust\.prefixes"):
        dump(Lab().fit(X, Y), {}, Trust())


def test_a_class_of_a_package_that_the_user_trusts_is_stored_and_loaded():
    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    fitted = Lab().fit(X, Y)
    content = dump(fitted, {}, trust)
    assert np.array_equal(load(content, trust, "here")[0].predict(X), fitted.predict(X))
    with pytest.raises(TrustError, match="Lab"):
        load(content, Trust(), "here")


def test_the_types_of_a_file_are_remembered_and_whether_they_are_trusted_is_asked_each_time(monkeypatch):
    import skops.io

    asked = []
    find = skops.io.get_untrusted_types
    monkeypatch.setattr(skops.io, "get_untrusted_types", lambda **of: asked.append(1) or find(**of))
    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    content = dump(Lab().fit(X, Y), {}, trust)
    for _ in range(3):
        load(content, trust, "here")
        with pytest.raises(TrustError, match="Lab"):
            load(content, Trust(), "here")
    assert len(asked) == 1
    with pytest.raises(TrustError, match="Lab"):  # other bytes are another file
        load(dump(Lab().fit(X, -Y), {}, trust), Trust(), "here")
    assert len(asked) == 2


def test_of_many_files_only_the_last_are_remembered():
    for number in range(storage._REMEMBERED + 3):
        dump(Ridge(alpha=number).fit(X, Y), {}, Trust())
    assert len(storage._KNOWN) == storage._REMEMBERED


def test_the_default_prefixes_trust_no_function_of_scikit_learn_by_themselves():
    from sklearn.utils.validation import check_array

    with pytest.raises(TrustError, match="check_array"):
        dump(FunctionTransformer(check_array), {}, Trust())


@pytest.mark.parametrize("content", [b"", b"not a zip", pickle.dumps({"a": 1})])
def test_what_is_no_skops_file_is_corrupt_and_no_pickle_is_loaded(content):
    with pytest.raises(ArtifactCorrupt, match=r"sensor\.skops: is no sensor"):
        load(content, Trust(), "sensor.skops")


def test_a_skops_file_that_is_no_sensor_is_corrupt():
    import skops.io

    with pytest.raises(ArtifactCorrupt, match="is no sensor"):
        load(skops.io.dumps({"estimator": Ridge()}), Trust(), "here")


def test_a_sensor_of_another_format_is_refused(monkeypatch):
    monkeypatch.setattr("zoo.promotion.storage.SENSOR_FORMAT", 99)
    content = dump(Ridge().fit(X, Y), {}, Trust())
    monkeypatch.undo()
    with pytest.raises(ArtifactCorrupt, match="sensor format 99"):
        load(content, Trust(), "here")


def test_a_file_that_names_its_own_types_trusted_is_not_believed():
    content = dump(Lab().fit(X, Y), {}, Trust(prefixes=("tests.",)))
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("trusted.json", '["tests.promotion.test_storage.Lab"]')
    with pytest.raises(TrustError, match="Lab"):
        load(buffer.getvalue(), Trust(), "here")


@settings(deadline=None, max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_file_with_one_wrong_bit_is_refused_or_is_the_same_sensor(linear, place, bit):
    content = bytearray(linear.dumps())
    content[int(place * len(content))] ^= 1 << bit
    try:
        back = Sensor.loads(bytes(content))
    except (ArtifactCorrupt, TrustError):
        return
    rows = {"x_test": np.array([[0.1, -0.2], [3.0, 4.0]])}
    assert np.array_equal(back(rows)["_preds"], linear(rows)["_preds"])
    assert back.metadata == linear.metadata


@pytest.mark.parametrize("change", [{"bound": 7}, {"features": None}, {"results": []}, {"metadata": None}])
def test_a_document_in_another_form_is_corrupt(linear, change):
    content = dump(linear.model.estimator, {**linear.as_document(), **change}, Trust())
    with pytest.raises(ArtifactCorrupt, match="is no sensor"):
        Sensor.loads(content)
    lacking = {key: value for key, value in linear.as_document().items() if key not in change}
    with pytest.raises(ArtifactCorrupt, match="is no sensor: KeyError"):
        Sensor.loads(dump(linear.model.estimator, lacking, Trust()))
