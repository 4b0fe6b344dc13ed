import math

import pytest

from zoo.errors import ConfigError
from zoo.evaluation.rules import BoardRules, ShadowRules


def test_the_defaults_are_those_of_conf():
    from omegaconf import OmegaConf

    from zoo.configuration import conf_dir

    for name, rules in (("shadow", ShadowRules), ("leaderboard", BoardRules)):
        declared = OmegaConf.to_container(OmegaConf.load(conf_dir() / name / "default.yaml"))
        assert rules(**declared) == rules()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cap": 0}, "shadow.cap: 0; expected a whole number of at least 1"),
        ({"cap": -3}, "shadow.cap: -3"),
        ({"cap": True}, "shadow.cap: True"),
        ({"cap": 2.5}, "shadow.cap: 2.5"),
        ({"soak_days": 0}, "shadow.soak_days: 0"),
        ({"proof": 0}, "shadow.proof: 0"),
        ({"seconds": 0.0}, "shadow.seconds: 0.0; expected a positive number"),
        ({"seconds": math.nan}, "shadow.seconds: nan"),
        ({"seconds": math.inf}, "shadow.seconds: inf"),
    ],
)
def test_shadow_rules_that_nobody_could_follow_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        ShadowRules(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"permutations": -1}, "leaderboard.permutations: -1"),
        ({"draws": 1.5}, "leaderboard.draws: 1.5"),
        ({"blocks": 3}, "leaderboard.blocks: 3; expected an even number"),
        ({"blocks": 0}, "leaderboard.blocks: 0"),
        ({"coverage": 0.0}, r"leaderboard.coverage: 0.0; expected a share in \(0, 1\]"),
        ({"coverage": math.nan}, "leaderboard.coverage: nan"),
    ],
)
def test_board_rules_that_say_nothing_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        BoardRules(**values)
