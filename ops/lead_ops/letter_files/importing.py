"""Letters from a file on their way back: each is held against the lead that is there.

It owns what becomes of each, and that nothing a file says is believed unseen: a lead that is there
keeps its record, and one that is not gets only what a record may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import uuid4

from lead_producers import BadLead
from lead_producers.keys import LANES
from lead_producers.record import encode
from lead_producers.terms import SOURCE_MAX
from lead_worker.core.lifecycle import Reason, State
from lead_worker.core.outcome import FieldError, safe_code
from lead_worker.store import DeadLetter
from lead_worker.store.reading import Reading, Sight

from lead_ops.acting import act_entry
from lead_ops.mending.decision import Mended, Refused, Unchanged, Unfit, mend_text
from lead_ops.mending.mender import KEPT, Mender, lost_to

from .csv_cells import merged
from .letter import Imported, value_of

_GROUP = re.compile(r"[a-z]+:[A-Za-z0-9_.,:-]{1,120}")
_DIGEST = re.compile(r"[0-9a-f]{32}")


class Fate(StrEnum):
    """What became of one letter."""

    MENDED = "mended"
    UNCHANGED = "unchanged"
    BROUGHT_IN = "brought_in"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One letter that was taken from a file.

    Attributes:
        restored: it had been discarded, and is a dead letter again.
        problem: why it was refused, in one line without the lead's values.
        errors: of a lead that the schema refuses, each field.
    """

    fate: Fate
    restored: bool = False
    problem: str = ""
    errors: tuple[FieldError, ...] = field(default=(), repr=False)


class Importer:
    """Takes letters, one by one."""

    def __init__(self, mender: Mender, *, bring_in: bool = False) -> None:
        """Prepare.

        Args:
            bring_in: whether leads that are not here come in. They may have been here, and may have
                been delivered, where retention has removed them.
        """
        self._mender = mender
        self._brings_in = bring_in
        self._store = mender.store
        self._reading = Reading(mender.store)
        self._begun_at = mender.store.counts().now_at

    def take(self, letter: Imported) -> Taken:
        """Take one letter.

        Raises:
            StoreError: Redis does not answer.
        """
        sight = self._reading.sight(letter.lead_id)
        if sight is None:
            return self._bring_in(letter) if self._brings_in else _refused(_NOT_HERE)
        if sight.state is State.DISCARDED:
            return self._restore(letter, sight)
        if sight.state is not State.DEAD:
            return _refused(f"it is {sight.state.value} here, not dead: nothing was changed")
        return self._mend(letter, sight)

    def _restore(self, letter: Imported, sight: Sight) -> Taken:
        """Only what was mended comes back: the others were discarded on purpose."""
        found = self._judge(letter, sight)
        if isinstance(found, Taken):
            return found
        if not self._mender.dry_run:
            entry = act_entry("restored", self._mender.reason, many=True)
            verdict = self._store.restore(letter.lead_id, uuid4().hex, entry)
            if verdict not in KEPT:
                return _refused(f"it is {verdict} by now")
            if sight.fields.get("was") == State.PARKED:
                return _refused("it was parked before it was discarded: leads unknown resolve")
        return replace(self._keep(letter, sight, found), restored=True)

    def _mend(self, letter: Imported, sight: Sight) -> Taken:
        found = self._judge(letter, sight)
        return found if isinstance(found, Taken) else self._keep(letter, sight, found)

    def _judge(self, letter: Imported, sight: Sight) -> Mended | Taken:
        """The correction that the letter is, or why it is none."""
        stored = sight.raw or b""
        wanted = _wanted(letter, stored)
        if isinstance(wanted, str):
            return _refused(wanted)
        if wanted == stored:
            return Taken(Fate.UNCHANGED)
        if letter.fields.get("edited", "0") != sight.fields.get("edited", "0"):
            return _refused(_STALE)
        found = mend_text(stored, wanted, self._mender.rules)
        match found:
            case Unchanged():
                return Taken(Fate.UNCHANGED)
            case Refused(errors=errors, changes=changes):
                # What is not valid and was not touched was not mended, and that is no mistake.
                same = not changes and value_of(stored) is not None
                fate = Fate.UNCHANGED if same else Fate.REFUSED
                return Taken(fate, problem="" if same else _NOT_VALID, errors=errors)
            case Unfit(reason=reason):
                return _refused(reason)
            case Mended():
                return found

    def _keep(self, letter: Imported, sight: Sight, mended: Mended) -> Taken:
        if not self._mender.dry_run:
            verdict = self._mender.keep(letter.lead_id, sight.raw or b"", mended)
            if verdict not in KEPT:
                words = str(lost_to(letter.lead_id, verdict))
                return _refused(words.removeprefix(f"{letter.lead_id}: "))
        return Taken(Fate.MENDED)

    def _bring_in(self, letter: Imported) -> Taken:
        raw = _wanted(letter, b"")
        if isinstance(raw, str):
            return _refused(raw)
        if self._mender.dry_run:
            return Taken(Fate.BROUGHT_IN)
        entry = act_entry("imported", self._mender.reason, many=True)
        dead_letter = _dead_letter(letter, raw, self._begun_at)
        verdict = self._store.import_dead(dead_letter, uuid4().hex, entry)
        if verdict in KEPT:
            return Taken(Fate.BROUGHT_IN)
        return _refused(_NOT_BROUGHT_IN.get(verdict, f"it is {verdict} here by now"))


