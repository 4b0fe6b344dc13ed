import pytest

from zoo.events import Advanced, Failed, Finished, Noticed, Started
from zoo.monitoring.status import StatusLines, write_stderr


def test_failures_and_notices_are_lines_at_once_and_nothing_else_is():
    lines = []
    observer = StatusLines(lines.append)
    observer(Started("a", 3))
    observer(Failed("a", "DataError", "no price; expected one; add it"))
    assert lines == ["failed: a: DataError: no price; expected one; add it"]
    observer(Advanced("a", 1, "round 1"))
    observer(Noticed("a", "registered before"))
    observer(Finished("a"))
    assert lines[1:] == ["note: a: registered before"]


def test_lines_go_to_stderr(capfd):
    StatusLines()(Noticed("a", "a fact"))
    assert capfd.readouterr() == ("", "note: a: a fact\n")


def test_a_stderr_that_is_gone_stops_nobody(monkeypatch):
    class Gone:
        def write(self, _):
            raise BrokenPipeError

        flush = write

    monkeypatch.setattr("sys.stderr", Gone())
    write_stderr("unread")


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "100%", "{x}"])
def test_a_message_is_written_as_it_is(capfd, text):
    StatusLines()(Noticed("a", text))
    assert text in capfd.readouterr().err
