import pytest

from zoo.controls import Controls
from zoo.errors import ConfigError


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": True},
        {"size": 0.0},
        {"size": float("nan")},
        {"size": 0.5},
        {"rank_ic": 1.0},
        {"rank_ic": float("nan")},
        {"seeds": 1},
    ],
    ids=str,
)
def test_numbers_that_are_none_and_unknown_keys_are_refused_with_their_key(wrong):
    with pytest.raises(ConfigError, match=f"promotion.twins.{next(iter(wrong))}"):
        Controls.of(wrong)


def test_what_is_written_is_what_is_read():
    controls = Controls(seed=5, size=0.01, rank_ic=0.3)
    assert Controls.of(controls.as_dict()) == controls
