"""Holds the receipts against the store and the API: what was lost, what is there twice. Pure.

It owns what counts as lost and as explained. It knows no process: everything that it goes by is in
the `Evidence`, so that what it finds can be shown to be found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lead_producers.record import key_digest
from lead_worker.core.lifecycle import State

from .api import Creation
from .books import Account
from .explain import Duplicate, explain
from .receipts import Slip
from .supervisor import Freeze


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known at the end.

    Attributes:
        slips: the receipts that were given.
        accounts: the leads in the store, by id.
        holders: leads by the digest of the idempotency key that they were enqueued under.
        creations: what the API has, in order.
        freezes: when processes were stopped.
        audit: what `leads audit` found wrong.
        in_spools: ids of the leads that are in spools, and digests of their keys.
    """

    slips: Sequence[Slip]
    accounts: Mapping[str, Account]
    holders: Mapping[str, str]
    creations: Sequence[Creation]
    freezes: Sequence[Freeze] = ()
    audit: Sequence[str] = ()
    in_spools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """One lead that is not where it has to be."""

    serial: str
    lead_id: str
    why: str


@dataclass(slots=True)
class Verdict:
    """What the evidence says.

    Attributes:
        places: how many leads are in which state; receipts without a lead are `spooled` or `gone`.
        unanswered, expired: how often a request had no readable answer, and a lease ran out.
        lost: has a receipt, and is nowhere; or is called delivered, and the API never got it.
        unfinished: is in no final place yet.
        mistaken: the store and the API do not agree about it.
        explained: how many duplicates there are, by what explains them.
        unexplained: duplicates that nothing explains.
        unreceipted: leads in the store for which the app was killed before it wrote the receipt.
    """

    receipts: int = 0
    spooled: int = 0
    leads: int = 0
    in_the_api: int = 0
    unreceipted: int = 0
    unanswered: int = 0
    expired: int = 0
    places: Counter[str] = field(default_factory=Counter)
    lost: list[Problem] = field(default_factory=list)
    unfinished: list[Problem] = field(default_factory=list)
    mistaken: list[Problem] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[Duplicate] = field(default_factory=list)
    audit: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether all that is promised was kept."""
        wrong = (self.lost, self.unfinished, self.mistaken, self.unexplained, self.audit)
        return not any(wrong)


def judge(evidence: Evidence, policy: str) -> Verdict:
    """Hold all of it against each other.

    Args:
        policy: `retry`, `reconcile` or `park`: what the workers do with unknown outcomes.
    """
    slips = evidence.slips
    verdict = Verdict(
        receipts=len(slips),
        spooled=sum(slip.spooled for slip in slips),
        leads=len(evidence.accounts),
        in_the_api=len(evidence.creations),
        places=Counter(account.state for account in evidence.accounts.values()),
        audit=list(evidence.audit),
    )
    doubts = [doubt for account in evidence.accounts.values() for doubt in account.doubts]
    verdict.expired = sum(doubt.expired for doubt in doubts)
    verdict.unanswered = len(doubts) - verdict.expired
    made: dict[str, list[Creation]] = defaultdict(list)
    for creation in evidence.creations:
        made[creation.serial].append(creation)
    receipted = _follow_receipts(evidence, verdict)
    verdict.unreceipted = len(evidence.accounts.keys() - receipted)
    _look_at_leads(evidence, made, verdict)
    _look_at_the_api(evidence, made, policy, verdict)
    return verdict


def _follow_receipts(evidence: Evidence, verdict: Verdict) -> set[str]:
    """See that each receipt leads to a lead; gives the leads' ids."""
    found: set[str] = set()
    for slip in evidence.slips:
        account = evidence.accounts.get(slip.lead_id) or _by_key(slip, evidence)
        if account is None and {slip.lead_id, key_digest(slip.key)} & evidence.in_spools:
            verdict.places["spooled"] += 1
            why = "it is in a spool still"
            verdict.unfinished.append(Problem(slip.serial, slip.lead_id, why))
        elif account is None:
            verdict.places["gone"] += 1
            verdict.lost.append(Problem(slip.serial, slip.lead_id, "a receipt, and no lead"))
        elif account.serial != slip.serial:
            verdict.lost.append(Problem(slip.serial, slip.lead_id, "it names another lead"))
        else:
            found.add(account.lead_id)
    return found


def _by_key(slip: Slip, evidence: Evidence) -> Account | None:
    """A spooled lead whose key was known by the time it came home is the one that has the key."""
    holder = evidence.holders.get(key_digest(slip.key), "") if slip.key and slip.spooled else ""
    return evidence.accounts.get(holder)


def _look_at_leads(
    evidence: Evidence, made: Mapping[str, Sequence[Creation]], verdict: Verdict
) -> None:
    """See that each lead is at an end, and that the API has those that are delivered."""
    for account in evidence.accounts.values():
        there = [creation.api_id for creation in made.get(account.serial, ())]
        if not account.is_final:
            why = f"it is {account.state or 'in no state'} still"
            verdict.unfinished.append(Problem(account.serial, account.lead_id, why))
        elif account.state == State.DELIVERED and not there:
            why = "delivered, and the API never got it"
            verdict.lost.append(Problem(account.serial, account.lead_id, why))
        elif account.state == State.DELIVERED and account.api_id not in there:
            why = "delivered under an id that is another lead's"
            verdict.mistaken.append(Problem(account.serial, account.lead_id, why))


def _look_at_the_api(
    evidence: Evidence, made: Mapping[str, Sequence[Creation]], policy: str, verdict: Verdict
) -> None:
    """See that the API has no lead that nobody enqueued, and none twice without a reason."""
    by_serial: dict[str, list[Account]] = defaultdict(list)
    for account in evidence.accounts.values():
        by_serial[account.serial].append(account)
    for serial, accounts in by_serial.items():
        if len(accounts) > 1:
            why = f"one form became {len(accounts)} leads"
            verdict.mistaken.append(Problem(serial, accounts[0].lead_id, why))
    for serial, creations in made.items():
        accounts = by_serial.get(serial, [])
        if not accounts:
            verdict.mistaken.append(Problem(serial, "", "the API has it, and the store does not"))
        elif len(creations) > 1:
            doubts = [doubt for account in accounts for doubt in account.doubts]
            reasons = explain(doubts, creations, evidence.freezes, policy)
            verdict.explained.update(reasons)
            left = len(creations) - 1 - len(reasons)
            if left > 0:
                verdict.unexplained.append(
                    Duplicate(serial, accounts[0].lead_id, left, tuple(creations), tuple(doubts))
                )
