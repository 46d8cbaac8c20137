"""The report: tables of 80 columns. It owns words and columns, and judges nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

from .bars import bars, ratios
from .contenders import OURS
from .figures import Figures, Spread
from .measuring import Case
from .rounds import Size

_COLUMNS, _NAME, _WIDTH = 80, 15, 65
_CASES = tuple((processes, latency) for latency in (0, 20, 100) for processes in (1, 2))

Column = tuple[str, Callable[[str], Spread | None]]


def heading(about: Mapping[str, str | float]) -> list[str]:
    """What the figures are of, a fact to a line or to some."""
    return [
        line
        for name, value in about.items()
        for line in textwrap.wrap(
            f"{name}: {value}", _COLUMNS, subsequent_indent="  ", break_on_hyphens=False
        )
    ]


def report(figures: Figures, size: Size) -> list[str]:
    """All tables, and the bars where the size is one to be judged by."""
    return [
        *_table("leads delivered a second", figures, _delivery_columns(figures)),
        *_table("what it costs, and takes", figures, _cost_columns(figures)),
        *_backlog(figures, size),
        *(_bars(figures) if size.judged else ()),
    ]


def _delivery_columns(figures: Figures) -> list[Column]:
    def column(processes: int, latency_ms: int) -> Column:
        head = f"{latency_ms} ms x{processes}"
        return head, lambda name: figures.delivered(name, processes, latency_ms)

    return [column(*case) for case in _CASES]


def _cost_columns(figures: Figures) -> list[Column]:
    def column(head: str, measure: str) -> Column:
        return head, lambda name: figures.of(name, measure)

    two = Case(2, 0).name
    return [
        column("single/s", "enqueue single"),
        column("bulk/s", "enqueue bulk"),
        column("p50 ms", "arrive p50"),
        column("p99 ms", "arrive p99"),
        column("CPU s/k", f"cpu {two}"),
        column("MiB", f"memory {two}"),
        column("Redis B", "redis bytes"),
    ]


def _table(title: str, figures: Figures, columns: Sequence[Column]) -> Iterator[str]:
    """Only columns and contenders of which there is anything; the spread under each median."""
    names = figures.names()
    columns = [column for column in columns if any(map(column[1], names))]
    names = [name for name in names if any(of(name) for _, of in columns)]
    if not names:
        return
    width = min(_WIDTH // len(columns), 12)
    yield f"{title:<{_NAME}}"
    yield " " * _NAME + "".join(f"{head:>{width}}" for head, _ in columns)
    for name in names:
        found = [of(name) for _, of in columns]
        yield f"{name[:_NAME]:<{_NAME}}" + "".join(f"{_middle(each):>{width}}" for each in found)
        if any(each and each.least < each.most for each in found):
            yield " " * _NAME + "".join(f"{_range(each):>{width}}" for each in found)
    yield ""


def _middle(spread: Spread | None) -> str:
    return number(spread.middle) if spread else "-"


def _range(spread: Spread | None) -> str:
    """The least and the most, the unit told once: 9 characters at the most."""
    if not spread:
        return ""
    least, most = short(spread.least), short(spread.most)
    return f"{least.removesuffix('k') if most.endswith('k') and 'k' in least else least}-{most}"


def number(value: float) -> str:
    """Three digits at least."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def short(value: float) -> str:
    """In four characters at the most, up to 999,999."""
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    if value >= 1000:
        return f"{value / 1000:.1f}k"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _backlog(figures: Figures, size: Size) -> Iterator[str]:
    few, many = figures.of(OURS, "backlog few"), figures.of(OURS, "backlog many")
    if few and many:
        for waiting, found in ((size.few, few), (size.many, many)):
            span = f"({number(found.least)} to {number(found.most)})"
            yield f"{waiting:>9,} waiting, one process: {number(found.middle)} a second {span}"
        yield ""


def _bars(figures: Figures) -> Iterator[str]:
    for words, found in ratios(figures).items():
        yield f"{'no bar':<8}{words:<63}{number(found):>8}"
    for bar in bars(figures):
        verdict = "reached" if bar.reached else "MISSED"
        wanted = f"{'at most' if bar.at_most else 'at least'} {bar.wanted:g}"
        yield f"{verdict:<8}{bar.words:<63}{number(bar.found):>8}"
        yield f"{'':<8}{wanted}"
