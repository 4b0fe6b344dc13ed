import math

import numpy as np
import pandas as pd
import pytest

from tests.experiment.analysis.writing import Made, held_out, quality, write_experiment
from zoo.experiment.analysis import analyse
from zoo.experiment.analysis.confusion import COUNTS

NASTY = "</script><b title='x'>&amp;"
DATES = [date.isoformat()[:10] for date in pd.date_range("2013-01-31", periods=24, freq="ME")]


def made(number, rng):
    """A round of everything that can be recorded; 5 has no score and was ruined."""
    alpha, scaler = [0.1, 1, 10][number % 3], ["standard", NASTY][number // 3 % 2]
    nan = float("nan")
    sharpe = float(rng.normal(0.3, 0.2))
    metrics = {
        "rank_ic": 0.01 * number, "rank_ic_se": 0.02, "accuracy": 0.5, "auc": 0.5 + 0.001 * number,
        **dict(zip(COUNTS, (50 + number, 10, 5, 35 - number), strict=True)),
        "selection_rank_ic": nan if number == 5 else 0.05 * math.log10(alpha) + 0.001 * number,
        "net_sharpe": sharpe, "net_sharpe_se": 0.4, "net_sharpe_min": sharpe - 0.3,
        "net_sharpe_median": sharpe, "net_sharpe_max": sharpe + 0.3,
        "net_annual_mean": 0.0321, "net_annual_mean_se": 0.1, "max_drawdown": 0.25, "turnover": 9.0,
    }  # fmt: skip
    net = rng.normal(0, 0.01, 200)
    net[150:] = nan if number == 5 else net[150:]
    ics = [None if n == 3 else float(v) for n, v in enumerate(rng.normal(0, 0.3, len(DATES)))]
    return Made(
        {"alpha": alpha, "scaler": scaler}, metrics, {"held_out": held_out(net), **quality(ics, DATES)}
    )


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    """An experiment that recorded everything; two rounds failed."""
    rng = np.random.default_rng(4)
    failed = [
        (1, {"alpha": -1, "scaler": NASTY}, "ValueError", f"alpha {NASTY}"),
        (8, {"alpha": 0}, "E", "m"),
    ]
    path = tmp_path_factory.mktemp("experiments") / "full"
    return write_experiment(path, [made(number, rng) for number in range(12)], failed=failed)


@pytest.fixture(scope="session")
def full_analysis(full):
    return analyse(full, resamples=200)
