"""Another library's experiment through `python -m zoo`: a spec, a trust list, a version."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.promotion import Sensor
from zoo.registry import Registry

HOME = Path(__file__).parents[1] / "promotion"
RUN = """
from pathlib import Path
from sys import argv
from other_library import loop
from other_library.decoders import direction
loop.run(direction, Path(argv[1]))
"""
SPEC = """\
name: theirs
line: us_equity
label: theirs
sources:
  - experiment: ${paths.experiments}/direction
    permutations: [0, 3]
"""
TRUST = "prefixes: [zoo., sklearn.{more}]\nlocal: false\nhashes: []\n"


class Runs:
    """A configuration, outputs, and the other library on the path of every process."""

    def __init__(self, root):
        self.conf, self.outputs = root / "conf", root / "outputs"
        self.experiment = self.outputs / "experiments" / "direction"
        for group in ("spec", "trust"):
            (self.conf / group).mkdir(parents=True)
        (self.conf / "spec" / "theirs.yaml").write_text(SPEC)
        self.environment = {**os.environ, "ZOO_CONF": str(self.conf), "PYTHONPATH": str(HOME)}
        self.python("-c", RUN, str(self.experiment))

    def python(self, *words):
        command = [sys.executable, *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=self.environment, cwd=self.conf.parent
        )

    def trust(self, more=""):
        (self.conf / "trust" / "default.yaml").write_text(TRUST.format(more=more))

    def zoo(self, *words):
        paths = [f"paths.outputs={self.outputs}", f"paths.experiments={self.outputs}/experiments"]
        done = self.python("-m", "zoo", *words, *paths, "format=json")
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return Runs(tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def registered(runs):
    """The spec applied once, trusted: every test has it, whichever runs first or alone."""
    runs.trust(", other_library.")
    code, document = runs.zoo("spec=theirs")
    assert code == 0
    return document["results"][0]["versions"]


def test_nothing_of_a_library_that_is_not_trusted_is_imported_or_registered(tmp_path):
    runs = Runs(tmp_path)
    runs.trust()
    code, document = runs.zoo("spec=theirs")
    assert code == 1
    (result,) = document["results"]
    assert (result["status"], result["versions"]) == ("failed", [])
    assert result["failures"][0]["error"] == "TrustError"
    assert "add 'other_library.' to trust.prefixes in conf/trust" in result["failures"][0]["message"]


def test_a_spec_registers_it_once_its_library_is_trusted(runs, registered):
    versions = registered
    assert [version["permutation_id"] for version in versions] == [0, 3]
    assert all(version["version_id"].startswith("theirs-00000000-") for version in versions)
    again = runs.zoo("spec=theirs")[1]["results"][0]["versions"]
    assert [(v["version_id"], v["created"]) for v in again] == [(v["version_id"], False) for v in versions]
    assert runs.zoo("verify")[1]["ok"]
    _, shown = runs.zoo("show", f"version={versions[0]['version_id']}")
    silent = json.dumps(shown)
    assert "column backtest_sharpe" in silent
    assert "data fingerprint" in silent


@pytest.mark.usefixtures("registered")
def test_its_registered_sensor_predicts(runs, monkeypatch):
    monkeypatch.syspath_prepend(str(HOME))
    url = f"sqlite:///{runs.outputs}/registry/registry.db"
    with Registry.open(url, artifacts=runs.outputs / "registry", read_only=True) as registry:
        version = registry.versions()[0]
    file = runs.outputs / "registry" / version.line / version.version_id / "sensor.skops"
    sensor = Sensor.loads(file.read_bytes(), ["zoo.", "sklearn.", "other_library."])
    assert sensor({"x_test": np.zeros((1, 2))})["_preds"].shape == (1,)
    assert "backtest_sharpe" not in version.metrics["logged"]


def test_an_override_that_it_does_not_read_fails_with_its_own_error(runs):
    runs.trust(", other_library.")
    code, document = runs.zoo("spec=theirs", "spec.overrides.forward_days=60")
    assert code == 1
    assert {f["error"] for f in document["results"][0]["failures"]} == {"InertOverride"}
