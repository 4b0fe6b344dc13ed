import math
from dataclasses import fields

import pytest
import yaml

from zoo.configuration import conf_dir
from zoo.errors import ConfigError
from zoo.evaluation.gate import KINDS, Gate

FILES = sorted((conf_dir() / "gate").glob("*.yaml"))


def test_each_kind_has_a_file_that_a_gate_is_made_of():
    assert {path.stem for path in FILES} == set(KINDS)
    for path in FILES:
        values = yaml.safe_load(path.read_text())
        assert Gate.of(values, path).kind == path.stem


def test_the_defaults_of_schema_and_code_are_the_same():
    from zoo.commands.schema import GateSchema

    own = {field.name: getattr(GateSchema(kind="superior"), field.name) for field in fields(GateSchema)}
    assert own == Gate().as_dict()
    assert Gate.of(own) == Gate()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"soka_days": 63}, "gate.soka_days: no such key; expected one of kind, soak_days"),
        ({"soka_days": 63}, "did you mean 'soak_days'?"),
        ({"kind": "superoir"}, "did you mean 'superior'?"),
        ({"soak_days": 29}, "gate.soak_days: 29; expected a whole number of at least 30"),
        ({"soak_days": 63.0}, "gate.soak_days: 63.0"),
        ({"size": 0.5}, "gate.size: 0.5; expected more than 0, less than 0.5"),
        ({"size": math.nan}, "gate.size: nan"),
        ({"power": 1.0}, "gate.power: 1.0"),
        ({"rank_ic": "0.05"}, "gate.rank_ic: '0.05'"),
        ({"horizon_years": 0}, "gate.horizon_years: 0"),
        ({"coverage": 1.01}, "gate.coverage: 1.01; expected a number from 0 to 1"),
        ({"margin": -0.1}, "gate.margin: -0.1"),
        ({"revised": math.nan}, "gate.revised: nan"),
        ({"stale_bars": -1}, "gate.stale_bars: -1"),
        ({"draws": True}, "gate.draws: True"),
    ],
)
def test_what_no_gate_can_have_is_refused_by_name(values, said):
    with pytest.raises(ConfigError) as caught:
        Gate.of(values)
    assert said in str(caught.value)


def test_a_soak_that_outlasts_the_horizon_is_refused():
    with pytest.raises(ConfigError, match="300 bars outlast"):
        Gate(soak_days=300, horizon_years=1)
