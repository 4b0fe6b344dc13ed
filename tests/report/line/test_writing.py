import pytest

from zoo.errors import OutputUnavailable
from zoo.report.line import write_report
from zoo.report.line.page import GENERATOR


def test_a_page_is_written_whole_and_a_page_of_the_same_kind_is_replaced(report, tmp_path):
    path = tmp_path / "a" / "line.html"
    assert write_report(report, path) == path
    first = path.read_bytes()
    assert GENERATOR.encode() in first[:1000]
    path.write_text(f"{GENERATOR} old")
    write_report(report, path)
    assert path.read_bytes() == first
    assert [one.name for one in path.parent.iterdir()] == ["line.html"]


@pytest.mark.parametrize("mine", ["notes", '<meta name="generator" content="zoo analyze">'])
def test_another_s_file_is_not_overwritten(report, tmp_path, mine):
    path = tmp_path / "line.html"
    path.write_text(mine)
    with pytest.raises(
        OutputUnavailable, match="is a file that no report wrote; name another file with out="
    ):
        write_report(report, path)
    assert path.read_text() == mine
