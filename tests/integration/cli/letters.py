"""Dead letters of a cause that a test chooses, as a worker leaves them behind."""

from __future__ import annotations

from collections.abc import Mapping

from lead_producers.record import encode
from lead_worker.core.lifecycle import State
from lead_worker.store import Settlement
from lead_worker.store.dead_letter import Edit

from .conftest import ATTEMPT, LIMITS, Queue

EMAIL = "invalid:email"
NO_EMAIL = {"path": "email", "message": "expected one e-mail address"}


def die_of(
    queue: Queue,
    group: str = EMAIL,
    entry: Mapping[str, object] | None = None,
    raw: Mapping[str, object] | None = None,
    **record: str,
) -> str:
    """Enqueue a lead and let it die; gives its id.

    Args:
        entry: what the timeline tells of its attempt.
        raw: the lead.
        record: further fields of the record.
    """
    queue.put(**(raw or {"name": "Ana Souza", "email": "ana"}))
    lead_id, token = queue.lease()
    reason, _, cause = group.partition(":")
    fields = {"reason": reason, "cause": cause.partition(":")[0]} | record
    settlement = Settlement(
        lead_id,
        token,
        State.DEAD,
        ATTEMPT | {"outcome": reason} | dict(entry or {}),
        group=group,
        fields=fields,
    )
    assert queue.store.turn([settlement], None, LIMITS).verdicts == ("ok",)
    return lead_id


def edit(queue: Queue, lead_id: str, before: Mapping[str, object], **after: object) -> None:
    """Mend a dead letter's e-mail address as `leads dead edit` does."""
    differences = [{"path": "email", "before": before["email"], "after": after["email"]}]
    change = {"by": "bia", "reason": "a typo", "changes": differences}
    entry = {"event": "edited", "by": "bia", "reason": "a typo", "changes": 1}
    act = Edit(encode(before), encode(after), change, entry, f"edit-{lead_id}")
    assert queue.store.edit(lead_id, act) == "ok"


def age(queue: Queue, seconds: float, *lead_ids: str) -> None:
    """Let dead letters have died so long ago, all of them at one instant."""
    at = queue.store.counts().now_at - seconds
    keys = queue.store.keys
    for lead_id in lead_ids:
        group = queue.store.client.hget(keys.lead(lead_id), "group").decode()
        for index in (keys.index(State.DEAD), keys.group(group)):
            queue.store.client.zadd(index, {lead_id: at}, xx=True)
