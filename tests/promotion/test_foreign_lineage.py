"""Versions of other libraries' models, and their sensors on disk."""

import json
import os
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from zoo.data import Table
from zoo.errors import (
    ReferenceModelError,
    TrustError,
)
from zoo.promotion import Sensor, Trainer
from zoo.promotion.foreign import fingerprint_of
from zoo.trust import Trust

from .conftest import HERE
from .their_files import local

# --- versions --------------------------------------------------------------------------------------


def test_the_same_promotion_is_the_same_version_and_another_one_is_another(theirs, their_trust):
    path = theirs()
    first, second = (Trainer(path, trusted=their_trust).outcome(0) for _ in range(2))
    assert first.inputs == second.inputs
    assert Trainer(path, trusted=their_trust).outcome(1).inputs != first.inputs
    assert first.train_end is None


def test_the_version_knows_the_librarys_code(theirs, their_trust, library, tmp_path, monkeypatch):
    copied = tmp_path / "copy"
    shutil.copytree(library, copied / "other_library")
    monkeypatch.syspath_prepend(str(copied))
    path = theirs()
    before = Trainer(path, trusted=their_trust).outcome(0).inputs["source"]
    file = copied / "other_library" / "bars.py"
    file.write_text(file.read_text() + "\n# another comment\n")
    assert Trainer(path, trusted=their_trust).outcome(0).inputs["source"] != before


def test_data_that_has_no_fingerprint_makes_every_version_its_own(theirs, their_trust, library):
    path = theirs("returns")
    source = (library / "decoders" / "returns.py").read_text()
    source = source.replace('data["momentum"]', 'data = data["bars"].copy(); data["momentum"]', 1)
    local(path, source.replace("pandas_bars, prepare", "lambda: {'bars': pandas_bars()}, prepare"))
    trust = Trust(("zoo.", "sklearn.", "other_library."), local=True)
    first, second = (Trainer(path, trusted=trust).outcome(0) for _ in range(2))
    assert first.error is None
    assert "which data it is" in first.sensor.metadata["validation"]["not_checked"]
    assert "data\n  not known" in first.sensor.explain()
    assert first.inputs["data"] == "unknown"
    assert first.inputs != second.inputs


def test_a_fingerprint_does_not_depend_on_the_library_of_the_frame(library):
    from other_library.bars import polars_bars

    frame = polars_bars().drop("datetime")
    assert fingerprint_of(frame) == fingerprint_of(frame.to_pandas())
    assert fingerprint_of(Table(frame.to_pandas())) == fingerprint_of(frame)
    assert fingerprint_of(np.ones(3)) is None
    assert fingerprint_of(pd.DataFrame()) is None


def test_predictions_of_both_parts_are_kept(theirs, their_trust):
    outcome = Trainer(theirs(), trusted=their_trust).outcome(0)
    counts = outcome.predictions["part"].value_counts().to_dict()
    assert counts == {"refit": 394, "test": 73}
    assert outcome.predictions["prediction"].between(0, 1).all()


def test_the_refit_is_compared_with_the_variant(theirs, train):
    found = train(theirs("returns")).metadata["agreement"]
    assert found["floor"] <= found["rank_correlation"] <= 1
    assert (found["how"], found["refits"], found["equal_classes"]) == ("bootstrap", 20, None)
    assert train(theirs()).metadata["agreement"]["equal_classes"] > 0.5


# --- on disk ---------------------------------------------------------------------------------------

PROBE = [[0.5, -1.0], [2.0, 1.0]]
COLD = """
import sys
import numpy as np
from zoo.promotion import Sensor
from zoo.trust import Trust
trust = Trust(("zoo.", "sklearn.", "other_library."), local=sys.argv[2] == "local")
sensor = Sensor.loads(open(sys.argv[1], "rb").read(), trust)
print(sensor.predict({"x_test": np.array(%r)})["_probs"].tolist())
"""


