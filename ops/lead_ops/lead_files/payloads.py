"""A file whose records are payloads of webhooks: each becomes leads, by the mapping of its source.

It owns what is counted of payloads, and which names make a CSV one of them. How a payload is
read is `lead_producers.mappings`'. It must not enqueue anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lead_producers.mappings import MAPPINGS, BadPayload, Mapped

from .lead_lines import Bad, Good, Item
from .meta_rows import lead_of_row

MAPPED_FIELDS = frozenset(("name", "email", "phone", "company", "site"))


class Payloads:
    """The mapping of one source, for one file.

    Attributes:
        name: of the source, as in `MAPPINGS`.
        number: payloads that were read so far, also those in which something is bad.
        tests: leads of theirs that were left out, as nobody is behind them.
    """

    def __init__(self, name: str, *, include_tests: bool = False) -> None:
        self.name = name
        self.number = 0
        self.tests = 0
        self._mapping: Callable[[Mapping[str, Any]], list[Mapped]] = MAPPINGS[name]
        self._include_tests = include_tests

    def leads(self, items: Iterator[Item]) -> Iterator[Item]:
        """Give the leads of each payload that are good, and what is bad in it."""
        for item in items:
            if isinstance(item, Good):
                yield from self._leads_of(item)
            else:
                yield item

    def of_rows(self, items: Iterator[Item]) -> Iterator[Item]:
        """Make payloads of the rows of a CSV."""
        for item in items:
            yield Good(item.place, self._of_row(item.raw)) if isinstance(item, Good) else item

    def knows(self, names: Sequence[str]) -> bool:
        """Whether a row with cells of these names says who somebody is, or how to reach them."""
        try:
            found = self._mapping(self._of_row(dict.fromkeys(names, "x")))
        except BadPayload:
            return False
        return any(MAPPED_FIELDS & mapped.raw.keys() for mapped in found)

    def _of_row(self, row: dict[str, Any]) -> dict[str, Any]:
        return lead_of_row(row) if self.name == "meta" else row

    def _leads_of(self, item: Good) -> Iterator[Good | Bad]:
        self.number += 1
        bad: list[BadPayload] = []
        try:
            found = self._mapping(item.raw)
        except BadPayload as error:
            found, bad = error.others, error.each
        # By its place among all, so that a lead has one number whether or not tests are wanted.
        wanted = [
            (number, mapped)
            for number, mapped in enumerate(found, 1)
            if self._include_tests or not mapped.test
        ]
        self.tests += len(found) - len(wanted)
        for at, (number, mapped) in enumerate(wanted, 1):
            last = at == len(wanted) and not bad
            yield Good(item.place, mapped.raw, key=mapped.key, number=number, is_last=last)
        yield from (Bad(item.place, str(each)) for each in bad)
