"""A page of leads, as APIs give them in a list: one that is bad keeps no other back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .bad_payload import BadPayload
from .mapped import Mapped
from .reading import an_object, listed

Read = Callable[[Mapping[str, Any], str], list[Mapped]]
"""Makes leads of one item, which is at a path."""


def read_page(value: object, path: str, read: Read) -> list[Mapped]:
    """Give the leads of a list.

    Raises:
        BadPayload: it is no list; or some items are bad, and then `others` has the leads of all
            that are not.
    """
    good: list[Mapped] = []
    bad: list[BadPayload] = []
    for position, item in enumerate(listed(value, path)):
        where = f"{path}[{position}]"
        try:
            good += read(an_object(item, where), where)
        except BadPayload as error:
            bad.append(error)
    if bad:
        raise _of_all(bad, good)
    return good


def _of_all(bad: list[BadPayload], good: list[Mapped]) -> BadPayload:
    first = bad[0]
    more = f"; and {len(bad) - 1} more of the page" if len(bad) > 1 else ""
    return BadPayload(first.path, first.reason + more, others=good, each=bad)
