"""An operator's change of the governor, against workers that change it at the same time.

It owns that it is made in the operator's name. What a pause or a resume amounts to is
`lead_worker.core.governor`'s.
"""

from __future__ import annotations

from lead_worker.store import Store
from lead_worker.store.change import Change, Decide
from lead_worker.store.change import change_governor as change_by

from .errors import OpsError
from .operator import operator

__all__ = ["Change", "change_governor"]


def change_governor(store: Store, decide: Decide, *, most_in_flight: int) -> Change:
    """Change the governor's record in this operator's name.

    Args:
        most_in_flight: the most requests in flight across the fleet, by the settings.

    Raises:
        OpsError: others changed it again and again in between.
        StoreError: Redis does not answer.
    """
    change = change_by(store, decide, by=operator(), most_in_flight=most_in_flight)
    if change is None:
        raise OpsError("the hold was changed by somebody else each time: try again")
    return change
