"""The audit trail as it is read: what people, rules and the governor did, the newest first.

The scripts write it, and keep its length bounded. It holds ids, and no personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .reading import entry
from .store import Store

PAGE = 500


def newest_first(store: Store) -> Iterator[Mapping[str, Any]]:
    """Each entry once, page by page, however many are added meanwhile.

    Raises:
        StoreError: Redis does not answer.
    """
    last, before = -1, frozenset[bytes]()
    while page := store.client.lrange(store.keys.log, last - PAGE + 1, last):
        # What was added meanwhile has moved the last page's first ones into this one.
        yield from (entry(encoded) for encoded in reversed(page) if encoded not in before)
        if len(page) < PAGE:
            return
        last, before = last - PAGE, frozenset(page)
