"""One dead letter that is mended by a person: found, judged, and stored with who and why.

It owns what is kept of an edit, and that its entry in the audit trail holds no value and no field's
name. Which raw lead is right is `mending`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from lead_worker.core.lifecycle import Reason, State
from lead_worker.core.schema import SchemaRules
from lead_worker.store import Store
from lead_worker.store.dead_letter import Edit
from lead_worker.store.reading import Reading, Sight

from lead_ops.acting import NO_SUCH_LEAD, act_entry
from lead_ops.errors import OpsError
from lead_ops.operator import operator

from .decision import Mended, number_of

KEPT = ("ok", "done")
"""Verdicts of an edit that is stored."""

CHANGED = "changed"
"""The verdict where somebody else edited the lead meanwhile."""


@dataclass(frozen=True, slots=True)
class Mender:
    """Who mends: the rules that must be met, and why it is done.

    Attributes:
        dry_run: nothing is stored.
        many: it is one act on many leads, which is in the audit trail once.
    """

    store: Store
    rules: SchemaRules
    reason: str | None = None
    dry_run: bool = False
    many: bool = False

    def keep(self, lead_id: str, before: bytes, mended: Mended, act: str | None = None) -> str:
        """Store a correction; gives the verdict of `Store.edit`.

        Args:
            before: the raw lead that it was made on.
            act: a token by which it can be repeated.
        """
        number = number_of(mended.changes)
        change = {"by": operator(), "reason": self.reason or "", "changes": mended.changes}
        entry = act_entry("edited", self.reason, many=self.many) | {"changes": number}
        edit = Edit(before, mended.raw, change, entry, act or uuid4().hex)
        return self.store.edit(lead_id, edit)


def find_dead(store: Store, lead_id: str) -> Sight:
    """Read a dead letter.

    Raises:
        OpsError: there is none of this id; the text says what it is instead.
    """
    sight = Reading(store).sight(lead_id)
    if sight is None:
        raise OpsError(f"{lead_id}: {NO_SUCH_LEAD}")
    if sight.state is not State.DEAD:
        raise OpsError(f"{lead_id}: {_not_dead(sight)}")
    return sight


def lost_to(lead_id: str, verdict: str) -> OpsError:
    """The error where the lead was no longer as it had been read."""
    if verdict == CHANGED:
        words = "somebody else edited it meanwhile: nothing was changed; do it again"
    elif verdict == "gone":
        words = NO_SUCH_LEAD
    else:
        words = f"it is {verdict} by now, not dead: nothing was changed; leads show {lead_id}"
    return OpsError(f"{lead_id}: {words}")


def next_step(sight: Sight) -> str:
    """What follows on an edit, in words."""
    if sight.fields.get("reason") == Reason.MANGLED:
        return "the API has it already, so that a replay makes a second one of it"
    return f"next: leads dead replay {sight.lead_id}"


def _not_dead(sight: Sight) -> str:
    lead_id, is_another = sight.lead_id, f"it is {sight.state.value}, not dead"
    match sight.state:
        case State.PARKED:
            return f"{is_another}: leads unknown resolve {lead_id}"
        case State.DISCARDED:
            return f"{is_another}: leads dead restore {lead_id}, then edit it"
        case State.DELIVERED:
            there = sight.fields.get("api_id", "").partition(" ")[0]
            where = f", where it is {there}" if there else ""
            return f"{is_another}: correct it in the API{where}"
        case State.ERASED:
            return f"{is_another}: nothing is left of it"
        case _:
            return f"{is_another}: it is sent as it is; leads show {lead_id}"
