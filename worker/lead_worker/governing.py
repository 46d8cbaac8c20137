"""The governor's shell in one worker: tells it what came back, and tells people what follows.

It owns which outcomes the governor has to hear of. It must not decide anything itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from . import logs
from .conclusion import found_ids
from .core.evidence import Seen
from .core.governor import Governor, Moment, Step, elapse, token_changed
from .core.groups import rejected_group
from .core.lifecycle import Reason
from .core.metrics import DIED
from .core.outcome import Delivered, Invalid, Rejected
from .core.verdict import observe, spares
from .deaths import tell_death
from .metering import Meter
from .sender import Result
from .settings import Settings
from .store import Store
from .store.change import TRIES, Change, Decide, change_governor

logger = logging.getLogger(__name__)

_WELL = (Delivered, Rejected, Invalid)
"""What would teach a governor nothing that is calm."""


class Governing:
    """Governs for one worker. Methods raise `StoreError` where Redis does not answer."""

    def __init__(self, settings: Settings, store: Store, meter: Meter) -> None:
        self._ceiling = settings.max_in_flight
        self._store = store
        self._meter = meter

    def observe(self, results: Sequence[Result], *, busy: bool) -> bool:
        """Tell the governor what came back, before the leads can be claimed again.

        Args:
            busy: whether successes teach it something too.

        Returns:
            Whether a hold is in force, so that failures spend no attempt.
        """
        if not busy and all(isinstance(result.outcome, _WELL) for result in results):
            return False
        seen = [_seen(result) for result in results]

        def decide(governor: Governor, moment: Moment) -> Step:
            return _all_of(governor, seen, moment)

        change = self._change(decide)
        return change is not None and spares(change.before, change.step.governor)

    def elapse(self) -> None:
        """End a hold whose time is over."""
        self._change(elapse)

    def take_token(self, mark: str) -> None:
        """End a hold for credentials where this token is another than the refused one."""
        self._change(lambda governor, moment: token_changed(governor, mark, moment))

    def owners(self, results: Sequence[Result]) -> dict[str, str]:
        """Of the API ids that looks have found, those that belong to a lead of ours."""
        return self._store.owners([api_id for result in results for api_id in found_ids(result)])

    def _change(self, decide: Decide) -> Change | None:
        by = self._store.worker
        change = change_governor(self._store, decide, by=by, most_in_flight=self._ceiling)
        if change is None:
            facts = logs.facts("governor_crowded", tries=TRIES)
            words = "the governor's record was changed by others %d times in a row"
            logger.error(words, TRIES, extra=facts)
            return None
        self._meter.count(DIED, Reason.REJECTED, by=len(change.convicted))
        for each in change.step.convicted:
            if each.lead_id in change.convicted:
                tell_death(each.lead_id, "convicted", rejected_group(each.status, each.code))
        for event in change.step.events:
            facts = logs.facts(event.event, kind=event.kind.value)
            told = (event.event, event.kind.value, event.reason)
            logger.warning("%s: %s: %s", *told, extra=facts)
        return change


def _all_of(governor: Governor, seen: Sequence[Seen], moment: Moment) -> Step:
    """What follows from several outcomes, one after the other."""
    steps = [Step(governor)]
    for each in seen:
        steps.append(observe(steps[-1].governor, each, moment))
    return Step(
        steps[-1].governor,
        tuple(each for step in steps for each in step.convicted),
        tuple(each for step in steps for each in step.doubted),
        tuple(event for step in steps for event in step.events),
    )


def _seen(result: Result) -> Seen:
    lead = result.lead
    return Seen(
        lead_id=lead.lead_id,
        outcome=result.outcome,
        token=lead.token,
        claimed_at=lead.claimed_at,
        canary_of=lead.canary_of,
        mark=result.mark,
        doubted=lead.doubted,
        look=lead.look,
    )
