"""Draws figures of a run: `python plot.py FIGURES.json TO.png`, in the peers' environment."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]

mpl.use("Agg")
from matplotlib import pyplot as plt

PANELS = (
    (
        "delivered a second, 2 processes, API at 0 ms",
        ("deliver 2p 0ms bound", "deliver 2p 0ms free"),
    ),
    ("delivered a second, 2 processes, API at 100 ms", ("deliver 2p 100ms bound",)),
    ("enqueued a second, one at a time", ("enqueue single",)),
    ("enqueued a second, in bulk", ("enqueue bulk",)),
    ("enqueue to arrival at 50 a second, p99, ms (log)", ("arrive p99",)),
    ("CPU ms a lead, workers, API at 0 ms", ("cpu 2p 0ms bound",)),
)
OURS, OTHERS = "#0b6e4f", "#9aa5b1"


def main(source: Path, to: Path) -> None:
    """Draw a panel for each of some measures; a thin line shows the spread between rounds."""
    found = json.loads(source.read_text(encoding="utf-8"))
    figure, axes = plt.subplots(3, 2, figsize=(11, 10))
    for axis, (title, measures) in zip(axes.flat, PANELS, strict=True):
        _panel(axis, title, measures, found["figures"])
    about = found["about"]
    figure.suptitle(f"{about['date']} · {about['machine']}", fontsize=10)
    figure.tight_layout()
    figure.savefig(to, dpi=110)


def _panel(axis: Any, title: str, measures: tuple[str, ...], figures: dict[str, Any]) -> None:
    bars = []
    for name, of in figures.items():
        # Ours as the README runs it; of another the better of bound and free.
        asked = measures[:1] if name == "ours" else measures
        rounds = [of[measure] for measure in asked if measure in of]
        if rounds:
            bars.append((name, max(rounds, key=statistics.median)))
    axis.set_visible(bool(bars))
    axis.set_title(title, fontsize=10)
    if "p99" in title:
        axis.set_xscale("log")  # one that cannot keep up takes a thousand times as long
    for place, (name, values) in enumerate(reversed(bars)):
        middle = statistics.median(values)
        spread = [[middle - min(values)], [max(values) - middle]]
        colour = OURS if name == "ours" else OTHERS
        axis.barh(place, middle, color=colour, xerr=spread, ecolor="#333333", capsize=2)
        axis.text(max(values), place, f" {_number(middle)}", va="center", fontsize=8)
    axis.set_yticks(range(len(bars)), [name for name, _ in reversed(bars)], fontsize=8)
    axis.margins(x=0.18)
    axis.spines[["top", "right"]].set_visible(False)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
