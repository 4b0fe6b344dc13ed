import pytest

from zoo.driver.result import Failure, Outcome, Promoted, SpecResult
from zoo.driver.task import RESULT_FILE
from zoo.errors import ExperimentNotFound

RESULT = SpecResult(
    "a",
    Outcome.partial,
    (Promoted("a-20171229-0123abcd", 7, "momentum", "challenger", True),),
    (Failure(9, "UnknownPermutation", "there is none"),),
    1.5,
    ("a fact",),
)


def test_a_result_is_read_as_it_was_written(tmp_path):
    RESULT.write(tmp_path)
    assert SpecResult.read(tmp_path) == RESULT
    assert [path.name for path in tmp_path.iterdir()] == [RESULT_FILE]


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"spec": "a"}', '{"spec": "a", "status": "fine"}'])
def test_what_a_dying_process_left_is_no_result(tmp_path, content):
    if content is not None:
        (tmp_path / RESULT_FILE).write_text(content)
    assert SpecResult.read(tmp_path) is None


def test_a_result_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / RESULT_FILE).mkdir()
    with pytest.raises(OSError, match=RESULT_FILE):
        RESULT.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [RESULT_FILE]


def test_a_refused_spec_says_why_in_one_failure():
    error = ExperimentNotFound("there is none", where="x", remedy="make it")
    refused = SpecResult.refused("a", Outcome.failed, error)
    assert refused.failures == (Failure(None, "ExperimentNotFound", "x: there is none; make it"),)
