"""The model of what producers and people do to leads: enqueue and import, decide, mend, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lead_worker.core.lifecycle import State

from tests.integration.model_governor import Governed
from tests.integration.model_leads import Lead

REFUSED = "rejected:status_422:UNPROCESSABLE_CONTENT"
RESTING = (State.DEAD, State.PARKED)


@dataclass(frozen=True)
class Fresh:
    """A lead that is enqueued: its id, digests of its key and content, or "", and its text."""

    lead_id: str
    key: str
    content: str
    raw: bytes


class People(Governed):
    """Books of leads that people do something to."""

    def enqueue(self, entries: Sequence[Fresh], lane: str, *, dedupes: bool) -> list[object]:
        """What a producer hears: ok, and for each that is no new lead its place and the first."""
        told: list[object] = ["ok"]
        fresh: dict[str, Fresh] = {}
        aliases: dict[str, str] = {}
        for place, entry in enumerate(entries):
            if entry.lead_id in self.leads or entry.lead_id in fresh:
                continue
            holder = self._holder(entry, fresh, aliases, dedupes=dedupes)
            if holder is None:
                fresh[entry.lead_id] = entry
            elif holder != entry.lead_id:
                told += [place, holder]
        if (fresh or aliases) and self.full:
            return ["full"]
        self.keys |= aliases
        self._accept(fresh, lane, dedupes=dedupes)
        return told

    def _holder(
        self, entry: Fresh, fresh: dict[str, Fresh], aliases: dict[str, str], *, dedupes: bool
    ) -> str | None:
        """Which lead this one is the same as: by its key, else by its content."""
        keys = self.keys | aliases | {f.key: i for i, f in fresh.items() if f.key}
        if entry.key in keys:
            return keys[entry.key]
        if not dedupes or not entry.content:
            return None
        contents = self.contents | {f.content: i for i, f in fresh.items() if f.content}
        twin = contents.get(entry.content)
        if twin is None or (twin not in fresh and not self._is_there(twin)):
            return None
        if entry.key:
            aliases[entry.key] = twin
        return twin

    def _is_there(self, lead_id: str) -> bool:
        return lead_id in self.leads and self.leads[lead_id].state is not State.ERASED

    def _accept(self, fresh: dict[str, Fresh], lane: str, *, dedupes: bool) -> None:
        for entry in fresh.values():
            lead = Lead(lane, self.now, key=entry.key, texts=[entry.raw])
            self.leads[entry.lead_id] = lead
            self.move(State.WAITING, self.now, lead)
            if entry.key:
                self.keys[entry.key] = entry.lead_id
            if dedupes and entry.content:
                self.contents[entry.content] = entry.lead_id
        self.accepted += len(fresh)
        if fresh and (not self.hold or self.is_over):
            self.ring()

    def import_dead(self, lead_id: str, act: str, key: str, raw: bytes, accepted_at: float) -> str:
        """What somebody hears who brings a dead letter from elsewhere."""
        known = self.verdict(lead_id, act)
        if known != "gone":
            return known
        if self.full:
            return "full"
        if key in self.keys:
            return "known" if self.keys[key] == lead_id else "taken"
        lead = Lead("bulk", accepted_at, source="", key=key, texts=[raw], act=act, group=REFUSED)
        lead.why, lead.told = {"reason": "rejected"}, 1
        self.leads[lead_id] = lead
        self.move(State.DEAD, self.now, lead)
        self.accepted += 1
        if key:
            self.keys[key] = lead_id
        return "ok"

    def replay(self, lead_id: str, act: str, *, force: bool) -> str:
        forced = (State.DELIVERED,) if force else ()
        heard = self.verdict(lead_id, act, *RESTING, *forced)
        if heard != "ok":
            return heard
        lead = self._acted(lead_id, act)
        if lead.state is State.DELIVERED:
            lead.unknown_since = None
        lead.begin_anew(self.now)
        lead.campaign = ""
        self.move(State.WAITING, self.now, lead)
        if self.admit(0, 1)[0]:
            self.ring()
        return heard

    def discard(self, lead_id: str, act: str) -> str:
        heard = self.verdict(lead_id, act, *RESTING)
        if heard == "ok":
            lead = self._acted(lead_id, act)
            lead.was = lead.state
            lead.leave_workers()
            self.move(State.DISCARDED, self.now, lead)
        return heard

    def restore(self, lead_id: str, act: str) -> str:
        heard = self.verdict(lead_id, act, State.DISCARDED)
        if heard == "ok":
            lead = self._acted(lead_id, act)
            self.move(State(lead.was), self.now, lead)
            lead.was = ""
        return heard

    def edit(self, lead_id: str, act: str, before: bytes, after: bytes) -> str:
        heard = self.verdict(lead_id, act, State.DEAD)
        if heard != "ok":
            return heard
        if self.leads[lead_id].texts[-1] != before:
            return "changed"
        lead = self._acted(lead_id, act)
        lead.texts.append(after)
        lead.mended = True
        return heard

    def confirm(self, lead_id: str, act: str, api_id: str) -> str:
        heard = self.verdict(lead_id, act, State.PARKED)
        if heard != "ok":
            return heard
        owner = self.owners.get(api_id)
        if owner not in (None, lead_id):
            return "taken"
        lead = self._acted(lead_id, act)
        lead.leave_workers()
        lead.why = {}
        self.move(State.DELIVERED, self.now, lead)
        if api_id and owner is None:
            self.duplicates += bool(lead.api_id)
            lead.also += [lead.api_id] if lead.api_id else []
            lead.api_id = api_id
            self.owners[api_id] = lead_id
        return heard

    def _acted(self, lead_id: str, act: str) -> Lead:
        lead = self.leads[lead_id]
        lead.act, lead.told = act, lead.told + 1
        return lead

    def erase(self, lead_id: str) -> str:
        lead = self.leads.get(lead_id)
        if lead is None or lead.state is State.ERASED:
            return "gone" if lead is None else "erased"
        self.looking.pop(lead_id, None)
        self.leads[lead_id] = lead.as_tombstone()
        self.move(State.ERASED, self.now, self.leads[lead_id])
        return "ok"

    def forget(self, state: State, keep_seconds: float, key_seconds: float) -> int:
        """How many leads retention takes; a key that is kept longer still names its lead."""
        kept = self.now - keep_seconds
        gone = [i for i in self.in_state(state) if self.leads[i].due <= kept]
        for lead_id in gone:
            lead = self.leads.pop(lead_id)
            for api_id in self.names(lead_id, lead.api_ids):
                del self.owners[api_id]
            if key_seconds <= keep_seconds and self.keys.get(lead.key) == lead_id:
                del self.keys[lead.key]
        self.forgotten += len(gone)
        return len(gone)

    def time_of_content_is_over(self) -> None:
        """What was enqueued for a time only may come again."""
        self.contents = {}

    def time_of_keys_is_over(self) -> None:
        """Keys that outlived their leads are gone too."""
        self.keys = {k: i for k, i in self.keys.items() if i in self.leads}
