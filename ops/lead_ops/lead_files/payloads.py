"""A file whose records are payloads of webhooks: each becomes leads, by the mapping of its source.

It owns what is counted of payloads, and which names make a CSV one of form posts. How a payload is
read is `lead_producers.mappings`'. It must not enqueue anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lead_producers.errors import BadPayload
from lead_producers.mappings import MAPPINGS, Mapped

from .lead_lines import Bad, Good, Item

MAPPED_FIELDS = frozenset(("name", "email", "phone", "company", "site"))


class Payloads:
    """The mapping of one source, for one file.

    Attributes:
        name: of the source, as in `MAPPINGS`.
        number: payloads that were read so far, and understood.
        tests: leads of theirs that were left out, as nobody is behind them.
    """

    def __init__(self, name: str, *, include_tests: bool = False) -> None:
        self.name = name
        self.number = 0
        self.tests = 0
        self._mapping: Callable[[Mapping[str, Any]], list[Mapped]] = MAPPINGS[name]
        self._include_tests = include_tests

    def leads(self, items: Iterator[Item]) -> Iterator[Item]:
        """Give the leads of each payload; one that is none of this source's is bad as a whole."""
        for item in items:
            if isinstance(item, Good):
                yield from self._leads_of(item)
            else:
                yield item

    def knows(self, names: Sequence[str]) -> bool:
        """Whether a form with fields of these names says who somebody is, or how to reach them."""
        try:
            found = self._mapping(dict.fromkeys(names, "x"))
        except BadPayload:
            return False
        return any(MAPPED_FIELDS & mapped.raw.keys() for mapped in found)

    def _leads_of(self, item: Good) -> Iterator[Good | Bad]:
        try:
            found = self._mapping(item.raw)
        except BadPayload as error:
            yield Bad(item.place, str(error))
            return
        self.number += 1
        wanted = [mapped for mapped in found if self._include_tests or not mapped.test]
        self.tests += len(found) - len(wanted)
        for number, mapped in enumerate(wanted, 1):
            last = number == len(wanted)
            yield Good(item.place, mapped.raw, key=mapped.key, number=number, is_last=last)
