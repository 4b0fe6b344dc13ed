"""conf/portfolio: each file names a policy that is there, takes what the file says, and trades."""

import functools
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

import zoo.portfolio
from zoo.trust import Trust, resolve

CONF = sorted((Path(__file__).parents[2] / "conf" / "portfolio").glob("*.yaml"))


def test_every_policy_has_a_file():
    assert [path.stem for path in CONF] == [
        "directional",
        "long_only_top",
        "quantile_long_short",
        "rank_weighted",
    ]


@pytest.mark.parametrize("path", CONF, ids=lambda path: path.stem)
def test_a_file_is_a_policy_and_a_delay(path):
    declared = OmegaConf.to_container(OmegaConf.load(path))
    assert declared.pop("delay") == 1
    arguments = declared.pop("policy")
    assert not declared
    policy = resolve(arguments.pop("_target_"), Trust())
    assert policy is getattr(zoo.portfolio, path.stem)
    assert functools.partial(policy, **arguments)(np.arange(10.0)).max() > 0
