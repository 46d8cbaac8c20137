"""What a picture shows: which measures, of whom, and as what. It draws nothing, see `plot.py`.

It must import nothing but Python: the peers' environment draws.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OURS, BARE = "ours", "bare"


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: of a peer, the better of several.

    Args:
        dots: on a logarithmic axis, and less is better; else bars from zero, and more is.
    """

    title: str
    measures: tuple[str, ...]
    dots: bool = False

    @property
    def better(self) -> str:
        """Which end of the axis is good."""
        return "less is better (logarithmic axis)" if self.dots else "more is better"


PANELS = (
    Panel("Delivered a second, API at 0 ms", ("deliver 2p 0ms bound", "deliver 2p 0ms free")),
    Panel("Delivered a second, API at 100 ms", ("deliver 2p 100ms bound",)),
    Panel("Enqueued a second, one at a time", ("enqueue single",)),
    Panel("Enqueued a second, in bulk", ("enqueue bulk",)),
    Panel("Enqueue to arrival, p99, ms", ("arrive p99",), dots=True),
    Panel("Workers' CPU, ms a lead", ("cpu 2p 0ms bound",), dots=True),
)

Rows = list[tuple[str, Sequence[float]]]
"""A name and the values of its rounds."""


def drawn(figures: Mapping[str, Mapping[str, Sequence[float]]]) -> list[tuple[Panel, Rows]]:
    """The panels of which there is anything, and what is in them."""
    return [(panel, rows) for panel in PANELS if (rows := _rows(panel, figures))]


def _rows(panel: Panel, figures: Mapping[str, Mapping[str, Sequence[float]]]) -> Rows:
    """Ours as the README runs it; of another the better of several."""
    rows = []
    for name, of in figures.items():
        asked = panel.measures[:1] if name == OURS else panel.measures
        rounds = [of[measure] for measure in asked if of.get(measure)]
        if rounds:
            rows.append((name, max(rounds, key=statistics.median)))
    return rows
