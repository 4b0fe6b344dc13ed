"""The figures of a line's report for notebooks: `zoo.plot.equity("us_equity")`, the same as on the page.

    report = zoo.plot.load("us_equity")              # once: registry, records and data are read
    zoo.plot.equity(report)                          # a plotly Figure, shown by a notebook
    zoo.plot.png(zoo.plot.drawdown(report), "drawdown.png")

Each function takes what `load` gave, or a line's name and then loads it itself. Dotted is replayed evidence,
solid is live. `report.frames` has the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoo.errors import NothingToDo, OutputUnavailable

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from zoo.report.line import Report


_TITLES: Final = {
    "equity": "net of costs (dotted: replayed, solid: live)",
    "drawdown": "below the peak, net of costs (dotted: replayed, solid: live)",
    "rank_ic": "rolling rank IC (dotted: replayed, solid: live)",
    "trading": "gross (hollow) and net (filled) return a year",
    "turnover": "costs paid so far (dotted: replayed, solid: live)",
    "calibration": "realised by tenths of the predictions (hollow: replayed, filled: live)",
}


def load(line: str | None = None, *, overrides: Sequence[str] = ()) -> Report:
    """Read a line's registry and records, and compute the frames of its figures.

    Args:
        line: such as `us_equity`; the only one that has versions unless given.
        overrides: of the configuration, as on the command line: `["paths.outputs=/data/outputs"]`.

    Raises:
        NothingToDo: the registry has no version of the line.
        ZooError: the configuration is refused, or the registry cannot be read.
    """
    from zoo.commands.arguments import Arguments
    from zoo.commands.reporting import findings_of
    from zoo.commands.request import asked
    from zoo.registry import Registry
    from zoo.report.line import report_of

    named = () if line is None else (f"line={line}",)
    request = asked(Arguments(overrides=(*overrides, *named)))
    with Registry.open(request.registry_url, artifacts=request.artifacts, read_only=True) as registry:
        return report_of(findings_of(request, registry, judging=False), registry)


def equity(line: Report | str | None = None) -> go.Figure:
    """Return the value of one unit, net of costs: champion, challengers, baselines.

    Raises:
        NothingToDo: there is nothing to draw; the message says why.
        ZooError: the line cannot be loaded.
    """
    return _drawn("equity", line)


def drawdown(line: Report | str | None = None) -> go.Figure:
    """Return how far each value lies below its highest so far; raises what `equity` does."""
    return _drawn("drawdown", line)


def rank_ic(line: Report | str | None = None) -> go.Figure:
    """Return the rolling mean of each track's rank IC; raises what `equity` does."""
    return _drawn("rank_ic", line)


def trading(line: Report | str | None = None) -> go.Figure:
    """Return gross and net return of each track, a year; raises what `equity` does."""
    return _drawn("trading", line)


def turnover(line: Report | str | None = None) -> go.Figure:
    """Return what each track has paid in costs so far; raises what `equity` does."""
    return _drawn("turnover", line)


def calibration(line: Report | str | None = None) -> go.Figure:
    """Return what was realised by tenths of what was predicted; raises what `equity` does."""
    return _drawn("calibration", line)


def png(figure: go.Figure, path: Path | str | None = None, *, width: int = 900, scale: float = 2.0) -> bytes:
    """Return a figure as PNG, as high as it is drawn; with a `path`, write it there in one step.

    It needs the extra `png` (kaleido), and a Chrome or Chromium on the machine.

    Args:
        figure: any plotly figure.
        path: where to write it; directories above it are made.
        width: in pixels, before `scale`.
        scale: pixels of the picture for one of the figure.

    Raises:
        OutputUnavailable: kaleido or the browser is missing, or the file cannot be written.
    """
    try:
        picture: bytes = figure.to_image(format="png", width=width, height=figure.layout.height, scale=scale)
    except (ImportError, ValueError, RuntimeError) as error:
        raise OutputUnavailable(
            f"no PNG can be drawn: {str(error).strip().splitlines()[0]}",
            remedy='pip install "zoo[png]", and install Chrome or Chromium',
        ) from error
    if path is not None:
        _write(Path(path), picture)
    return picture


def _drawn(name: str, line: Report | str | None) -> go.Figure:
    from zoo.report.line import Report
    from zoo.report.line.figures import DRAWN, looks_of
    from zoo.report.line.figures.look import captioned

    report = line if isinstance(line, Report) else load(line)
    if name in report.missing:
        raise NothingToDo(report.missing[name], where=f"{report.findings.line.name}, {name}")
    chart = DRAWN[name](report.frames[name], looks_of(report.tracks))
    return captioned(chart, f"{report.findings.line.name}: {_TITLES[name]}")


def _write(path: Path, content: bytes) -> None:
    from zoo.report.writing import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        raise OutputUnavailable(
            f"the picture cannot be written: {error.strerror or error}", where=path
        ) from error


__all__ = ["calibration", "drawdown", "equity", "load", "png", "rank_ic", "trading", "turnover"]
