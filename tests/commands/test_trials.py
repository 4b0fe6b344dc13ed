import json

import numpy as np
import pytest

from zoo.commands.trials import described, number

TARGET = '{"_target_":"zoo.targets.forward_return","horizon":21,"demean":true}'
WINDOW = ("2013-01-02T00:00:00", "2017-12-29T00:00:00")


@pytest.fixture
def recorded(zoo):
    """Record trials: finished with returns, one of them NaN, one that failed, and one of another line."""

    def trial(number, net=None, line="us_equity", **changes):
        from zoo.registry import Trial

        dated = {} if net is None else {"calendar": "c" * 64, "window": WINDOW, "net": net}
        return Trial(f"{number:064x}", line, "small", number, TARGET, **dated, **changes)

    from zoo.registry import Registry

    noise = np.random.default_rng(1).normal(0.0003, 0.01, (100, 4)).astype(np.float32)
    noise[50:, 3] = np.nan
    with Registry.open(f"sqlite:///{zoo.outputs}/registry/registry.db") as registry:
        found = [*(trial(n, net) for n, net in enumerate(noise.T)), trial(4, status="failed")]
        registry.ledger.record("us_equity", found)
        registry.ledger.record("tabular", [trial(0, line="tabular")])
        return registry.ledger.sets("us_equity")


def test_each_set_is_a_row_with_its_trials_and_their_variance(zoo, recorded):
    ran = zoo.json("trials", "line=us_equity")
    assert ran.code == 0
    dated, failed = ran.document
    first = recorded[0]
    assert dated == {
        "line": "us_equity",
        "target": json.loads(TARGET),
        "calendar": "c" * 64,
        "first": WINDOW[0],
        "last": WINDOW[1],
        "bars": 100,
        "trials": 4,
        "finished": 4,
        "failed": 0,
        "nan": 1,
        "variance": first.variance,
        "mean_correlation": first.mean_correlation,
        "first_recorded": first.trials[0].recorded_at,
        "last_recorded": first.trials[0].recorded_at,
        "line_trials": 5,
    }
    assert {name: failed[name] for name in ("trials", "finished", "failed", "line_trials")} == {
        "trials": 1,
        "finished": 0,
        "failed": 1,
        "line_trials": 5,
    }
    assert (failed["calendar"], failed["bars"], failed["variance"]) == (None, None, None)


def test_without_a_line_all_lines_are_listed(zoo, recorded):
    assert [row["line"] for row in zoo.json("trials").document] == ["tabular", "us_equity", "us_equity"]
    assert [row["line"] for row in zoo.json("trials", "line=tabular").document] == ["tabular"]


def test_an_unknown_line_is_refused_with_the_nearest(zoo, recorded):
    ran = zoo.json("trials", "line=us_equty")
    assert ran.code == 2
    assert "us_equity" in ran.error


def test_the_table_fits_80_columns_and_says_the_n_of_the_line(zoo, recorded):
    out = zoo("trials", "line=us_equity").out
    assert "forward_return(horizon=21, demean=true)" in out
    assert "2013-01-02 to 2017-12-29, 100 bars" in out
    assert "1 failed" in out
    assert "1 NaN" in out
    assert out.endswith("us_equity: N = 5, failed trials and such without returns included\n")
    assert max(map(len, out.splitlines())) <= 80


def test_verify_says_how_many_trials_it_checked(zoo, recorded):
    assert zoo.json("verify").document["trials"] == 6
    assert zoo("verify").out == "0 versions and 6 trials checked: all well\n"


def test_without_a_store_there_are_none_and_none_is_made(zoo):
    assert zoo.json("trials").document == []
    assert zoo("trials", "line=us_equity").out == "no trial is recorded yet\n"
    assert not zoo.outputs.exists()


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"_target_": "zoo.targets.column"}, "column()"),
        ({"_target_": "zoo.targets.direction", "horizon": 5}, "direction(horizon=5)"),
        ({"sfd_module": "decoder", "settings": {}}, "decoder"),
        ({"a": 1}, '{"a": 1}'),
        ("anything", "anything"),
    ],
)
def test_a_target_is_written_as_one_calls_it(target, text):
    assert described(target) == text


@pytest.mark.parametrize(("value", "text"), [(0.00012345, "0.000123"), (float("nan"), ""), (0.0, "0")])
def test_figures_have_three_digits(value, text):
    assert number(value) == text
