"""All changes of queue state but enqueueing: one method for each script in `scripts/`."""

from redis.exceptions import RedisError as StoreError

from .store import Store
from .values import Beat, Claim, Claimed, Counts, Held, Reclaimed, Settlement, Turn

__all__ = [
    "Beat",
    "Claim",
    "Claimed",
    "Counts",
    "Held",
    "Reclaimed",
    "Settlement",
    "Store",
    "StoreError",
    "Turn",
]