_NOT_HERE = (
    "it is not here: it never was, or retention has removed it, maybe delivered;"
    " --bring-in takes it in"
)
_STALE = "it was edited here since it was exported, or the file does not say so: export it again"
_NOT_VALID = "it is not valid yet"
_NOT_BROUGHT_IN = {
    "full": "Redis is short of memory: nothing new comes in",
    "format": "the namespace holds records of another format: run the release that fits",
    "known": "it was here, delivered or given up, and retention has removed it",
    "taken": "another lead has its idempotency key: it was enqueued again meanwhile",
}


def _refused(problem: str) -> Taken:
    return Taken(Fate.REFUSED, problem=problem)


def _wanted(letter: Imported, stored: bytes) -> bytes | str:
    """The bytes that the lead is to have; a text says why there are none.

    Args:
        stored: those that it has; b"" where there is no such lead.
    """
    if letter.cells is None:
        if letter.value is None and letter.raw != stored and stored:
            return "expected a JSON object in raw, found what cannot be read"
        if letter.raw is None:
            return "expected a lead, found none"
        same = letter.value is not None and value_of(stored) == letter.value
        return stored if same else letter.raw
    before = value_of(stored)
    after = merged(before or {}, letter.cells)
    if isinstance(after, str):
        return after
    if after == (before or {}) and (stored or letter.raw is not None):
        return stored or letter.raw or b""
    try:
        return encode(after)
    except BadLead as error:
        return str(error)


def _dead_letter(letter: Imported, raw: bytes, now_at: float) -> DeadLetter:
    told = letter.fields
    reason = told.get("reason", "")
    reason = reason if reason in {each.value for each in Reason} else Reason.INVALID.value
    group = told.get("group", "")
    ours = _GROUP.fullmatch(group) and group.startswith(f"{reason}:")
    key = told.get("key", "")
    return DeadLetter(
        lead_id=letter.lead_id,
        key=key if _DIGEST.fullmatch(key) else "",
        group=group if ours else f"{reason}:other",
        fields={"reason": reason} | _record(told, now_at),
        raw=raw,
    )


def _record(told: Mapping[str, str], now_at: float) -> dict[str, str]:
    """What of a file's facts may be in a record."""
    lane, source = told.get("lane", ""), told.get("source", "")
    fields = {
        "lane": lane if lane in LANES else "bulk",
        "accepted_at": f"{_instant(told.get('accepted_at', ''), now_at):.6f}",
        "source": source if source.isprintable() and len(source) <= SOURCE_MAX else "",
        "cause": safe_code(told.get("cause", "")) or "imported",
        "code": safe_code(told.get("code", "")),
        **{name: _count(told.get(name, "")) for name in ("status", "attempts")},
    }
    return {name: value for name, value in fields.items() if value}


def _count(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 6 else ""


def _instant(text: str, now_at: float) -> float:
    try:
        at = float(text)
    except ValueError:
        return now_at
    return at if 0 < at < now_at else now_at
