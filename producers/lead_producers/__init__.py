"""What a backend app installs: `LeadProducer` enqueues leads into Redis.

It depends on redis-py alone and reads no environment. It owns the names of the keys, the record's
format and `enqueue.lua`, which the worker builds on.
"""

from .errors import BadLead, FormatMismatch, ProducerError, QueueFull, QueueUnavailable
from .producer import LeadProducer, Receipt, Summary

__all__ = [
    "BadLead",
    "FormatMismatch",
    "LeadProducer",
    "ProducerError",
    "QueueFull",
    "QueueUnavailable",
    "Receipt",
    "Summary",
]
