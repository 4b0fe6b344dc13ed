"""Every experiment that ships runs and reproduces, or fails for the reason that it is there for."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from zoo.errors import ReconstructionError
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer

FILES = sorted((Path(__file__).parents[2] / "conf" / "experiment").glob("*.yaml"))


def made(path, directory):
    definition = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    summary = run_experiment(definition, directory / path.stem)
    assert summary.failed == 0
    return Trainer(directory / path.stem)


@pytest.mark.parametrize("path", [p for p in FILES if p.stem != "chance"], ids=lambda p: p.stem)
def test_an_experiment_that_ships_runs_and_reproduces(path, tmp_path):
    trainer = made(path, tmp_path)
    sensor = trainer.train([trainer.directory.ids[-1]])[0]
    assert sensor.metadata["validation"]["not_checked"] == []


def test_a_random_model_is_never_promoted(tmp_path):
    trainer = made(next(p for p in FILES if p.stem == "chance"), tmp_path)
    with pytest.raises(ReconstructionError, match="does not reproduce"):
        trainer.train([0])


def test_the_monthly_twin_counts_in_months(tmp_path):
    trainer = made(next(p for p in FILES if p.stem == "momentum_monthly"), tmp_path)
    sensor = trainer.train([0])[0]
    assert trainer.bench.data.dates.is_monotonic_increasing
    assert 330 <= len(trainer.bench.data.dates) <= 340
    assert sensor.metadata["horizon"] == 1
