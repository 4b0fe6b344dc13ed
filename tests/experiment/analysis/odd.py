"""Experiments that are finished and hold little that can be analysed."""

from tests.experiment.analysis.writing import Made, held_out, quality

NAN, INF = float("nan"), float("inf")
NO_BARS = {"calendar": "c", "first": None, "last": None, "bars": 0, "net": []}
HOURS = ["2013-01-01T10:00:00+00:00", "2013-01-01T11:00:00+01:00"]

ODD = {
    "no_score": [
        Made({"a": n}, {"selection_rank_ic": NAN, "net_sharpe": NAN, "rank_ic": NAN}) for n in range(6)
    ],
    "one_score": [Made({"a": n % 2, "b": {"x": n}}, {"selection_rank_ic": 0.1}) for n in range(6)],
    "infinite": [
        Made({"a": n}, {"selection_rank_ic": INF if n == 2 else 0.1 * n, "mse": INF}) for n in range(6)
    ],
    "no_number": [Made({"a": 1}, {"text": "x"})],
    "no_ic": [
        Made({"a": 1}, {"selection_rank_ic": 0.1}, quality([None, None], ["2013-01-01", "2013-02-01"]))
    ],
    "cash": [
        Made({"a": n}, {"selection_rank_ic": 0.1}, {"held_out": held_out([0.0] * 40)}) for n in range(3)
    ],
    "no_bars": [Made({"a": 1}, {"selection_rank_ic": 0.1}, {"held_out": NO_BARS, **quality([], [])})],
    "hours": [Made({"a": 1}, {"selection_rank_ic": 0.1}, quality([0.1, 0.2], HOURS))],
    "ruined": [
        Made({"a": n}, {"selection_rank_ic": 0.1 * n}, {"held_out": held_out([0.1, NAN] * 20)})
        for n in range(3)
    ],
}
