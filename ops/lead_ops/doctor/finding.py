"""What a check found. It owns the levels; wording belongs to each check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. What was skipped is neither good nor bad."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        name: what was looked at; at most 12 characters.
        found: what there is.
        advice: what to do; "" where nothing is to be done.
    """

    name: str
    level: Level
    found: str
    advice: str = ""


MOST_CHARACTERS = 240
"""Of what there is: some of it is what others wrote into Redis, or into a setting."""


def good(name: str, found: str) -> Finding:
    return Finding(name, Level.GOOD, one_line(found))


def warning(name: str, found: str, advice: str) -> Finding:
    return Finding(name, Level.WARNING, one_line(found), advice)


def bad(name: str, found: str, advice: str) -> Finding:
    return Finding(name, Level.BAD, one_line(found), advice)


def skipped(name: str, why: str) -> Finding:
    return Finding(name, Level.SKIPPED, one_line(why))


def one_line(text: str) -> str:
    """The text as one line that ends, with nothing in it that a terminal obeys."""
    shown = "".join(each if each.isprintable() else "?" for each in text[: MOST_CHARACTERS + 1])
    return shown if len(text) <= MOST_CHARACTERS else f"{shown[: MOST_CHARACTERS - 3]}..."
