"""A backend app in a process of its own, which enqueues leads with a spool until it is killed.

    python -m chaos.form_app JSON

It owns the pace: form number n is due at `began_at + n / per_second`, and what a kill has delayed
is made up for. It ends with 0 when each form has a receipt and the spool is empty.

Three styles: `keyed` enqueues one by one under an idempotency key and tries a form again that has
no receipt; `keyless` has no key, so a form that has no receipt is another lead when it is tried
again; `bulk` is keyed and sends many at a time.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lead_producers import LeadProducer, QueueUnavailable, Receipt
from lead_producers.spool_file import SpoolFile

from .forms import form
from .receipts import Pad, Slip

BOUND_SECONDS = 1.0
BULK_SECONDS = 2.0
"""How often the bulk app sends what is due by then."""

LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Order:
    """What an app is told to do."""

    name: str
    style: str
    life: int
    url: str
    namespace: str
    receipts: str
    spool: str
    began_at: float
    per_second: float
    until: int


class App:
    """One app's process."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._pad = Pad(Path(order.receipts))
        self._refused = 0
        self._producer = LeadProducer.from_url(
            order.url, order.namespace, timeout_seconds=BOUND_SECONDS, spool=order.spool
        )

    def run(self) -> None:
        """Enqueue each form that has no receipt, and wait until the spool is empty."""
        missing = [n for n in range(self._order.until) if n not in self._pad.given]
        send = self._send_many if self._order.style == "bulk" else self._send_each
        send(missing)
        spool = SpoolFile(self._order.spool)
        while sum(each.leads for each in spool.contents()):
            time.sleep(LOOK_SECONDS)

    def _send_each(self, numbers: list[int]) -> None:
        for number in numbers:
            self._wait_for(number)
            self._insist(partial(self._send, number))

    def _send(self, number: int) -> None:
        called = time.monotonic()
        key = "" if self._order.style == "keyless" else self._serial(number)
        lead = form(self._serial(number), number)
        receipt = self._producer.enqueue(lead, key=key or None, source="form")
        self._note(number, key, receipt, called)

    def _send_many(self, numbers: list[int]) -> None:
        while numbers:
            self._wait_for(numbers[0])
            time.sleep(BULK_SECONDS)
            upto = (time.time() - self._order.began_at) * self._order.per_second
            due = [number for number in numbers if number <= upto]
            self._insist(partial(self._send_chunk, due))
            numbers = [number for number in numbers if number not in self._pad.given]

    def _send_chunk(self, due: list[int]) -> None:
        called = time.monotonic()

        def noted(index: int, receipt: Receipt) -> None:
            self._note(due[index], self._serial(due[index]), receipt, called)

        def leads() -> Iterator[dict[str, Any]]:
            return (form(self._serial(number), number) for number in due)

        self._producer.enqueue_many(
            leads(), key=lambda index, _: self._serial(due[index]), on_receipt=noted
        )

    def _insist(self, send: Callable[[], None]) -> None:
        """A form that was not taken is sent again, as its visitor would."""
        while True:
            try:
                return send()
            except QueueUnavailable as error:
                logging.warning("not enqueued: %s", error)
                self._refused += 1
                time.sleep(LOOK_SECONDS)

    def _note(self, number: int, key: str, receipt: Receipt, called: float) -> None:
        slip = Slip(
            number=number,
            serial=self._serial(number),
            key=key,
            lead_id=receipt.lead_id,
            spooled=receipt.spooled,
            duplicate=receipt.duplicate,
            at=time.time(),
            took_seconds=round(time.monotonic() - called, 4),
        )
        self._pad.write(slip)

    def _wait_for(self, number: int) -> None:
        due_at = self._order.began_at + number / self._order.per_second
        time.sleep(max(0.0, due_at - time.time()))

    def _serial(self, number: int) -> str:
        """Of a form without a key it names the try too: tried again it is another lead."""
        once = f"-{self._order.life}-{self._refused}" if self._order.style == "keyless" else ""
        return f"{self._order.name}-{number}{once}"


if __name__ == "__main__":
    App(Order(**json.loads(sys.argv[1]))).run()
