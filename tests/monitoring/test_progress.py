import io
import re
import threading

import pytest
from rich.console import Console

from zoo.events import Advanced, Failed, Finished, Noticed, Started
from zoo.monitoring import progress
from zoo.monitoring.progress import ProgressDisplay, watching
from zoo.monitoring.status import StatusLines


def _terminal(width=80):
    return Console(file=io.StringIO(), force_terminal=True, width=width, legacy_windows=False)


def _text(console):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())


def _shown(display, console):
    """Wait until the display has drawn something."""
    for _ in range(500):
        display._progress.refresh()
        if _text(console):
            return _text(console)
        threading.Event().wait(0.01)
    pytest.fail("nothing was drawn")


def test_what_takes_longer_than_the_patience_is_drawn_with_its_steps_and_last_note():
    console = _terminal()
    with ProgressDisplay(console, patience=0) as display:
        display(Started("momentum", 21))
        display(Advanced("momentum", 3, "permutation 2"))
        text = _shown(display, console)
    assert "momentum" in text
    assert "3/21" in text
    assert "permutation 2" in text


def test_what_is_over_within_the_patience_draws_nothing():
    console = _terminal()
    with ProgressDisplay(console, patience=60) as display:
        display(Started("momentum", 2))
        display(Advanced("momentum", 2))
        display(Finished("momentum"))
    assert _text(console) == ""


def test_tasks_that_nobody_began_and_facts_that_are_no_steps_are_passed_over():
    with ProgressDisplay(_terminal(), patience=60) as display:
        display(Advanced("unknown", 1))
        display(Finished("unknown"))
        display(Failed("unknown", "DataError", "x"))
        display(Noticed("unknown", "x"))
        assert display._progress.tasks == []


def test_a_task_that_begins_again_replaces_the_one_before_it():
    with ProgressDisplay(_terminal(), patience=60) as display:
        display(Started("a", 2))
        display(Started("a", 5))
        assert [task.total for task in display._progress.tasks] == [5]
        display(Finished("a"))
        assert display._progress.tasks == []


def test_a_line_above_the_bars_is_never_broken_nor_read_as_markup():
    console = _terminal(width=20)
    with ProgressDisplay(console, patience=0) as display:
        display.write("failed: [red]a long line that is wider than the terminal")
    assert "failed: [red]a long line that is wider than the terminal" in _text(console)


def test_events_may_come_from_many_threads():
    with ProgressDisplay(_terminal(), patience=0) as display:
        display(Started("a", 400))
        threads = [
            threading.Thread(target=lambda: [display(Advanced("a")) for _ in range(100)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert display._progress.tasks[0].completed == 400


def test_without_a_terminal_there_are_lines_and_no_bars(capfd):
    with watching() as observers:
        for observer in observers:
            observer(Failed("a", "DataError", "no price"))
    assert [type(observer) for observer in observers] == [StatusLines]
    assert capfd.readouterr() == ("", "failed: a: DataError: no price\n")


def test_on_a_terminal_there_are_both_and_failures_go_above_the_bars(monkeypatch):
    console = _terminal()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "ProgressDisplay", lambda: ProgressDisplay(console, patience=0))
    with watching() as observers:
        for observer in observers:
            observer(Failed("a", "DataError", "no price"))
    assert [type(observer) for observer in observers] == [ProgressDisplay, StatusLines]
    assert "failed: a: DataError: no price" in _text(console)
