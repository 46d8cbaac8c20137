"""What the workers are set to, for commands that must judge as they do.

A worker says it with each beat. Where none has beaten of late, a command's own settings stand in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from lead_worker.core.schema import SchemaRules
from lead_worker.settings import Settings
from lead_worker.store import Store
from lead_worker.store.reading import Reading
from lead_worker.store.store import WORKER_LISTED_SECONDS


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """What the worker says that beat last.

    Attributes:
        of_a_worker: false where no worker said it, so that these are the command's own.
        rules: by which leads are validated.
        keep_dead_days, keep_discarded_days: how long a dead letter is kept, and a discarded one.
        redrive: whether the rule that replays by itself is on.
    """

    of_a_worker: bool
    rules: SchemaRules
    keep_dead_days: float
    keep_discarded_days: float
    redrive: bool


def fleet_settings(store: Store, own: Settings) -> FleetSettings:
    """Read what the workers are set to.

    Raises:
        StoreError: Redis does not answer.
    """
    since_at = store.counts().now_at - WORKER_LISTED_SECONDS
    for worker in Reading(store).workers(since_at):
        try:
            rules = SchemaRules(**json.loads(worker.about["schema"]))
            dead, discarded = (float(worker.about[f"keep_{s}_days"]) for s in ("dead", "discarded"))
            redrive = worker.about["redrive"] == "1"
        except (KeyError, ValueError, TypeError):
            continue  # of a neighbouring release
        return FleetSettings(True, rules, dead, discarded, redrive)
    kept = (own.keep_dead_days, own.keep_discarded_days)
    return FleetSettings(False, own.schema_rules, *kept, own.redrive)