def cold(file, *, local=False):
    """Load a sensor in a new process, and return what it predicts."""
    done = subprocess.run(
        [sys.executable, "-c", COLD % (PROBE,), str(file), "local" if local else "installed"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    return json.loads(done.stdout)


LOCAL_MODEL = """
    from other_library.bars import polars_bars
    from other_library.decoders.direction import params, prepare
    from other_library.manifest import Manifest
    from other_library.architectures.logistic import Logistic as Theirs

    class Mine(Theirs):
        {body}

    def mine(data, C=1.0):
        return Mine().train(data, C=C).evaluate(data)

    def manifest():
        return Manifest(polars_bars, prepare, mine)
"""


def test_a_model_class_of_the_experiments_own_file_travels_with_its_sensor(theirs, train, tmp_path):
    path = theirs()
    local(path, LOCAL_MODEL.format(body="pass"))
    prefixes = ("zoo.", "sklearn.", "other_library.")
    content = train(path, trusted=Trust(prefixes, local=True)).dumps()
    with pytest.raises(TrustError, match=r"'their_decoder' .* is not trusted"):
        Sensor.loads(content, prefixes)
    (tmp_path / "sensor.skops").write_bytes(content)
    assert (
        cold(tmp_path / "sensor.skops", local=True)
        == Sensor.loads(content, Trust(prefixes, local=True))
        .predict({"x_test": np.array(PROBE)})["_probs"]
        .tolist()
    )


def test_a_class_outside_the_trust_list_is_named_and_stored_once_it_is_trusted(
    theirs, train, library, tmp_path
):
    package = tmp_path / "parts_of_models"
    package.mkdir()
    (package / "__init__.py").write_text("class Memory:\n    def __init__(self): self.seen = 3\n")
    sys.path.insert(0, str(tmp_path))
    try:
        path = theirs()
        body = (
            "def train(self, data, C=1.0):\n"
            "            from parts_of_models import Memory\n"
            "            self.memory = Memory()\n"
            "            return super().train(data, C=C)"
        )
        decoder = textwrap.dedent(LOCAL_MODEL.format(body=body))
        (package / "architecture.py").write_text(decoder)
        local(path, "from parts_of_models.architecture import manifest, params\n")
        prefixes = ("zoo.", "sklearn.", "other_library.")
        with pytest.raises(TrustError, match=r"'parts_of_models\.architecture' is not trusted"):
            train(path, trusted=Trust(prefixes, local=True))
        narrow = Trust((*prefixes, "parts_of_models.architecture"), local=True)
        sensor = train(path, trusted=narrow)
        with pytest.raises(TrustError, match=r"parts_of_models\.Memory.*add 'parts_of_models\.'"):
            sensor.dumps()
        wide = Trust((*prefixes, "parts_of_models."), local=True)
        assert Sensor.loads(train(path, trusted=wide).dumps(), wide).model.estimator.memory.seen == 3
    finally:
        sys.path.remove(str(tmp_path))


FORGETFUL = """
class Forgetful(Mine):
    sign = -1
    def __getstate__(self): return {"model": self.model}
    def train(self, data, C=1.0):
        self.sign = 1
        return super().train(data, C=C)
    def predict(self, data):
        out = super().predict(data)
        return {**out, "_preds": self.sign * out["_preds"]}

del Mine
mine = lambda data, C=1.0: Forgetful().train(data, C=C).evaluate(data)
"""


def test_a_model_that_forgets_itself_on_disk_is_not_promoted(theirs, train, tmp_path, monkeypatch):
    package = tmp_path / "forgetful"
    package.mkdir()
    own = textwrap.dedent(LOCAL_MODEL.format(body="pass"))
    (package / "__init__.py").write_text(own + FORGETFUL)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = theirs()
    local(path, "from forgetful import manifest, params\n")
    with pytest.raises(ReferenceModelError, match="predicts differently after it was saved and loaded"):
        train(path, trusted=Trust(("zoo.", "sklearn.", "other_library.", "forgetful."), local=True))


def test_a_sensor_predicts_the_same_to_the_bit_in_a_process_that_knows_only_its_file(theirs, train, tmp_path):
    sensor = train(theirs())
    (tmp_path / "sensor.skops").write_bytes(sensor.dumps())
    here = sensor.predict({"x_test": np.array(PROBE)})["_probs"]
    assert cold(tmp_path / "sensor.skops") == here.tolist()


def test_a_sensor_is_not_loaded_where_its_library_is_not_trusted(theirs, train):
    content = train(theirs()).dumps()
    with pytest.raises(TrustError, match=r"other_library\.architectures\.logistic\.Logistic"):
        Sensor.loads(content)
