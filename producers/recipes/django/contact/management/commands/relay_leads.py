"""`manage.py relay_leads`: send what is in the outbox, until a signal says that it is enough.

It owns the loop and its end. It must not hold what would be lost if it were killed: see `outbox`.
"""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, close_old_connections
from lead_producers import LeadProducer, ProducerError

from ... import outbox

TROUBLE_SECONDS = 5.0
"""The pause after Redis or the database did not answer."""


class Command(BaseCommand):
    """Sends leads from the outbox to the queue; several may run side by side."""

    help = "Send the leads of the outbox. Ends after the batch under way on SIGTERM and Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is there and end")
        parser.add_argument("--pause", type=float, default=1.0, help="seconds, when there are none")

    def handle(self, *_: Any, once: bool, pause: float, **__: Any) -> None:
        producer = LeadProducer.from_url(settings.LEADS_REDIS_URL, settings.LEADS_NAMESPACE)
        if not once:
            return self._go_on(producer, pause)
        try:
            while outbox.send_batch(producer):
                pass
        except (ProducerError, OperationalError) as error:
            raise CommandError(str(error)) from None

    def _go_on(self, producer: LeadProducer, pause: float) -> None:
        # Not an Event: its `set` may wait for a lock that the interrupted code holds.
        signals: SimpleQueue[int] = SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda caught, _: signals.put(caught))
        self.stdout.write("Sending what comes into the outbox; Ctrl-C ends it.")
        wait_seconds = 0.0
        while not _came(signals, wait_seconds):
            close_old_connections()  # one that broke; the next query opens another
            try:
                wait_seconds = 0.0 if outbox.send_batch(producer) else pause
            except (ProducerError, OperationalError) as error:
                self.stderr.write(f"{error}; trying again in {TROUBLE_SECONDS:g} s")
                wait_seconds = TROUBLE_SECONDS


def _came(signals: SimpleQueue[int], wait_seconds: float) -> bool:
    """Whether a signal came, or comes within so many seconds."""
    try:
        signals.get(timeout=wait_seconds)
    except Empty:
        return False
    return True
