"""The experiments in git are those of this code: otherwise the main job would refuse them everywhere."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.pipeline import from_metadata
from zoo.settings import DEFAULTS
from zoo.trust import Trust

ROOT = Path(__file__).parents[1]
SEEDED = sorted(p.parent for p in (ROOT / "outputs" / "experiments").glob("*/metadata.json"))
REMAKE = "make it again: python -m zoo experiment experiment={} overwrite=true"


def test_every_experiment_that_a_spec_names_is_seeded():
    named = {
        Path(source.experiment).name
        for path in (ROOT / "conf" / "spec").glob("*.yaml")
        for source in OmegaConf.create(
            {"paths": {"experiments": "x"}, "spec": OmegaConf.load(path)}
        ).spec.sources
    }
    assert named == {path.name for path in SEEDED} != set()


@pytest.mark.parametrize("path", SEEDED, ids=lambda p: p.name)
def test_changing_a_fingerprinted_module_means_remaking_the_experiment(path):
    metadata = ExperimentDirectory(path).metadata
    now = from_metadata(metadata, path, Trust()).code()
    assert metadata["fingerprints"]["code"] == now, REMAKE.format(path.name)


@pytest.mark.parametrize("path", SEEDED, ids=lambda p: p.name)
def test_a_seeded_experiment_is_what_conf_declares(path):
    declared = OmegaConf.to_container(
        OmegaConf.load(ROOT / "conf" / "experiment" / f"{path.name}.yaml"), resolve=False
    )
    metadata = ExperimentDirectory(path).metadata
    assert metadata["manifest"] == declared["manifest"], REMAKE.format(path.name)
    assert metadata["params"] == declared["params"]
    assert metadata["seed"] == declared["search"]["seed"]
    assert metadata["settings"] == dict(DEFAULTS)
    assert metadata["failed"] == []


@pytest.mark.parametrize("path", SEEDED, ids=lambda p: p.name)
def test_a_seeded_experiment_is_small_and_names_no_machine(path):
    assert sum(f.stat().st_size for f in path.iterdir()) < 1_500_000
    text = "".join(f.read_text() for f in path.iterdir())
    assert str(ROOT) not in text
