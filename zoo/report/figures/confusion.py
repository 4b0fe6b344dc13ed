"""Who was taken for what: the best permutation's counts, and all permutations' rates."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from zoo.experiment.analysis import Analysis
from zoo.report.figures.style import BLUE, LINE, ORANGE, SURFACE, styled, subtitles
from zoo.report.text import defined, described


def confusion_figure(analysis: Analysis) -> go.Figure | None:
    """Return the confusion of the best permutation, beside recall and false alarms of all."""
    table = analysis.best_first("confusion")
    table = table[table["true_positives"].notna()] if len(table) else table
    if table.empty:
        return None
    best = table.iloc[0]
    chart = make_subplots(
        1, 2, column_widths=[0.42, 0.58], horizontal_spacing=0.14,
        subplot_titles=[f"permutation {int(best['id'])}", "all permutations"],
    )  # fmt: skip
    counts = [[int(best["true_negatives"]), int(best["false_positives"])],
              [int(best["false_negatives"]), int(best["true_positives"])]]  # fmt: skip
    total = sum(map(sum, counts)) or 1
    chart.add_trace(
        go.Heatmap(
            z=counts, x=["negative", "positive"], y=["negative", "positive"], showscale=False, xgap=3, ygap=3,
            text=[[f"{count:,}<br>{count / total:.1%}" for count in row] for row in counts],
            texttemplate="%{text}", textfont={"size": 14}, zmin=0, zmax=1.6 * max(map(max, counts)),
            colorscale=[[0, SURFACE], [1, BLUE]],
            hovertemplate="is %{y}, predicted %{x}: %{z:,}<extra></extra>",
        ),
        row=1,
        col=1,
    )  # fmt: skip
    _add_rates(chart, analysis)
    styled(chart, 360)
    chart.update_xaxes(title_text="predicted", row=1, col=1)
    chart.update_yaxes(title_text="is", autorange="reversed", showgrid=False, row=1, col=1)
    chart.update_xaxes(title_text="1 - specificity", range=[-0.02, 1.02], showgrid=True, row=1, col=2)
    chart.update_yaxes(title_text="recall", range=[-0.02, 1.02], row=1, col=2)
    subtitles(chart)
    return chart


def _add_rates(chart: go.Figure, analysis: Analysis) -> None:
    table = analysis.tables["confusion"]
    rows = [row for row in table.to_dict("records") if defined(row["recall"]) and defined(row["specificity"])]
    at = {"row": 1, "col": 2}
    chart.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": LINE, "dash": "dot"}, hoverinfo="skip"),
        **at,
    )
    parameters = analysis.record.parameters
    chart.add_trace(
        go.Scatter(
            x=[1 - row["specificity"] for row in rows],
            y=[row["recall"] for row in rows],
            mode="markers",
            marker={
                "size": [11 if row["id"] == analysis.best else 7 for row in rows],
                "symbol": ["diamond" if row["id"] == analysis.best else "circle" for row in rows],
                "color": [ORANGE if row["id"] == analysis.best else BLUE for row in rows],
                "opacity": 0.75,
            },
            text=[f"permutation {r['id']}<br>{described(parameters.loc[r['id']].to_dict())}" for r in rows],
            hovertemplate="%{text}<br>recall %{y:.3f}, false alarms %{x:.3f}<extra></extra>",
        ),
        **at,
    )


__all__ = ["confusion_figure"]
