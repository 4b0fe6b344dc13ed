import pandas as pd
import pytest

from zoo.errors import NothingToDo
from zoo.evaluation.window import Cover, Window, silent, why_not_comparable, window_of

CALENDAR = pd.bdate_range("2021-01-04", periods=250)


def cover(first=0, last=249, missing=0):
    return Cover(CALENDAR[first], CALENDAR[last], last - first + 1 - missing)


def test_the_window_follows_the_champion_and_begins_where_all_begin_who_have_most_of_its_bars():
    covers = {"champion": cover(0, 240), "near": cover(10), "late": cover(200)}
    window = window_of(covers, champion="champion", share=0.9)
    assert window == Window(CALENDAR[10], CALENDAR[240], "champion")
    assert why_not_comparable(covers["near"], window, CALENDAR) is None
    late = why_not_comparable(covers["late"], window, CALENDAR)
    assert late == f"its record begins on {CALENDAR[200].date()}, after {CALENDAR[10].date()}"


def test_who_begins_earlier_than_the_champion_does_not_lengthen_its_record():
    assert window_of({"c": cover(20), "early": cover(0)}, champion="c", share=0.9).first == CALENDAR[20]


def test_without_a_champion_the_longest_record_is_followed():
    covers = {"short": cover(5), "long": cover(0)}
    assert window_of(covers, champion=None, share=0.99).reference == "long"
    assert window_of(covers, champion="never shadowed", share=0.99).reference == "long"


def test_a_start_that_is_asked_for_is_taken_whoever_has_it():
    window = window_of({"a": cover(0), "b": cover(100)}, champion="a", share=0.9, start=CALENDAR[120])
    assert window.first == CALENDAR[120]
    assert why_not_comparable(cover(100), window, CALENDAR) is None


def test_nobody_in_the_shadow_is_nothing_to_compare():
    with pytest.raises(NothingToDo, match="nobody was shadowed yet; run `python -m zoo shadow`"):
        window_of({}, champion=None, share=0.9)


def test_a_record_that_ends_early_or_misses_dates_is_not_comparable_and_says_why():
    window = Window(CALENDAR[0], CALENDAR[249], "c")
    assert why_not_comparable(None, window, CALENDAR) == "it was not shadowed"
    early = why_not_comparable(cover(0, 200), window, CALENDAR)
    assert early == f"its record ends on {CALENDAR[200].date()}, before {CALENDAR[249].date()}"
    assert why_not_comparable(cover(missing=2), window, CALENDAR) == "2 dates are missing from its record"
    more = why_not_comparable(cover(missing=-1), window, CALENDAR)
    assert more == "its record has 1 dates that the data has not"


def test_who_predicts_nothing_where_others_do_is_named_and_a_day_on_which_nobody_does_counts_for_none():
    predicted = {"a": CALENDAR.drop(CALENDAR[3]), "b": CALENDAR.drop([CALENDAR[3], CALENDAR[7]])}
    assert silent(predicted, ["a", "b"]) == {
        "b": f"it predicted nothing on 1 dates, first on {CALENDAR[7].date()}"
    }
    assert silent(predicted, ["a"]) == {}


def test_a_record_without_a_day_has_no_cover():
    assert Cover.of(None) is None
