"""The names of all keys in Redis; no other module spells one. For scripts, `prelude.lua` does.

Every key begins with the namespace as a hash tag. A script gets that prefix as its only key and
adds the names below, because it cannot know which leads it will touch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORMAT = "1"
"""The version of the record format; it changes when an older process could misread a newer one."""

LANES = ("live", "bulk")

_NAMESPACE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one namespace."""

    namespace: str = "leads"

    def __post_init__(self) -> None:
        # A brace would end the hash tag, and the worker's settings refuse what is refused here.
        if not isinstance(self.namespace, str) or not _NAMESPACE.fullmatch(self.namespace):
            raise ValueError("namespace: expected 1 to 64 letters, digits, '_', '.' or '-'")

    @property
    def prefix(self) -> str:
        return f"{{{self.namespace}}}:"

    @property
    def meta(self) -> str:
        """Hash: `format`, `api_url`."""
        return f"{self.prefix}meta"

    @property
    def counts(self) -> str:
        """Hash of counters: `accepted`, `forgotten`, `duplicates`, `governor_version`,
        `held_seconds`, `unsettled_seconds`; `claimed_at`, `calendar_at`: when that was done last;
        and `sampled`: when groups named by a digest were first reported."""
        return f"{self.prefix}counts"

    @property
    def governor(self) -> str:
        """Hash: the governor's record, with the hold in force; or absent."""
        return f"{self.prefix}governor"

    @property
    def rate(self) -> str:
        """Hash: how many requests a minute an operator allows, and when the next one is free."""
        return f"{self.prefix}rate"

    @property
    def metrics(self) -> str:
        """Hash: what the workers counted, by metric and labels; and when one flushed last."""
        return f"{self.prefix}metrics"

    @property
    def shares(self) -> str:
        """Hash: how much each queue is owed of the next leads that are claimed."""
        return f"{self.prefix}shares"

    @property
    def looking(self) -> str:
        """Sorted set: unknown leads that are being looked for, by the end of the lease."""
        return f"{self.prefix}looking"

    @property
    def groups(self) -> str:
        """Hash: how many dead letters are in each group, by its name."""
        return f"{self.prefix}groups"

    @property
    def campaigns(self) -> str:
        """Sorted set: ids of campaigns by the time of their launch."""
        return f"{self.prefix}campaigns"

    @property
    def active(self) -> str:
        """Set: ids of the campaigns that are under way."""
        return f"{self.prefix}active"

    @property
    def redrive(self) -> str:
        """Hash: `next_at` and `last_at` of the rule that replays by itself."""
        return f"{self.prefix}redrive"

    @property
    def announced(self) -> str:
        """String with an expiry: it was announced that dead letters will be forgotten."""
        return f"{self.prefix}announced"

    @property
    def deaths(self) -> str:
        """Sorted set: groups with deaths to be reported, by when they are looked at next."""
        return f"{self.prefix}deaths"

    @property
    def log(self) -> str:
        """List of JSON objects: what people and the governor did, oldest first."""
        return f"{self.prefix}log"

    @property
    def given(self) -> str:
        """List: id of the batch that is being reported, when it was given, its events."""
        return f"{self.prefix}given"

    @property
    def reports(self) -> str:
        """List: those of the log that nobody has reported to Sentry yet."""
        return f"{self.prefix}reports"

    @property
    def touched(self) -> str:
        """String with an expiry: a durable call was here; it has no meaning beyond the write."""
        return f"{self.prefix}touched"

    @property
    def full(self) -> str:
        """String with an expiry: memory is short, enqueueing is refused."""
        return f"{self.prefix}full"

    @property
    def bell(self) -> str:
        """List: the Celery queue that carries bells and nothing else."""
        return f"{self.prefix}bell"

    @property
    def pulse(self) -> str:
        """String: when leases were last looked over."""
        return f"{self.prefix}pulse"

    @property
    def grace(self) -> str:
        """String: until when no lease counts as run out."""
        return f"{self.prefix}grace"

    @property
    def workers(self) -> str:
        """Sorted set: worker processes by the time of their last beat."""
        return f"{self.prefix}workers"

    def due(self, lane: str) -> str:
        """Sorted set: ids of a lane's waiting leads by the time from which they may be claimed."""
        return f"{self.prefix}due:{lane}"

    def index(self, state: str) -> str:
        """Sorted set: ids of the leads in a state other than waiting, by its time."""
        return f"{self.prefix}{state}"

    def lead(self, lead_id: str) -> str:
        """Hash: the record."""
        return f"{self.prefix}lead:{lead_id}"

    def raw(self, lead_id: str) -> str:
        """String: the raw lead, as JSON, to the byte."""
        return f"{self.prefix}raw:{lead_id}"

    def timeline(self, lead_id: str) -> str:
        """List of JSON objects: what happened to the lead, oldest first."""
        return f"{self.prefix}timeline:{lead_id}"

    def original(self, lead_id: str) -> str:
        """String: of a lead that was edited, the raw lead as it was enqueued, to the byte."""
        return f"{self.prefix}original:{lead_id}"

    def edits(self, lead_id: str) -> str:
        """List of JSON objects: what was changed by each edit, oldest first."""
        return f"{self.prefix}edits:{lead_id}"

    def group(self, name: str) -> str:
        """Sorted set: ids of the dead letters in a group by the time of their death."""
        return f"{self.prefix}group:{name}"

    def deaths_of(self, group: str) -> str:
        """Hash: how many have died in a group since the last report, one of them, and the pause."""
        return f"{self.prefix}deaths:{group}"

    def mended(self, group: str) -> str:
        """Sorted set: ids of those in a group that were edited since they died."""
        return f"{self.prefix}mended:{group}"

    def campaign(self, campaign_id: str) -> str:
        """Hash: the record of a campaign."""
        return f"{self.prefix}campaign:{campaign_id}"

    def campaign_todo(self, campaign_id: str) -> str:
        """List: ids of the leads that a campaign has not let go yet."""
        return f"{self.prefix}campaign_todo:{campaign_id}"

    def campaign_out(self, campaign_id: str) -> str:
        """Sorted set: ids of those that it let go, by when they were last looked at."""
        return f"{self.prefix}campaign_out:{campaign_id}"

    def campaign_ended(self, campaign_id: str) -> str:
        """Hash: what became of each that came to an end, by its id."""
        return f"{self.prefix}campaign_ended:{campaign_id}"

    def idempotency(self, digest: str) -> str:
        """String: the id of the lead that was enqueued under this idempotency key."""
        return f"{self.prefix}key:{digest}"

    def alike(self, digest: str) -> str:
        """String with an expiry: the id of the lead that was enqueued with this content."""
        return f"{self.prefix}same:{digest}"

    def api(self, api_id: str) -> str:
        """String: the id of the lead that this id of the API's belongs to."""
        return f"{self.prefix}api:{api_id}"

    def metered(self, worker: str) -> str:
        """String with an expiry: the number of the last flush of a worker's counts."""
        return f"{self.prefix}metered:{worker}"

    def claim(self, worker: str) -> str:
        """String with an expiry: the last batch that a worker claimed."""
        return f"{self.prefix}claim:{worker}"

    def worker(self, worker: str) -> str:
        """Hash with an expiry: what a worker says of itself."""
        return f"{self.prefix}worker:{worker}"
