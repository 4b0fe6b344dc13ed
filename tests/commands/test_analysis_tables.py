import io

import pytest

from tests.experiment.analysis.odd import ODD
from tests.experiment.analysis.writing import Made, write_experiment
from zoo.commands.analysis_tables import render
from zoo.commands.output import console
from zoo.experiment.analysis import analyse


def printed(rounds, path, **more):
    stream = io.StringIO()
    render(console(stream), analyse(write_experiment(path, rounds), resamples=50, **more), path / "page.html")
    return stream.getvalue()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_experiment_is_printed(tmp_path, name):
    text = printed(ODD[name], tmp_path / name)
    assert f"experiment  {name}" in text
    assert "nan" not in text.replace("count  nan", "")


def rounds(sharpes):
    return [
        Made(
            {"a": n}, {"selection_rank_ic": 0.1 * n, "net_sharpe": s, "net_sharpe_se": 0.45, "turnover": 9.0}
        )
        for n, s in enumerate(sharpes)
    ]


def test_the_best_come_first_and_clones_share_a_line(tmp_path):
    lines = printed(rounds([0.5, -0.25, -0.25, -0.25]), tmp_path / "few").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("id"))
    assert lines[start + 2].split()[:4] == ["1-3", "-0.25", "±", "0.45"]
    assert lines[start + 3].split()[:4] == ["0", "0.50", "±", "0.45"]


def test_a_long_experiment_says_how_many_lines_are_missing(tmp_path):
    text = printed(rounds([0.1 * n for n in range(25)]), tmp_path / "many")
    assert "  and 15 more, in the page and in format=json" in text


def test_who_is_not_compared_is_named(tmp_path):
    assert "left out  3 with missing returns (0-2)" in printed(ODD["ruined"], tmp_path / "ruined")
