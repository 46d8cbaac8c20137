"""From a file of leads into the queue, in chunks, with a tally that is right at any moment.

It owns which idempotency key a lead of a file gets, and what is counted. It must not print.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lead_producers import BadLead, LeadProducer, Receipt
from lead_producers.bulk import CHUNK

from .lead_files.lead_file import Bad, Good, Item

KEPT = 100
"""The most refusals that a tally keeps; all of them are counted."""

MakeKey = Callable[[Good], str | None]


class NoKeyError(Exception):
    """This lead has nothing that could be its key; the text is one line without a value."""


@dataclass(slots=True)
class Tally:
    """What became of the leads so far.

    Attributes:
        accepted: are in the queue by this run.
        duplicates: were there already, by their idempotency key or their content.
        refused: cannot be enqueued; `refusals` has the first `KEPT` of them.
        line: of the file, up to which all of this is true; 0 at the beginning.
    """

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    line: int = 0
    refusals: list[Bad] = field(default_factory=list)

    def in_order(self) -> list[Bad]:
        """The refusals in the file's order; they come by chunks, as the producer looks at them."""
        return sorted(self.refusals, key=lambda bad: bad.place.record)


class Enqueueing:
    """One run over one file."""

    def __init__(
        self,
        producer: LeadProducer,
        make_key: MakeKey,
        *,
        lane: str,
        source: str | None,
        on_refused: Callable[[Bad], None],
        on_receipt: Callable[[Receipt], None] | None = None,
        dedupe_seconds: float | None = None,
        durable: bool = False,
    ) -> None:
        """Prepare a run.

        Args:
            make_key: gives a lead's idempotency key; raises `NoKeyError` to refuse the lead.
            lane, source, dedupe_seconds, durable: as for `LeadProducer.enqueue_many`.
            on_refused: is told of each lead that is refused.
            on_receipt: is given the receipt of each lead that is in the queue, also from before.
        """
        self.tally = Tally()
        self._producer = producer
        self._make_key = make_key
        self._lane = lane
        self._source = source
        self._dedupe_seconds = dedupe_seconds
        self._durable = durable
        self._on_refused = on_refused
        self._on_receipt = on_receipt
        self._chunk: list[tuple[Good, str | None]] = []
        self._last_line = 0

    def run(self, items: Iterable[Item]) -> None:
        """Enqueue all items; those before an error are enqueued, and in the tally.

        Raises:
            QueueFull, QueueUnavailable: as `LeadProducer.enqueue_many`.
        """
        for item in items:
            if item is None or len(self._chunk) >= CHUNK:
                self._send()
            if item is not None:
                self._last_line = item.place.line
                self._take(item)
        self._send()

    def _take(self, item: Good | Bad) -> None:
        if isinstance(item, Bad):
            self._refuse(item)
            return
        try:
            self._chunk.append((item, self._make_key(item)))
        except NoKeyError as error:
            self._refuse(Bad(item.place, str(error)))

    def _send(self) -> None:
        chunk, self._chunk = self._chunk, []

        def count(index: int, receipt: Receipt) -> None:
            self._count(chunk[index][0], receipt)

        def refuse(index: int, error: BadLead) -> None:
            self._refuse(Bad(chunk[index][0].place, str(error)))

        if chunk:
            self._producer.enqueue_many(
                (item.raw for item, _ in chunk),
                self._lane,
                source=self._source,
                key=lambda index, _: chunk[index][1],
                dedupe_seconds=self._dedupe_seconds,
                durable=self._durable,
                on_receipt=count,
                on_refused=refuse,
            )
        self.tally.line = self._last_line

    def _count(self, item: Good, receipt: Receipt) -> None:
        """Count one by one: the producer may divide a chunk, and only its beginning get in."""
        if receipt.duplicate:
            self.tally.duplicates += 1
        else:
            self.tally.accepted += 1
        if item.is_last:
            self.tally.line = item.place.line
        if self._on_receipt:
            self._on_receipt(receipt)

    def _refuse(self, bad: Bad) -> None:
        self.tally.refused += 1
        if len(self.tally.refusals) < KEPT:
            self.tally.refusals.append(bad)
        self._on_refused(bad)


def key_from_digest(digest: str | None) -> MakeKey:
    """Keys by which a file that is enqueued again enqueues nothing twice; none for a pipe."""
    if digest is None:
        return lambda _: None
    return lambda item: f"file:{digest}:{item.place.record}"


def key_of_payload(name: str, digest: str | None) -> MakeKey:
    """The keys that the source of payloads gave, by which an app's endpoint enqueues them too; the
    file's where it gave none. With the source's name in it: read as another's, they are others."""

    def make_key(item: Good) -> str | None:
        if item.key or digest is None:
            return item.key
        return f"file:{digest}:{name}:{item.place.record}:{item.number}"

    return make_key


def key_from_field(path: str) -> MakeKey:
    """Keys from a field of each lead, such as `custom.order`."""
    names = path.split(".")

    def make_key(item: Good) -> str:
        value: Any = item.raw
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise NoKeyError(f"{path}: expected a key as text or a whole number, found none")
        return str(value)

    return make_key
