"""What a mapping raises. Beside the place and the reason it carries the leads that are good, so
that one bad lead of a page keeps no other back.

It owns no rule about payloads. `lead_producers.BadPayload` catches it too.
"""

from __future__ import annotations

from collections.abc import Sequence

from lead_producers.errors import BadPayload as BadPayloadOfProducers

from .mapped import Mapped


class BadPayload(BadPayloadOfProducers):
    """A payload is not what its source sends, or leads of its page are not.

    Attributes:
        path: where it is wrong; of several places the first.
        others: the leads of the same page in which nothing is wrong; enqueue them.
        each: one error for each lead that is bad; this one alone where it is no page.
    """

    def __init__(
        self,
        path: str,
        message: str,
        *,
        others: Sequence[Mapped] = (),
        each: Sequence[BadPayload] = (),
    ) -> None:
        super().__init__(path, message)
        self.reason = message
        self.others = list(others)
        self.each = list(each) or [self]
