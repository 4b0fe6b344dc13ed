import pytest

from tests.experiment.analysis.writing import write_experiment


@pytest.fixture
def write(tmp_path):
    """Write an experiment of ours with the rounds that a test wants, each row and series signed."""

    def written(rounds, name="made", **more):
        return write_experiment(tmp_path / "experiments" / name, rounds, **more)

    return written
