"""Dead letters of a test's own, and campaigns over them.

It owns how leads die in a test, and what of the groups a test looks at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed, Settlement
from lead_worker.store.campaigns import Campaign, Campaigns, Launch, Steer
from lead_worker.store.dead_letter import DeadLetter, Edit
from lead_worker.store.store import BATCH

from tests.integration.queues import WIDE, Queue, settlement

REFUSED = "rejected:status_422:UNPROCESSABLE_CONTENT"
RAW = b'{"name":"Ana","email":"ana@example"}'
BEGUN = {"event": "campaign_begun", "by": "ana"}


def dead(
    lead: Claimed, group: str = REFUSED, fields: Mapping[str, str] | None = None
) -> Settlement:
    """What a worker would settle a lead with that is dead of some cause."""
    reason = {"reason": group.partition(":")[0]}
    return replace(settlement(lead, State.DEAD, fields=reason | dict(fields or {})), group=group)


def die(
    queue: Queue,
    *lead_ids: str,
    group: str = REFUSED,
    fields: Mapping[str, str] | None = None,
    **accepted: Any,
) -> None:
    """Enqueue leads where none is waiting, and let all of them die of one cause."""
    queue.accept(*lead_ids, **accepted)
    die_again(queue, *lead_ids, group=group, fields=fields)


def die_again(
    queue: Queue,
    *lead_ids: str,
    group: str = REFUSED,
    fields: Mapping[str, str] | None = None,
) -> None:
    """Let the leads that wait die, all of them; these they are."""
    leads = claim_all(queue)
    assert sorted(lead.lead_id for lead in leads) == sorted(lead_ids)
    verdicts = queue.settle(*(dead(lead, group, fields) for lead in leads))
    assert set(verdicts) == {"ok"}


def claim_all(queue: Queue) -> list[Claimed]:
    """Claim whatever waits, whether or not its worker has others in flight."""
    return list(queue.turn("killer", 500, limits=WIDE).claimed)


def settle_all(queue: Queue, to: State) -> int:
    """Claim whatever waits and let all of it come to one state; gives how many."""
    leads = claim_all(queue)
    done = [settlement(each, to, api_id=f"api-{each.token}-{each.lead_id}") for each in leads]
    queue.settle(*(dead(lead) for lead in leads) if to is State.DEAD else done)
    return len(leads)


def grouped(queue: Queue) -> dict[str, list[str]]:
    """Who is in each group; each one's count must be right."""
    prefix = queue.keys.group("")
    found = {key: queue.client.zrange(key, 0, -1) for key in queue.client.keys(f"{prefix}*")}
    groups = {
        key.decode().removeprefix(prefix): sorted(lead_id.decode() for lead_id in ids)
        for key, ids in found.items()
    }
    numbers = queue.client.hgetall(queue.keys.groups)
    counted = {name.decode(): int(number) for name, number in numbers.items()}
    assert counted == {name: len(ids) for name, ids in groups.items()}
    return groups


def fill_groups(queue: Queue, names: int = 1000) -> None:
    """Let there be so many groups already."""
    queue.client.hset(queue.keys.groups, mapping={f"invalid:more-{n}": 1 for n in range(names)})


def edit(
    before: bytes = RAW, after: bytes = b'{"name":"Ana"}', *, act: str = "act", **change: object
) -> Edit:
    """A correction; what was changed is personal, what is logged is not."""
    about = {"by": "ana", "why": "typo"}
    return Edit(before, after, {**about, **change}, {"event": "edited", **about}, act)


def letter(lead_id: str, *, key: str = "", raw: bytes = RAW, group: str = REFUSED) -> DeadLetter:
    """A dead letter that comes from elsewhere."""
    fields = {"lane": "bulk", "accepted_at": "1700000000.000000", "reason": "rejected"}
    return DeadLetter(lead_id, key, group, fields, raw)


def campaigns(queue: Queue) -> Campaigns:
    return Campaigns(queue.store())


def launch(
    queue: Queue, lead_ids: Sequence[str], campaign_id: str = "c", **launch: Any
) -> Campaigns:
    """Launch a campaign and let it begin."""
    found = campaigns(queue)
    assert found.launch(campaign_id, Launch("ana", "all", **launch))
    for start in range(0, len(lead_ids), BATCH):
        assert found.enlist(campaign_id, start, lead_ids[start : start + BATCH]) == "ok"
    assert found.steer(campaign_id, Steer.BEGIN, BEGUN) == "ok"
    return found


def advance(queue: Queue, campaign_id: str = "c", *, per_minute: int = 0) -> bool:
    """A second later, do one step of a campaign."""
    queue.pass_time(1.0)
    return campaigns(queue).advance(campaign_id, per_minute)


def seen(queue: Queue, campaign_id: str = "c") -> Campaign:
    """A campaign as it is now."""
    found = campaigns(queue).find(campaign_id)
    assert found is not None
    return found


def waiting(queue: Queue) -> int:
    return queue.store().counts().waiting
