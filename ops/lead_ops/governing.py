"""An operator's change of the hold, against workers that change it at the same time."""

from __future__ import annotations

from lead_worker.core.governor import Hold
from lead_worker.store import Counts, Store

from .errors import OpsError

TRIES = 20


def change_hold(store: Store, hold: Hold | None) -> Counts:
    """Replace whatever hold is in force; None ends it.

    Returns:
        The counts that the change was made on, with the hold that it replaced.

    Raises:
        OpsError: others changed it `TRIES` times in between.
    """
    for _ in range(TRIES):
        counts = store.counts()
        if hold is None and counts.hold is None:
            return counts
        if store.govern(hold, counts.hold_version):
            return counts
    raise OpsError("the hold was changed by somebody else each time: try again")
