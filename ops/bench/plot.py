"""Draws figures of a run: `python -m bench.plot FIGURES.json TO.png`, in the peers' environment.

Rates are bars from zero, for their lengths can be held against each other. What spreads over
decades is dots on a logarithmic axis, for a length there means nothing.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D  # type: ignore[import-not-found]
from matplotlib.patches import Patch  # type: ignore[import-not-found]
from matplotlib.ticker import (  # type: ignore[import-not-found]
    FuncFormatter,
    MaxNLocator,
    NullLocator,
)

from .panels import BARE, OURS, Panel, Rows, drawn

OURS_COLOUR, OTHERS, CEILING, INK = "#0b6e4f", "#9aa5b1", "#c8553d", "#333333"
ABOVE_INCHES, ROW_INCHES = 0.7, 2.75


def main(source: Path, to: Path) -> None:
    """Draw a panel for each measure of which there is anything."""
    found = json.loads(source.read_text(encoding="utf-8"))
    panels = drawn(found["figures"])
    if not panels:
        sys.exit("expected figures that can be drawn, found none")
    lines = (len(panels) + 1) // 2
    height = ABOVE_INCHES + ROW_INCHES * lines
    figure, axes = plt.subplots(lines, 2, figsize=(10, height), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for axis, (panel, rows) in zip(axes.flat, panels, strict=False):
        _panel(axis, panel, rows)
    _head(figure, found["about"], {name for _, rows in panels for name, _ in rows})
    figure.tight_layout(rect=(0, 0, 1, 1 - ABOVE_INCHES / height), h_pad=1.6, w_pad=2.0)
    figure.savefig(to, dpi=180, format="png")


def _panel(axis: Any, panel: Panel, rows: Rows) -> None:
    axis.set_title(panel.title, fontsize=11.5, loc="left", fontweight="bold", pad=20)
    axis.text(0, 1.04, panel.better, transform=axis.transAxes, fontsize=9.5, color="#666666")
    shown = [row for row in rows[::-1] if panel.dots or row[0] != BARE]
    (_dots if panel.dots else _bars)(axis, shown)
    for name, values in rows:
        if name == BARE and not panel.dots:
            _ceiling(axis, statistics.median(values))
    if not panel.dots:
        axis.set_xlim(0, 1.2 * max(value for _, values in rows for value in values))
    axis.set_yticks(range(len(shown)), [name for name, _ in shown], fontsize=10)
    axis.set_ylim(-0.6, max(len(shown), 1) - 0.4)
    for label, (name, _) in zip(axis.get_yticklabels(), shown, strict=True):
        label.set_color({OURS: OURS_COLOUR, BARE: CEILING}.get(name, INK))
        label.set_fontweight("bold" if name == OURS else "normal")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.tick_params(axis="x", labelsize=9)
    axis.tick_params(axis="y", length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)


def _bars(axis: Any, rows: Rows) -> None:
    for place, (name, values) in enumerate(rows):
        middle = statistics.median(values)
        spread = [[middle - min(values)], [max(values) - middle]]
        axis.barh(place, middle, 0.68, color=_colour(name))
        if len(values) > 1:
            axis.errorbar(middle, place, xerr=spread, ecolor=INK, elinewidth=1, capsize=2.5)
        _label(axis, place, middle, max(values))
    axis.xaxis.set_major_locator(MaxNLocator(5))


def _dots(axis: Any, rows: Rows) -> None:
    every = [value for _, values in rows for value in values if value > 0]
    axis.set_xscale("log")
    axis.set_xlim(min(every, default=1) / 2, max(every, default=1) * 6)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.grid(axis="both", color="#e4e7eb", zorder=0)
    for place, (name, values) in enumerate(rows):
        middle = statistics.median(values)
        axis.plot([min(values), max(values)], [place, place], color=INK, linewidth=1)
        axis.plot(middle, place, "o", color=_colour(name), markersize=8)
        _label(axis, place, middle, max(values))


def _ceiling(axis: Any, middle: float) -> None:
    axis.axvline(middle, color=CEILING, linestyle="--", linewidth=1.4)
    axis.annotate(
        _number(middle),
        (middle, 1.0),
        (0, 2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        fontsize=9.5,
        color=CEILING,
    )


def _label(axis: Any, place: int, middle: float, past: float) -> None:
    axis.annotate(
        _number(middle),
        (past, place),
        (7, 0),
        textcoords="offset points",
        va="center",
        fontsize=9.5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )


def _head(figure: Any, about: dict[str, Any], names: set[str]) -> None:
    marks = [
        Patch(color=OURS_COLOUR, label="ours: this project"),
        Patch(color=OTHERS, label="a peer"),
    ]
    if BARE in names:
        line = Line2D([], [], color=CEILING, linestyle="--", label="bare loop, no queue: a ceiling")
        marks.append(line)
    top = 1 - 0.06 / figure.get_figheight()
    figure.legend(
        handles=marks, loc="upper center", bbox_to_anchor=(0.5, top), ncols=3, frameon=False
    )
    words = f"two worker processes (to arrival: one), {about['date']}, {about['machine']}"
    lower = 1 - 0.54 / figure.get_figheight()
    figure.text(0.5, lower, words, ha="center", fontsize=9.5, color="#666666")


def _colour(name: str) -> str:
    return {OURS: OURS_COLOUR, BARE: CEILING}.get(name, OTHERS)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
