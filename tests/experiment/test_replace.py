import os
import shutil
import signal
import subprocess
import sys
import textwrap

import pytest

from zoo.errors import ExperimentBusy, ExperimentError
from zoo.experiment.replace import locked, publish, repair, replacement


def put(path, text):
    with locked(path):
        replacement(path).mkdir()
        (replacement(path) / "metadata.json").write_text(text)
        publish(path)


def hidden(path):
    return sorted(
        p.name for p in path.parent.iterdir() if p.name.startswith(".") and not p.name.endswith(".lock")
    )


def test_a_directory_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "momentum"
    put(path, "one")
    (path / "old_only.txt").write_text("x")
    put(path, "two")
    assert [p.name for p in path.iterdir()] == ["metadata.json"]
    assert (path / "metadata.json").read_text() == "two"
    assert hidden(path) == []


def test_a_writer_that_fails_leaves_the_directory_as_it_was(tmp_path):
    path = tmp_path / "momentum"
    put(path, "one")
    with pytest.raises(ZeroDivisionError), locked(path):
        (path / "b.txt").write_bytes(b"two" if 1 / 0 else b"")
    assert [p.name for p in path.iterdir()] == ["metadata.json"]
    assert hidden(path) == []


def test_a_replacement_that_stopped_between_the_renames_is_undone(tmp_path):
    path = tmp_path / "momentum"
    put(path, "one")
    path.rename(tmp_path / ".momentum.old")
    repair(path)
    assert (path / "metadata.json").read_text() == "one"
    assert hidden(path) == []


def test_a_replacement_that_stopped_after_the_renames_is_finished_by_the_next_writer(tmp_path):
    path = tmp_path / "momentum"
    put(path, "one")
    old = tmp_path / ".momentum.old"
    old.mkdir()
    put(path, "two")
    assert (path / "metadata.json").read_text() == "two"
    assert hidden(path) == []


def test_a_second_writer_is_refused_with_the_pid_of_the_first(tmp_path):
    path = tmp_path / "momentum"
    code = f"""
        from pathlib import Path
        from zoo.experiment.replace import locked
        with locked(Path({str(path)!r})):
            print("ready", flush=True)
            input()
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(ExperimentBusy, match=f"pid {child.pid}"), locked(path):
            pytest.fail("two writers at once")
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        put(path, "after")  # the lock of a dead writer is free, and what it left is swept
        assert hidden(path) == []
    finally:
        child.kill()
        child.communicate()


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExperimentError, match="cannot be written"), locked(tmp_path / "file" / "momentum"):
        pass


def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new_directory(tmp_path):
    path = tmp_path / "momentum"
    put(path, "0")
    code = f"""
        from pathlib import Path
        import shutil
        from zoo.experiment.replace import locked, publish, replacement
        path = Path({str(path)!r})
        n = 0
        print("ready", flush=True)
        while True:
            n += 1
            with locked(path):
                shutil.rmtree(replacement(path), ignore_errors=True)
                replacement(path).mkdir()
                for name in ("a", "b", "metadata.json"):
                    (replacement(path) / name).write_text(str(n))
                publish(path)
    """
    for moment in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
        )
        child.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=0.01 + 0.013 * moment)
        child.kill()
        child.communicate()
        repair(path)
        assert len({p.read_text() for p in path.iterdir()}) == 1
    shutil.rmtree(replacement(path), ignore_errors=True)
    put(path, "end")
    assert hidden(path) == []
