"""The custom fields of a lead in the making: each value under a free name, no value twice.

It owns how names are numbered, in time that grows with the number of fields and no faster: what it
is given is written by strangers. It must not know which fields belong here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

from .reading import words

_UNNAMED = "unnamed"


class CustomFields:
    """Gathers them.

    Attributes:
        held: the fields so far.
    """

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self._numbers: Counter[str] = Counter()
        self._seen: set[Hashable] = set()

    def add(self, name: str, value: Any) -> None:
        """Keep a value; one that is there already under a name like it is not kept again."""
        base = name.strip() or _UNNAMED
        mark = (base, likeness(value))
        if mark in self._seen:
            return
        self._seen.add(mark)
        free = base
        while free in self.held:
            self._numbers[base] += 1
            free = f"{base}_{self._numbers[base] + 1}"
        self.held[free] = value

    def set(self, name: str, value: Any) -> None:
        """Give a field a value, whatever it had."""
        self.held[name] = value


def likeness(value: Any) -> Hashable:
    """Give what is equal for values that say the same: for texts, and for a text and a number,
    what they look like."""
    if isinstance(value, Mapping):
        return frozenset((name, likeness(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(likeness, value))
    if isinstance(value, bool):
        return ("yes or no", value)
    # Python refuses to print the largest numbers; they are equal as numbers.
    return words(value) or (value if isinstance(value, int) else "")
