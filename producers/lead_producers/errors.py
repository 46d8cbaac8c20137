"""What `enqueue` raises. Each text is one line for a person and holds no value of a lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .receipt import Summary


class ProducerError(Exception):
    """The root of the producer's errors."""


class BadLead(ProducerError, ValueError):
    """The lead, or an argument beside it, cannot be stored. Nothing was enqueued.

    Attributes:
        path: where it is wrong, dotted (`custom.score`, `utm.tags[2]`); "" for the lead as a whole.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class NotEnqueued(ProducerError):
    """The root of what keeps Redis from taking a lead, now.

    Attributes:
        maybe_enqueued: it may be enqueued all the same.
        summary: of a bulk, what became of the leads before.
    """

    def __init__(self, message: str, *, maybe_enqueued: bool = False) -> None:
        super().__init__(message)
        self.maybe_enqueued = maybe_enqueued
        self.summary: Summary | None = None


class BadPayload(ProducerError, ValueError):
    """A payload is not what its source sends, so no lead can be read from it.

    Attributes:
        path: where it is wrong, dotted (`leads[2].last_conversion`); "" for the payload as a whole.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class QueueUnavailable(NotEnqueued):
    """Redis did not confirm within the bound. The lead may or may not be enqueued."""


class QueueFull(NotEnqueued):
    """Redis is short of memory and takes no new leads. Nothing was enqueued."""


class NotDurable(NotEnqueued):
    """This Redis is not set up to say when a lead is on its disk. It is asked before it is given a
    lead, so nothing was enqueued, unless `maybe_enqueued` says otherwise."""


class SpoolError(ProducerError):
    """The spool's file cannot be used. What is in it stays there."""


class FormatMismatch(ProducerError):
    """The namespace holds records of another format than this release writes."""
