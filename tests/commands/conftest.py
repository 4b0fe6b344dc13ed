import pytest

from tests.command_line import STAND_IN, CommandLine


@pytest.fixture
def zoo(tmp_path, monkeypatch, capfd):
    """A command line whose specs do what their names say."""
    command_line = CommandLine(tmp_path, capfd)
    monkeypatch.setenv("ZOO_CONF", str(command_line.conf))
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)
    return command_line


@pytest.fixture
def registered(zoo):
    """Register a version for a spec; return it."""

    def register(spec="ok_a", number=7, lineage=None, artifacts=None, **changes):
        from datetime import date

        import pandas as pd

        from zoo.registry import Candidate, Registry

        frame = pd.DataFrame({"part": ["test"], "row": [0], "prediction": [0.5]})
        variant = {"rank_ic": 0.0279, "rank_ic_se": 0.012, "rank_ic_t": 2.3, "mse": 0.5}
        candidate = Candidate(
            line="us_equity",
            label=f"spec-{spec}",
            spec=spec,
            experiment="small",
            permutation_id=number,
            train_end=date(2017, 11, 30),
            inputs={"number": number},
            overrides={"forward_days": 60},
            metrics={"logged": {"rank_ic": float("nan")}, "variant": variant},
            lineage={"horizon": 60, "libraries": {"now": {"numpy": "2.4"}}, **(lineage or {})},
            config="a: 1",
            sensor=b"sensor",
            predictions=frame,
        )
        url = f"sqlite:///{zoo.outputs}/registry/registry.db"
        with Registry.open(url, artifacts=artifacts) as registry:
            return registry.register(candidate).version

    return register
