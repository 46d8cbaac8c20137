"""What a campaign would do, before anybody says yes: which leads go, which not, for how long.

It owns what is counted, and what is foretold of it. Leads are looked at one by one as they come, so
that memory stays bounded however many there are. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lead_worker.core.lifecycle import Reason
from lead_worker.core.outcome import Invalid
from lead_worker.core.schema import SchemaRules, validate
from lead_worker.store.letters import Letter
from lead_worker.store.reading import Listed

SAMPLES = 3

BULK_SHARE = 2 / 9
"""Of the requests of a busy fleet, those for the lane `bulk`: 7 go to `live`; `claim.lua` says so.
(Look-ups in the API have theirs besides, where there are any.)"""

_CERTAINLY_NOT_SENT = frozenset({"dns", "refused", "connect", "connect_timeout", "proxy", "tls"})
_NOT_TAKEN = frozenset({"status_425", "status_429", "status_503"})
_MAY_HAVE_ARRIVED = frozenset({Reason.POISON.value, Reason.MANGLED.value})


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of the dead letters that were selected.

    Attributes:
        number: how many would be replayed.
        invalid: how many the schema, as it stands, refuses still.
        sends_invalid: those are among the ones that would be replayed.
        doubtful: how many of those to be replayed may have arrived, so that the API may get them a
            second time.
        samples: the newest of those to be replayed.
    """

    number: int = 0
    invalid: int = 0
    sends_invalid: bool = False
    doubtful: int = 0
    samples: tuple[Listed, ...] = ()

    @property
    def selected(self) -> int:
        """How many dead letters were meant."""
        return self.number if self.sends_invalid else self.number + self.invalid


@dataclass(frozen=True, slots=True)
class Pace:
    """What limits how fast a campaign's leads are sent; each in leads a minute, None for no limit.

    Attributes:
        own: the campaign's.
        fleet: the fleet's rate in force.
        ahead: how many leads wait in the lane `bulk` already, and go first.
    """

    own: float | None = None
    fleet: float | None = None
    ahead: int = 0

    def seconds(self, number: int) -> tuple[float, float] | None:
        """How long so many leads take, where the lane `live` is empty, and where it always has
        leads; None where nothing limits them but the API."""
        if self.own is None and self.fleet is None:
            return None
        alone = 60 * number / self.own if self.own else 0.0
        if self.fleet is None:
            return alone, alone
        shared = 60 * (number + self.ahead) / self.fleet
        return max(alone, shared), max(alone, shared / BULK_SHARE)


def foresee(
    letters: Iterable[Letter],
    rules: SchemaRules,
    *,
    sends_invalid: bool = False,
    seen: Callable[[int], None] | None = None,
) -> Forecast:
    """Look at the dead letters that are meant, with their raw leads, the newest first.

    Args:
        rules: by which the workers validate.
        sends_invalid: also those that are invalid still.
        seen: is told after each how many there were.
    """
    number = invalid = doubtful = 0
    samples: list[Listed] = []
    for count, letter in enumerate(letters, 1):
        refused = is_invalid(letter, rules)
        invalid += refused
        if sends_invalid or not refused:
            number += 1
            doubtful += may_have_arrived(letter.listed.fields)
            if len(samples) < SAMPLES:
                samples.append(letter.listed)
        if seen:
            seen(count)
    return Forecast(number, invalid, sends_invalid, doubtful, tuple(samples))


def those_to_send(
    letters: Iterable[Letter], rules: SchemaRules, *, sends_invalid: bool
) -> Iterator[str]:
    """The ids of the leads that `foresee` counted, the same way."""
    for letter in letters:
        if sends_invalid or not is_invalid(letter, rules):
            yield letter.listed.lead_id


def is_invalid(letter: Letter, rules: SchemaRules) -> bool:
    """Whether the schema refuses the lead as it is now."""
    return isinstance(validate(letter.raw or b"", rules), Invalid)


def may_have_arrived(fields: Mapping[str, str]) -> bool:
    """Whether a dead letter's record says that the API may have it.

    The record keeps the last cause and not each attempt's, so a lead whose outcome was unknown
    once, and that was never looked for, may be missed.
    """
    if fields.get("api_id") or fields.get("unknown_since"):
        return True
    reason = fields.get("reason")
    if reason == Reason.EXHAUSTED:
        cause = fields.get("cause", "")
        return cause not in _CERTAINLY_NOT_SENT and cause not in _NOT_TAKEN
    return reason in _MAY_HAVE_ARRIVED
