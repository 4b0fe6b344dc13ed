import pytest

from tests.experiment.analysis.writing import Made, write_foreign
from zoo.errors import ConfigError
from zoo.experiment.analysis import read_record, resolve_score
from zoo.experiment.analysis.score import TEST, UNKNOWN, VALIDATION, WALK_FORWARD


@pytest.fixture
def record(write):
    nan = float("nan")
    return read_record(
        write(
            [
                Made({"alpha": a}, {"rank_ic": t, "mse": m, "val_rank_ic": v, "selection_rank_ic": s})
                for a, t, m, v, s in [
                    (1, 0.1, 3.0, 0.3, 0.2),
                    (2, 0.2, 1.0, 0.1, nan),
                    (3, 0.3, 2.0, 0.2, 0.4),
                ]
            ]
        )
    )


def test_unasked_it_is_the_walk_forward_score(record):
    score = resolve_score(record)
    assert (score.column, score.part, score.selects) == ("selection_rank_ic", WALK_FORWARD, True)


def test_a_bare_name_means_what_it_means_in_a_spec(record):
    assert resolve_score(record, "rank_ic").column == "selection_rank_ic"


@pytest.mark.parametrize(
    ("by", "column", "part", "selects"),
    [
        ("test_rank_ic", "rank_ic", TEST, False),
        ("mse", "mse", TEST, False),
        ("val_rank_ic", "val_rank_ic", VALIDATION, True),
        ("selection_rank_ic", "selection_rank_ic", WALK_FORWARD, True),
    ],
)
def test_other_parts_are_had_by_name_and_say_what_they_are(record, by, column, part, selects):
    score = resolve_score(record, by)
    assert (score.column, score.part, score.selects) == (column, part, selects)


def test_an_unknown_metric_is_refused_with_the_nearest(record):
    with pytest.raises(ConfigError, match="did you mean 'rank_ic'") as caught:
        resolve_score(record, "rank_ik")
    assert caught.value.exit_code == 2


def test_the_search_s_own_score_comes_first(write):
    metrics = {"selection_rank_ic": 0.1, "selection_mse": 0.2}
    path = write([Made({"alpha": 1}, metrics)], search={"strategy": "grid", "seed": 7, "score": "mse"})
    assert resolve_score(path).column == "selection_mse"


def test_without_a_walk_forward_score_nothing_is_taken_unasked(write):
    path = write([Made({"alpha": 1}, {"rank_ic": 0.1})])
    assert resolve_score(path) is None
    assert resolve_score(path, "rank_ic").part == TEST


def test_another_library_does_not_say_which_part_it_measured(tmp_path):
    path = write_foreign(tmp_path / "theirs", [Made({"roc": 4}, {"pnl": 1.5})])
    score = resolve_score(path, "pnl")
    assert (score.part, score.selects) == (UNKNOWN, False)


def test_the_best_come_first_and_those_without_a_score_last(record):
    assert resolve_score(record).ranked().tolist() == [2, 0, 1]
    assert resolve_score(record, "mse").ranked().tolist() == [1, 2, 0]
