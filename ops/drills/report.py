"""What a drill gives back, and how it is shown within 80 columns.

It owns wording and columns. It decides nothing: a scenario says what it expected and what it saw.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WIDTH = 80
Fact = int | float | str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What one drill saw.

    Attributes:
        facts: what was counted or measured, by names that end in `_seconds` or `_ms` where they
            are times. None where there was nothing to measure.
        held: whether everything that was expected happened.
        why: what did not; "" where all of it did.
    """

    name: str
    facts: Mapping[str, Fact]
    held: bool
    why: str = ""


def judge(name: str, facts: Mapping[str, Fact], expected: Mapping[str, bool]) -> Report:
    """Make a report of what was expected, in words, and whether it happened."""
    missed = [words for words, happened in expected.items() if not happened]
    why = f"expected {'; '.join(missed)}" if missed else ""
    return Report(name, facts, not missed, why)


def facts_lines(report: Report) -> list[str]:
    """The facts of one report, one to a line, and what did not hold."""
    lines = [f"  {name.replace('_', ' '):<44} {_shown(v)}" for name, v in report.facts.items()]
    return [each for line in lines for each in _wrapped(line, 47)] + _wrapped(_verdict(report), 4)


def table_lines(reports: Iterable[tuple[Report, float]]) -> list[str]:
    """A line for each report and the seconds that it took; more for one that did not hold."""
    lines = [f"{'drill':<20}{'holds':<7}{'took':>7}"]
    for report, took_seconds in reports:
        row = f"{report.name:<20}{'yes' if report.held else 'NO':<7}{took_seconds:>5.0f} s"
        lines += _wrapped(f"{row}  {report.why}".rstrip(), 36)
    return lines


def _verdict(report: Report) -> str:
    return "  holds" if report.held else f"  DOES NOT HOLD: {report.why}"


def _wrapped(line: str, indent: int) -> list[str]:
    return textwrap.wrap(
        line,
        WIDTH,
        subsequent_indent=" " * indent,
        drop_whitespace=True,
        replace_whitespace=False,
        break_on_hyphens=False,
    )


def _shown(value: Fact) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case int():
            return f"{value:,}"
    return value
