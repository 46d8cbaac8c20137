"""A JSON array that is printed as its items come, so that a long one needs no memory."""

from __future__ import annotations

import json
from textwrap import indent
from types import TracebackType
from typing import Any, Self


class JsonArray:
    """Prints what `say_json` would of a list. It is closed also where an error ends it half-way."""

    def __init__(self) -> None:
        self._number = 0

    def add(self, item: Any) -> None:
        """Print one item, in ASCII so that it is safe on any terminal."""
        print("," if self._number else "[")
        print(indent(json.dumps(item, indent=2), "  "), end="")
        self._number += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None or not issubclass(kind, OSError):
            print("\n]" if self._number else "[]")
