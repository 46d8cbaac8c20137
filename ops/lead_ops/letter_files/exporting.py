"""Dead letters on their way into a file, page by page.

It owns what goes with a lead into the file. Formats are `letter_files`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from lead_worker.store.letters import Letter
from lead_worker.store.reading import Reading

from lead_ops.choosing.chosen import Chosen

from .csv_table import csv_lines
from .json_lines import json_line
from .letter import Exported, errors_of

PAGE = 200
RECENT = 20
"""So many entries of a timeline tell what was said of the lead last."""


@dataclass(slots=True)
class Export:
    """One export, and how many letters it has written."""

    chosen: Chosen
    number: int = 0

    def pieces(self, format_: str) -> Iterator[bytes]:
        """The file, piece by piece."""
        if format_ == "csv":
            lines = csv_lines(self._letters)
            yield next(lines)  # the header
        else:
            lines = map(json_line, self._letters())
        for line in lines:
            self.number += 1
            yield line

    def _letters(self) -> Iterable[Exported]:
        reading, walk = Reading(self.chosen.store), self.chosen.walk(with_raw=True)
        while page := list(islice(walk, PAGE)):
            timelines = reading.recent([letter.listed.lead_id for letter in page], RECENT)
            for letter, timeline in zip(page, timelines, strict=True):
                if letter.raw is not None:  # None: it was erased meanwhile
                    yield _exported(letter, letter.raw, timeline)


def _exported(letter: Letter, raw: bytes, timeline: tuple[object, ...]) -> Exported:
    listed = letter.listed
    told = [entry for entry in timeline if isinstance(entry, dict)]
    return Exported(listed.lead_id, listed.fields, listed.at, errors_of(told), raw)
