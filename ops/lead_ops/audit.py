"""The proof that no lead is lost, from the data alone: every lead in one place, every number right.

It owns what is checked and that whatever seems wrong is looked at twice, because a live queue moves
between two looks. Memory stays bounded. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lead_worker.store import Store
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading
from lead_worker.store.store import BATCH

KEPT = 20
"""The most problems that a check keeps; all of them are counted."""


@dataclass(slots=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: a short code.
        seen: how many things were looked at.
        failed: how many of them are wrong.
        problems: the first `KEPT` of those, each as id and what is wrong. Not personal.
    """

    name: str
    seen: int = 0
    failed: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)

    def fail(self, what: str, problem: str) -> None:
        """Count one problem."""
        self.failed += 1
        if len(self.problems) < KEPT:
            self.problems.append((what, problem))


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    Attributes:
        accepted, accounted: equal, or leads are lost or counted twice.
        checks: in the order in which they ran.
    """

    namespace: str
    accepted: int
    accounted: int
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return not any(check.failed for check in self.checks)

    @property
    def problems(self) -> list[str]:
        """The kept problems of all checks, one line each."""
        return [f"{what}: {problem}" for check in self.checks for what, problem in check.problems]


def run_audit(store: Store) -> AuditReport:
    """Audit one namespace, live or not.

    Returns:
        The report. A problem in it was there at two looks, each of them atomic.

    Raises:
        StoreError: Redis does not answer.
    """
    conservation = Check("conservation")
    counts = store.counts()
    if counts.accepted != counts.accounted:
        counts = store.counts()
    conservation.seen = counts.accepted
    if counts.accepted != counts.accounted:
        found = f"accepted {counts.accepted}, accounted for {counts.accounted}"
        conservation.fail("all leads", found)
    audit = _Audit(store)
    audit.look_at_keys()
    audit.look_at_indexes()
    others = (audit.places, audit.indexes, audit.remains, audit.keys, audit.api_ids, audit.groups)
    checks = (conservation, *others)
    return AuditReport(store.keys.namespace, counts.accepted, counts.accounted, checks)


class _Audit:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._reading = Reading(store)
        self.places = Check("places")
        self.indexes = Check("indexes")
        self.remains = Check("remains")
        self.keys = Check("keys")
        self.api_ids = Check("api_ids")
        self.groups = Check("groups")
        self._letters = Letters(store)

    def look_at_keys(self) -> None:
        """Go through all keys once, and look at each by its kind."""
        looks: dict[str, Callable[[list[str]], None]] = {
            "lead": self._look_at_records,
            "raw": self._look_at_remains,
            "timeline": self._look_at_remains,
            "original": self._look_at_remains,
            "edits": self._look_at_remains,
            "group": self._look_at_groups,
            "key": self._look_at_idempotency,
            "api": self._look_at_api_ids,
        }
        for page in self._reading.scan_keys():
            kinds: dict[str, list[str]] = {}
            for key in page:
                kind, _, name = key.partition(":")
                kinds.setdefault(kind, []).append(name)
            for kind, look in looks.items():
                names = list(dict.fromkeys(kinds.get(kind, ())))
                for first in range(0, len(names), BATCH):
                    look(names[first : first + BATCH])

    def look_at_indexes(self) -> None:
        """See that whatever an index lists has a record; the records were looked at themselves."""
        for page in self._reading.scan_indexed():
            self.indexes.seen += len(page)
            self._confirm(self.indexes, self._reading.without_record(page))

    def _look_at_records(self, lead_ids: list[str]) -> None:
        verdicts = self._store.check(lead_ids)
        self.places.seen += sum(verdict != "" for verdict in verdicts.values())
        self._confirm(self.places, [i for i, verdict in verdicts.items() if _is_wrong(verdict)])
        digests = self._reading.key_digests(lead_ids)
        self.keys.seen += len(digests)
        self._confirm_keys(digests)

    def _look_at_remains(self, lead_ids: list[str]) -> None:
        self.remains.seen += len(lead_ids)
        for lead_id in self._reading.without_record(lead_ids):
            # The second look: it may have been forgotten as a whole between the two commands.
            sort = self._reading.remains_of(lead_id)
            if sort:
                self.remains.fail(lead_id, f"{sort} without a record")

    def _look_at_idempotency(self, digests: list[str]) -> None:
        holders = self._reading.key_holders(digests)
        missing = set(self._reading.without_record(list(holders.values())))
        suspects = [digest for digest, holder in holders.items() if holder in missing]
        # A key outlives its record by intention, and then it expires.
        suspects = self._reading.lasting_keys(suspects)
        for holder in self._reading.key_holders(suspects).values():
            if self._reading.without_record([holder]):
                self.keys.fail(holder, "an idempotency key names it, and it has no record")

    def _look_at_api_ids(self, api_ids: list[str]) -> None:
        """An id of the API's must name a lead that is there; one without a record was forgotten."""
        self.api_ids.seen += len(api_ids)
        owners = self._store.owners(api_ids)
        missing = set(self._reading.without_record(list(owners.values())))
        suspects = [api_id for api_id, owner in owners.items() if owner in missing]
        for api_id, owner in self._store.owners(suspects).items():
            if self._reading.without_record([owner]):
                self.api_ids.fail(owner, f"the API's id {api_id} names it, and it has no record")

    def _look_at_groups(self, names: list[str]) -> None:
        """Whoever is in a group must be dead of that, and the group's count must be right."""
        for name in names:
            for page in self._letters.members(name):
                self.groups.seen += len(page)
                suspects = self._letters.strangers(name, page)
                for lead_id in self._letters.strangers(name, suspects):
                    self.groups.fail(lead_id, f"it is in the group {name}, and not dead of that")
            if self._letters.miscounted(name) and self._letters.miscounted(name):
                self.groups.fail(name, "the group's count is not the number of its dead letters")

    def _confirm(self, check: Check, suspects: list[str]) -> None:
        for lead_id, verdict in self._store.check(suspects).items():
            if _is_wrong(verdict):
                check.fail(lead_id, verdict[1:])

    def _confirm_keys(self, digests: dict[str, str]) -> None:
        """A lead that was enqueued under a key must be what the key names."""
        for _ in range(2):
            holders = self._reading.key_holders(list(digests.values()))
            suspects = [i for i, digest in digests.items() if holders.get(digest) != i]
            digests = self._reading.key_digests(suspects)
        for lead_id in digests:
            self.keys.fail(lead_id, "its idempotency key does not name it")


def _is_wrong(verdict: str) -> bool:
    return verdict.startswith("!")
