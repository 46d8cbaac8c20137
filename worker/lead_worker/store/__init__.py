"""All changes of queue state but enqueueing: one method for each script in `scripts/`."""

from redis.exceptions import RedisError as StoreError

from .dead_letter import DeadLetter, Edit
from .store import Store
from .values import (
    Beat,
    Claim,
    Claimed,
    Counts,
    Decision,
    Governed,
    Held,
    Limits,
    Reclaimed,
    Settlement,
    Standing,
    Turn,
)

__all__ = [
    "Beat",
    "Claim",
    "Claimed",
    "Counts",
    "DeadLetter",
    "Decision",
    "Edit",
    "Governed",
    "Held",
    "Limits",
    "Reclaimed",
    "Settlement",
    "Standing",
    "Store",
    "StoreError",
    "Turn",
]
