"""One run of stock Celery under the same faults, and what became of its leads.

It owns the counting: by receipts, by what the API got, and by what is left in the broker. A lead
counts as lost where it has a receipt and is in neither; one that is still in the broker is not
lost, it is late.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lead_ops.sandbox import SandboxError
from lead_ops.trials import INTERRUPTED

from .api import Creation
from .found import BROKEN, HELD
from .progress import Progress
from .receipts import Slip
from .recovery import Row, Traces, rows
from .stage import Stage
from .stock import StockCelery, left
from .stock_app import RETRY_CAP_SECONDS, VISIBILITY_SECONDS
from .supervisor import Life
from .trial import Asked, Harm

DRAIN_SECONDS = 2.0 * VISIBILITY_SECONDS + 4.0 * RETRY_CAP_SECONDS
"""After the last fault: two visibility timeouts and some of the longest countdowns."""

STOP_SECONDS = 15.0


@dataclass(slots=True)
class StockFound:
    """What was found; `late` leads are in the broker still. `stuck` apps did not come to an end."""

    receipts: int = 0
    lost: int = 0
    late: int = 0
    in_the_api: int = 0
    duplicates: int = 0
    stuck: int = 0
    drained: bool = False
    drain_seconds: float = 0.0
    slowest_call_seconds: float = 0.0
    interrupted: bool = False
    rows: list[Row] = field(default_factory=list)
    died: list[Life] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether nothing was lost; nobody promised that there are no duplicates."""
        return not (self.lost or self.late or self.problems)

    @property
    def code(self) -> int:
        """The exit code of the run."""
        return INTERRUPTED if self.interrupted else HELD if self.held else BROKEN


def count(
    slips: Sequence[Slip], creations: Sequence[Creation], in_the_broker: Sequence[str]
) -> StockFound:
    """Count what became of the leads that have a receipt, and what the API has twice. Pure."""
    made = Counter(creation.serial for creation in creations)
    missing = {slip.serial for slip in slips} - made.keys()
    late = missing & set(in_the_broker)
    return StockFound(
        receipts=len(slips),
        lost=len(missing - late),
        late=len(late),
        in_the_api=len(creations),
        duplicates=made.total() - len(made),
        slowest_call_seconds=max((slip.took_seconds for slip in slips), default=0.0),
    )


def try_stock(asked: Asked, folder: Path, progress: Progress) -> StockFound:
    """Run stock Celery under faults."""
    with Stage(folder) as stage:
        system = StockCelery()
        system.start(stage)
        harm = Harm(asked, stage, system, progress)
        interrupted, drained, problems = False, False, list[str]()
        began = time.monotonic()
        try:
            harm.suffer()
            began = time.monotonic()
            harm.wait(harm.apps_are_done, DRAIN_SECONDS)
            drained = harm.wait(lambda: left(stage.direct) == [], DRAIN_SECONDS)
        except KeyboardInterrupt:
            interrupted = True
        except SandboxError as error:
            problems.append(str(error))
        found = _conclude(harm, stage)
        found.interrupted, found.drained, found.problems = interrupted, drained, problems
        found.drain_seconds = round(time.monotonic() - began, 1)
    return found


def _conclude(harm: Harm, stage: Stage) -> StockFound:
    apps = stage.supervisor.called("app")
    stuck = sum(not slot.done for slot in apps)
    died = [each for each in stage.supervisor.lives if each.code and not each.killed]
    for slot in stage.supervisor.slots:
        slot.stop(STOP_SECONDS)
    harm.look()
    found = count(harm.slips, stage.api.ledger.creations, left(stage.direct) or [])
    found.stuck, found.died = stuck, died
    traces = Traces(
        arrivals=[creation.at for creation in stage.api.ledger.creations],
        slips=harm.slips,
        accounts=None,
        lives=stage.supervisor.lives,
    )
    found.rows = rows(harm.nemesis.happened, traces, {})
    return found
