import io

import pytest

from zoo.commands.conclusion import code_of, nothing_done
from zoo.commands.output import console
from zoo.commands.summary import counts, render
from zoo.driver.result import Failure, Outcome, Promoted, SpecResult


def version(created=True, stage="challenger"):
    return Promoted("residual_momentum-20171130-9ee11ed1", 7, "momentum", stage, created)


def lines(*results):
    return list(counts([result.as_dict() for result in results]))


def test_a_run_that_registers_something_says_how_much():
    assert lines(SpecResult("a", Outcome.ok, (version(), version()))) == ["2 new versions registered"]


def test_a_second_run_says_that_nothing_new_was_registered():
    again = SpecResult("a", Outcome.ok, (version(created=False), version(created=False)))
    assert lines(again) == ["nothing new was registered: 2 versions registered before"]


def test_failures_are_counted_and_the_ends_of_specs_too():
    failed = SpecResult("b", Outcome.failed, failures=(Failure(None, "DataError", "x"),))
    crashed = SpecResult("c", Outcome.crashed, failures=(Failure(None, "SpecCrashed", "y"),))
    assert lines(SpecResult("a", Outcome.ok, (version(),)), failed, crashed) == [
        "3 specs: 1 ok, 1 failed, 1 crashed",
        "2 failures",
        "1 new version registered",
    ]


def test_a_run_without_a_version_says_so():
    assert lines(SpecResult("a", Outcome.skipped))[-1] == "nothing was registered"


def test_the_table_fits_80_columns_and_says_what_was_cut_off():
    stream = io.StringIO()
    results = [
        SpecResult("residual_momentum", Outcome.interrupted, (version(), version(False, "champion"))),
        SpecResult("horizon_60d", Outcome.partial, (), (Failure(3, "ReconstructionError", "it differs"),)),
    ]
    render(console(stream), {"results": [result.as_dict() for result in results]})
    text = stream.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("residual_momentum-20171130-9ee11ed1") == 2
    assert "interrupted" in text
    assert "horizon_60d, permutation 3: ReconstructionError: it differs\n" in text


@pytest.mark.parametrize("status", Outcome)
def test_only_what_is_well_exits_with_0(status):
    result = SpecResult("a", status).as_dict()
    assert code_of([result]) == (0 if status in (Outcome.ok, Outcome.skipped) else 1)


@pytest.mark.parametrize("status", Outcome)
def test_a_run_in_which_no_spec_got_past_reading_is_an_error(status):
    idle = status in (Outcome.bad_config, Outcome.skipped)
    assert (nothing_done([SpecResult("a", status).as_dict()]) is not None) is idle


def test_a_run_without_any_spec_is_an_error():
    assert str(nothing_done([])).startswith("there is no spec to run; expected at least one active spec")
