"""The model of what becomes of a claimed lead: settled by its worker, or its lease ran out.

It owns whom an id of the API's belongs to, which a settlement may change.
"""

from __future__ import annotations

from lead_worker.core.lifecycle import State
from lead_worker.core.looks import Progress
from lead_worker.store import Settlement
from lead_worker.store.store import POISON_EXPIRIES

from tests.integration.model_books import Books
from tests.integration.model_leads import Lead

PULSE_GAP_SECONDS = 25.0
POISON = "poison:lease_expired"


class Settling(Books):
    """Books of leads that are settled and reclaimed."""

    def __init__(self) -> None:
        super().__init__()
        self._pulse_at = self._grace_until = float("-inf")

    def settle(self, done: Settlement) -> str:
        """What a worker hears that tells what became of a lead."""
        lead = self.leads.get(done.lead_id)
        if lead is None:
            return "gone"
        if lead.settled == done.token:
            return "done"
        ours = lead.token == done.token
        if done.look:
            if ours or not lead.token:
                self.looking.pop(done.lead_id, None)
            if not ours and lead.state is not State.ERASED:
                return "stale"
            if self._is_anothers(done.lead_id, lead, done.api_id):
                return self._taken(lead)
        if lead.state is State.ERASED:
            self._learn(done, lead)
            lead.settled = done.token
            return "erased"
        if lead.state is State.DELIVERED or (not ours and done.to is not State.DELIVERED):
            return self._too_late(done, lead)
        self._go_on(done, lead, ours=ours)
        return "ok" if ours else "late"

    def _is_anothers(self, lead_id: str, lead: Lead, api_id: str) -> bool:
        return api_id not in ("", *lead.api_ids) and self.owners.get(api_id, lead_id) != lead_id

    def _taken(self, lead: Lead) -> str:
        """What was found is another lead's: it is looked for again."""
        if lead.state is State.UNKNOWN:
            self.put(self.now, lead)
        lead.token = ""
        return "taken"

    def _too_late(self, done: Settlement, lead: Lead) -> str:
        """The lead has gone on; what the API made of it is learned all the same."""
        known = bool(lead.api_id)
        if not self._learn(done, lead):
            return "done" if done.to is State.DELIVERED else "stale"
        lead.told += 1
        return "duplicate" if known else "stale"

    def _go_on(self, done: Settlement, lead: Lead, *, ours: bool) -> None:
        was, ran_out = lead.state, ours and lead.expired == lead.token
        lead.leave_workers()
        lead.forget_why()
        if done.to is not State.UNKNOWN:
            lead.progress = None
        wait = done.due_seconds if done.to in (State.WAITING, State.UNKNOWN) else 0.0
        self.move(done.to, self.now + wait, lead)
        lead.settled, lead.told = done.token, lead.told + 1
        if done.to is State.DEAD:
            lead.why, lead.group = dict(done.fields), done.group
        if done.look and done.to is State.UNKNOWN and done.fields:
            lead.progress = _progress(done)
        if done.look and done.api_id:
            lead.found = done.api_id
        if done.to is State.UNKNOWN and lead.unknown_since is None:
            lead.unknown_since = self.now if lead.claimed_at is None else lead.claimed_at
        self._learn(done, lead, first=done.to is State.DELIVERED)
        self._count(done, lead, was, ran_out=ran_out)

    def _learn(self, done: Settlement, lead: Lead, *, first: bool = False) -> bool:
        """Keep an id of the API's, and whom it belongs to; gives whether it is news.

        Args:
            first: it is the one that counts, where the lead has others.
        """
        if done.api_id in ("", *lead.api_ids):
            return False
        finder = self.owners.get(done.api_id)
        self.owners[done.api_id] = done.lead_id
        if lead.api_id:
            self.duplicates += 1
            lead.also.append(lead.api_id if first else done.api_id)
            lead.api_id = done.api_id if first else lead.api_id
        else:
            lead.api_id = done.api_id
        if finder not in (None, done.lead_id) and not done.look:
            self._correct(self.leads[str(finder)], done.api_id)
        return True

    def _correct(self, finder: Lead, api_id: str) -> None:
        """Who found what another was answered keeps what it was answered itself, or goes back."""
        if finder.state is not State.DELIVERED or finder.found != api_id:
            return
        own = [each for each in finder.api_ids if each != api_id]
        finder.api_id, finder.also, finder.found = "", own[1:], ""
        if own:
            finder.api_id = own[0]
            self.duplicates -= 1
        else:
            finder.settled = ""
            self.move(State.UNKNOWN, self.now, finder)
        finder.told += 1

    @staticmethod
    def _count(done: Settlement, lead: Lead, was: State, *, ran_out: bool) -> None:
        spends = done.spends_attempt
        if was is State.LEASED:
            lead.attempts += spends
            lead.suspect = None if spends else lead.suspect
        elif ran_out:
            lead.expiries -= 1
            lead.suspect = None
            lead.attempts -= not spends
        lead.returned += not spends and done.to is State.WAITING and not done.look

    def reclaim(self, most: int, grace_seconds: float) -> list[str]:
        """Who is dead of poison, of the leads whose lease ran out; a silence gives leases time."""
        silent = self.now - self._pulse_at > PULSE_GAP_SECONDS
        spared = silent or 0 < self._grace_until - self.now <= grace_seconds
        found = [] if spared else self.due(State.LEASED)[:most]
        self._pulse_at = self.now
        if silent:
            self._grace_until = self.now + grace_seconds
        self.forget_looks_that_are_over()
        leads = {lead_id: self.leads[lead_id] for lead_id in found}
        poison = [lead_id for lead_id, lead in leads.items() if self._run_out(lead)]
        self.move(State.UNKNOWN, self.now, *leads.values())
        self.move(State.DEAD, self.now, *(leads[lead_id] for lead_id in poison))
        return poison

    def _run_out(self, lead: Lead) -> bool:
        """A lease ran out; gives whether the lead has killed too many workers."""
        lead.attempts, lead.expiries = lead.attempts + 1, lead.expiries + 1
        lead.suspect = 0 if lead.suspect is None else lead.suspect + 1
        lead.expired, lead.told = lead.token, lead.told + 1
        if lead.unknown_since is None:
            lead.unknown_since = self.now if lead.claimed_at is None else lead.claimed_at
        if lead.suspect < POISON_EXPIRIES:
            return False
        lead.why = lead.why | {"reason": "poison", "cause": "lease_expired"}
        lead.group = POISON
        return True


def _progress(done: Settlement) -> Progress:
    looks, page, unanswered, similar = (
        int(done.fields[name]) for name in ("looks", "look_page", "unanswered", "similar")
    )
    return Progress(looks, page, unanswered, bool(similar))
