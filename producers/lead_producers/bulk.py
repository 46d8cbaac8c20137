"""How a bulk of leads is cut into calls, and what became of each is counted. It does no I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import BadLead
from .receipt import Receipt, Summary
from .record import content_digest, encode, new_lead_id
from .script import Handed
from .terms import Entry, Terms, digest_of

CHUNK = 200
"""The most leads that one script call takes."""

CHUNK_BYTES = 1_048_576
"""A script call takes no further lead once it has this much of them: Redis stands still for it."""

REFUSED_KEPT = 1000
"""The most reasons that a summary keeps: a bulk takes the same memory however long it is."""

KeyOf = Callable[[int, Mapping[str, Any]], str | None]


def entry_of(place: int, raw: Mapping[str, Any], key: str | KeyOf | None, terms: Terms) -> Entry:
    """Make one lead ready to be sent.

    Args:
        key: its idempotency key, or what makes one of its index and it.

    Raises:
        BadLead: it, or its key, cannot be stored.
    """
    encoded = _encoded(raw)
    if callable(key):
        key = _made(key, place, raw)
    # Of what is stored, and not of `raw`, which may have changed since.
    content = content_digest(json.loads(encoded)) if terms.dedupe_seconds else ""
    return Entry(place, new_lead_id(), digest_of(key), content, encoded)


def _made(key: KeyOf, place: int, raw: Mapping[str, Any]) -> str | None:
    try:
        return key(place, raw)
    except BadLead:
        raise
    except Exception as error:  # noqa: BLE001 - what the app reads may be missing in this lead
        found = type(error).__name__
    raise BadLead("key", f"expected an idempotency key, found {found} while it was made")


def _encoded(raw: Mapping[str, Any]) -> bytes:
    try:
        return encode(raw)
    except BadLead:
        raise
    except Exception as error:  # noqa: BLE001 - a mapping of the app's own may raise any
        found = type(error).__name__
    # Not within the clause: reporters follow the chain, and that error may hold a value.
    raise BadLead("", f"expected a lead that can be read, found {found} while it was read")


def receipt_of(entry: Entry, position: int, handed: Handed) -> Receipt:
    """Give a lead's receipt, once its call has ended."""
    holder = handed.holders.get(position)
    return Receipt(holder or entry.lead_id, holder is not None, handed.spooled)


def chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut leads into what one call takes."""
    chunk: list[Entry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        size += len(entry.raw)
        if len(chunk) == CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts what becomes of a bulk, and tells whoever wants to be told."""

    summary: Summary
    on_receipt: Callable[[int, Receipt], None] | None = None
    on_refused: Callable[[int, BadLead], None] | None = None
    on_progress: Callable[[Summary], None] | None = None

    def entries(
        self, leads: Iterable[Mapping[str, Any]], key: KeyOf | None, terms: Terms
    ) -> Iterator[Entry]:
        """Each lead that can be stored, ready to be sent."""
        for index, raw in enumerate(leads):
            try:
                entry = entry_of(index, raw, key, terms)
            except BadLead as error:
                self._refuse(index, error)
            else:
                yield entry

    def _refuse(self, index: int, error: BadLead) -> None:
        self.summary.refused_count += 1
        if self.on_refused:
            self.on_refused(index, error)
        elif len(self.summary.refused) < REFUSED_KEPT:
            self.summary.refused.append((index, str(error)))

    def count(self, chunk: Sequence[Entry], handed: Handed) -> None:
        """Count the leads of a call that has ended."""
        summary = self.summary
        fresh = len(chunk) - len(handed.holders)
        summary.duplicates += len(handed.holders)
        if handed.spooled:
            summary.spooled += fresh
        else:
            summary.accepted += fresh
        if self.on_receipt:
            for position, entry in enumerate(chunk):
                self.on_receipt(entry.place, receipt_of(entry, position, handed))
        if self.on_progress:
            self.on_progress(summary)
