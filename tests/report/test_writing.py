import hashlib
import os
import stat

import pytest

from zoo.errors import OutputUnavailable
from zoo.report import write_page
from zoo.report.page import GENERATOR


def content(directory):
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in directory.iterdir()
    }


def test_a_page_is_written_where_it_was_asked_for(full_analysis, tmp_path):
    path = tmp_path / "a" / "b" / "page.html"
    assert write_page(full_analysis, path) == path
    assert GENERATOR in path.read_text(encoding="utf-8")[:1000]
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_the_experiment_is_not_touched(full, full_analysis, tmp_path):
    before = content(full), full.stat().st_mtime_ns
    write_page(full_analysis, tmp_path / "page.html")
    assert (content(full), full.stat().st_mtime_ns) == before


def test_a_page_of_ours_is_replaced_and_a_file_of_another_is_not(full_analysis, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html>{GENERATOR} old")
    write_page(full_analysis, path)
    assert len(path.read_bytes()) > 100_000
    path.write_text("<!doctype html> mine")
    with pytest.raises(OutputUnavailable, match="is a file that no analysis wrote"):
        write_page(full_analysis, path)
    assert path.read_text() == "<!doctype html> mine"


def test_a_page_that_cannot_be_written_leaves_the_old_one_and_nothing_else(
    full_analysis, tmp_path, monkeypatch
):
    path = tmp_path / "page.html"
    path.write_text(f"{GENERATOR} old")

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OutputUnavailable, match="No space left on device"):
        write_page(full_analysis, path)
    assert path.read_text() == f"{GENERATOR} old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("where", ["file/page.html", "."])
def test_a_place_that_cannot_hold_a_page_is_named(full_analysis, tmp_path, where):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputUnavailable, match="the page cannot be written"):
        write_page(full_analysis, tmp_path / where)
