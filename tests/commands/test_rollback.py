import pytest


@pytest.fixture
def line(zoo, registered):
    """Three champions, one after the other."""
    ids = [registered(number=number).version_id for number in (1, 2, 3)]
    for version_id in ids:
        assert zoo.json("promote", f"version={version_id}", "gate=override", "reason=next").code == 0
    return ids


def test_a_rollback_brings_the_champion_before_back(zoo, line):
    ran = zoo.json("rollback", "line=us_equity", f"expect={line[2]}", "reason=too dear")
    assert ran.code == 0
    assert (ran.document["version_id"], ran.document["replaced"]) == (line[1], line[2])
    assert (ran.document["event"]["kind"], ran.document["gate"]) == ("rolled_back", None)
    out = zoo("rollback", "line=us_equity").out
    assert line[0] in out
    assert "gate" not in out
    assert "none given" in out


def test_a_rollback_goes_back_to_the_version_that_is_named(zoo, line):
    assert zoo.json("rollback", "line=us_equity", f"version={line[0]}").document["version_id"] == line[0]


def test_a_rollback_that_expects_another_champion_changes_nothing(zoo, line):
    ran = zoo.json("rollback", "line=us_equity", f"expect={line[0]}")
    assert ran.code == 1
    assert f"the champion is {line[2]}" in ran.error


def test_there_must_be_something_to_go_back_to(zoo, registered):
    ran = zoo.json("rollback", "line=us_equity")
    assert ran.code == 1
    assert "us_equity: the line has no champion" in ran.error
    assert not (zoo.outputs / "registry" / "registry.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no line was named"),
        (("line=us_equty",), "did you mean 'us_equity'?"),
        (("line=../x",), "names no"),
    ],
)
def test_a_line_is_one_of_conf_line(zoo, words, said):
    for command in ("rollback", "champion", "history"):
        ran = zoo.json(command, *words)
        assert ran.code == 2
        assert said in ran.error
