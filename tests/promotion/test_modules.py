import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest

from zoo.errors import ArtifactCorrupt, TrustError
from zoo.experiment.loop import run_experiment
from zoo.promotion import Sensor, Trainer
from zoo.promotion.modules import LocalModule
from zoo.trust import Trust, file_hash

DECODER = """
    import numpy as np
    from sklearn.linear_model import Ridge
    from zoo import Manifest

    def params():
        return {"alpha": [1, 10]}

    def doubled(prices, *, lookback):
        return 2 * prices.pct_change(lookback)

    class Halved(Ridge):
        def predict(self, X):
            return super().predict(X) / 2

    def manifest():
        return (
            Manifest()
            .set_data_source("zoo.data.sp500", end="1997-12-31")
            .add_feature(doubled, lookback=20)
            .with_target("zoo.targets.forward_return", horizon=21, demean=True)
            .set_rows(every=21)
            .set_split_config(8, 1, 2)
            .with_model(MODEL, alpha="${params.alpha}")
        )
"""
LOCAL = Trust(local=True)
ELSEWHERE = """
import sys
import numpy as np
from zoo.data import sp500
from zoo.promotion import Sensor
from zoo.trust import Trust
sensor = Sensor.loads(open(sys.argv[1], "rb").read(), Trust(hashes=frozenset(sys.argv[3:])))
np.save(sys.argv[2], sensor.predict(sp500(end="1997-12-31")).to_numpy())
"""


def made(path, prices, model):
    path.mkdir(parents=True)
    (path / "lab.py").write_text(textwrap.dedent(DECODER).replace("MODEL", model))
    run_experiment({"sfd_module": "lab", "search": {"seed": 7}}, path, trust=LOCAL, data=prices)
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory, prices):
    return made(tmp_path_factory.mktemp("lab") / "mine", prices, "Ridge")


@pytest.fixture(scope="module")
def sensor(lab, prices):
    return Trainer(lab, prices, trusted=LOCAL).train([0])[0]


@pytest.fixture
def digest(lab):
    return file_hash(lab / "lab.py")


def elsewhere(tmp_path, content, *hashes):
    """Predict in a process that has never seen the experiment's directory."""
    (tmp_path / "sensor.skops").write_bytes(content)
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "sensor.skops"), str(tmp_path / "out.npy")]
    return subprocess.run([*command, *hashes], capture_output=True, text=True, check=False)


def test_without_trust_nothing_of_it_is_imported_and_the_error_says_what_to_read(sensor, digest, prices):
    back = Sensor.loads(sensor.dumps(), where="here")
    X = np.random.RandomState(0).standard_normal((5, 1))
    assert np.array_equal(back({"x_test": X})["_preds"], sensor({"x_test": X})["_preds"])
    with pytest.raises(
        TrustError, match=rf"module 'lab' .* not imported; .*{digest}.*modules/{digest[:16]}/lab\.py"
    ):
        back.predict(prices)
    assert np.array_equal(
        Sensor.loads(sensor.dumps(), Trust(hashes=frozenset({digest}))).predict(prices).to_numpy(),
        sensor.predict(prices).to_numpy(),
    )


def test_the_source_can_be_read_in_the_file_before_it_is_trusted(sensor, tmp_path, lab, digest):
    (tmp_path / "sensor.skops").write_bytes(sensor.dumps())
    with zipfile.ZipFile(tmp_path / "sensor.skops") as archive:
        assert archive.read(f"modules/{digest[:16]}/lab.py") == (lab / "lab.py").read_bytes()


def test_the_directory_may_be_gone_when_the_sensor_is_stored(tmp_path, prices):
    path = made(tmp_path / "x", prices, "Ridge")
    sensor = Trainer(path, prices, trusted=LOCAL).train([1])[0]
    (path / "lab.py").unlink()
    back = Sensor.loads(sensor.dumps(), LOCAL)
    assert np.array_equal(back.predict(prices).to_numpy(), sensor.predict(prices).to_numpy())


def test_a_sensor_that_was_loaded_is_stored_with_its_module_again(sensor, prices):
    untrusting = Sensor.loads(sensor.dumps())
    again = Sensor.loads(untrusting.dumps(), LOCAL)
    assert np.array_equal(again.predict(prices).to_numpy(), sensor.predict(prices).to_numpy())


def repacked(content, tmp_path, change):
    """Return the file with its members changed."""
    (tmp_path / "a.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.zip") as old, zipfile.ZipFile(tmp_path / "b.zip", "w") as new:
        for name, data in change({n: old.read(n) for n in old.namelist()}).items():
            new.writestr(name, data)
    return (tmp_path / "b.zip").read_bytes()


def test_a_changed_module_is_never_trusted_by_the_hash_of_the_old_one(sensor, tmp_path, digest):
    bad = repacked(
        sensor.dumps(), tmp_path, lambda m: {**m, f"modules/{digest[:16]}/lab.py": b"raise SystemExit(99)\n"}
    )
    with pytest.raises(ArtifactCorrupt, match="which is no module as it was stored"):
        Sensor.loads(bad, Trust(hashes=frozenset({digest})))


@pytest.mark.parametrize(
    "member",
    [
        "modules/../../lab.py",
        "modules/a b.py",
        "modules/__init__.py",
        "modules/x",
        "modules/0123456789abcdef/y.py",
    ],
)
def test_members_that_are_no_modules_are_refused(sensor, tmp_path, member):
    bad = repacked(sensor.dumps(), tmp_path, lambda m: {**m, member: b""})
    with pytest.raises(ArtifactCorrupt):
        Sensor.loads(bad, LOCAL)


def test_a_file_whose_module_was_taken_out_is_refused(sensor, tmp_path):
    bad = repacked(
        sensor.dumps(), tmp_path, lambda m: {n: d for n, d in m.items() if not n.startswith("modules/")}
    )
    with pytest.raises(ArtifactCorrupt, match="its modules are not those that were stored with it"):
        Sensor.loads(bad)


def test_a_decoders_features_and_model_work_in_another_process_once_its_hash_is_trusted(tmp_path, prices):
    path = made(tmp_path / "x", prices, "Halved")
    sensor = Trainer(path, prices, trusted=LOCAL).train([0])[0]
    content, digest = sensor.dumps(), file_hash(path / "lab.py")
    with pytest.raises(TrustError, match="module 'lab' of the experiment's directory is not trusted"):
        Sensor.loads(content)
    done = elsewhere(tmp_path, content, digest)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "out.npy"), sensor.predict(prices).to_numpy())


def test_a_module_that_needs_what_is_not_installed_is_an_error_of_ours():
    module = LocalModule("needy", b"import not_installed_anywhere\n")
    with pytest.raises(TrustError, match="module 'needy' cannot be imported: No module named"):
        module.load(LOCAL, "here")
