"""What a backend app installs: `LeadProducer` enqueues leads into Redis.

It depends on redis-py alone and reads no environment. It owns the names of the keys, the record's
format and `enqueue.lua`, which the worker builds on.
"""

from .errors import (
    BadLead,
    BadPayload,
    FormatMismatch,
    NotDurable,
    NotEnqueued,
    ProducerError,
    QueueFull,
    QueueUnavailable,
    SpoolError,
)
from .producer import LeadProducer
from .receipt import Receipt, Summary

__all__ = [
    "BadLead",
    "BadPayload",
    "FormatMismatch",
    "LeadProducer",
    "NotDurable",
    "NotEnqueued",
    "ProducerError",
    "QueueFull",
    "QueueUnavailable",
    "Receipt",
    "SpoolError",
    "Summary",
]
