"""What `enqueue` raises. Each text is one line for a person and holds no value of a lead."""

from __future__ import annotations


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


class QueueUnavailable(ProducerError):
    """Redis did not confirm within the bound. The lead may or may not be enqueued."""


class QueueFull(ProducerError):
    """Redis is short of memory and takes no new leads. Nothing was enqueued."""


class FormatMismatch(ProducerError):
    """The namespace holds records of another format than this release writes."""
