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
        keep_dead_days: how long a dead letter is kept.
        redrive: whether the rule that replays by itself is on.
    """

    of_a_worker: bool
    rules: SchemaRules
    keep_dead_days: float
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
            days, redrive = float(worker.about["keep_dead_days"]), worker.about["redrive"] == "1"
        except (KeyError, ValueError, TypeError):
            continue  # of a neighbouring release
        return FleetSettings(True, rules, days, redrive)
    return FleetSettings(False, own.schema_rules, own.keep_dead_days, own.redrive)
