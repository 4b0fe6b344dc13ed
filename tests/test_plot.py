"""Figures for notebooks, and pictures of them by a real browser."""

import subprocess
import sys

import pytest

import zoo
from tests.report.browser import BROWSER, NEEDED
from tests.report.line.conftest import empty, report, setting
from zoo.errors import NothingToDo, OutputUnavailable
from zoo.report.line.report import FIGURES

__all__ = ["empty", "report", "setting"]


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_of_the_page_can_be_had(report, name):
    figure = getattr(zoo.plot, name)(report)
    assert figure.layout.title.text.startswith("small: ")
    assert len(figure.data) > 1


def test_what_cannot_be_drawn_says_why(empty):
    with pytest.raises(
        NothingToDo, match=r"small, equity: nobody was shadowed yet; run `python -m zoo shadow`"
    ):
        zoo.plot.equity(empty.report())


def test_without_a_registry_loading_says_what_to_do_and_makes_nothing(tmp_path):
    with pytest.raises(zoo.ZooError, match="register some with `python -m zoo -m`"):
        zoo.plot.load("us_equity", overrides=[f"paths.outputs={tmp_path}"])
    assert list(tmp_path.iterdir()) == []


def test_importing_it_imports_nothing_heavy():
    code = "import sys, zoo.plot; assert not {'plotly', 'pandas', 'numpy', 'hydra'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason=NEEDED)
def test_a_picture_is_a_png_as_large_as_asked(report, tmp_path):
    pytest.importorskip("kaleido")
    figure = zoo.plot.trading(report)
    path = tmp_path / "a" / "trading.png"
    content = zoo.plot.png(figure, path, width=600, scale=1.5)
    assert path.read_bytes() == content
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (900, round(1.5 * figure.layout.height))
    assert [one.name for one in path.parent.iterdir()] == ["trading.png"]


def test_without_kaleido_the_error_says_how_to_install_it(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    figure = zoo.plot.trading(report)
    monkeypatch.setattr(
        type(figure), "to_image", lambda *_, **__: (_ for _ in ()).throw(ValueError("no kaleido"))
    )
    with pytest.raises(OutputUnavailable, match=r'no PNG can be drawn: no kaleido; pip install "zoo\[png\]"'):
        zoo.plot.png(figure)


def test_a_picture_that_cannot_be_written_says_so(report, tmp_path, monkeypatch):
    figure = zoo.plot.trading(report)
    monkeypatch.setattr(type(figure), "to_image", lambda *_, **__: b"png")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputUnavailable, match="the picture cannot be written"):
        zoo.plot.png(figure, tmp_path / "file" / "a.png")
    assert (tmp_path / "file").read_text() == "mine"
