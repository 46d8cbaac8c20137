"""The same correction over many dead letters: what it would do to them, and doing it.

It owns the tallies, which are right at any moment. It holds one page of leads at a time, asks
nothing and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from lead_worker.core.change import Change
from lead_worker.core.outcome import FieldError
from lead_worker.core.schema import SchemaRules
from lead_worker.store.letters import Letter

from .decision import Mended, Mending, Refused, Told, Unchanged, Unfit, mend

MOST_SAMPLES = 3
MOST_KINDS = 1000
"""Strangers choose the names of fields; beyond so many kinds, a new one is not told apart."""

Keep = Callable[[str, bytes, Mended], str]
"""Stores one correction: the lead's id, its bytes of before, the correction; gives the verdict."""


@dataclass(slots=True)
class Problems:
    """What is wrong how often, by the field's path."""

    numbers: dict[str, int] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)

    def count(self, errors: Iterable[FieldError]) -> None:
        """Count the fields of one lead, each once."""
        # Without a path it is of the whole lead, or says how many more there are.
        named = [error for error in errors if error.path] or errors
        for path, message in {error.path: error.message for error in named}.items():
            if path in self.numbers or len(self.numbers) < MOST_KINDS:
                self.numbers[path] = self.numbers.get(path, 0) + 1
                self.messages.setdefault(path, message)

    def commonest(self) -> list[tuple[FieldError, int]]:
        """Each with how many leads have it, and the message of the first of them."""
        ranked = sorted(self.numbers.items(), key=lambda item: (-item[1], item[0]))
        return [(FieldError(path, self.messages[path]), number) for path, number in ranked]


@dataclass(frozen=True, slots=True)
class Sample:
    """One lead that would be changed. Personal data."""

    lead_id: str
    changes: Sequence[Told] = field(repr=False)


@dataclass(slots=True)
class Survey:
    """What a correction would do.

    Attributes:
        mendable: leads that would be valid by it.
        unchanged: leads that are valid and would stay as they are.
        refused: leads that would still be invalid, for `problems`.
        unfit: leads that it cannot be made on, for `reasons`; in their paths are the reasons.
        samples: the first of the mendable ones.
    """

    mendable: int = 0
    unchanged: int = 0
    refused: int = 0
    unfit: int = 0
    problems: Problems = field(default_factory=Problems)
    reasons: Problems = field(default_factory=Problems)
    samples: list[Sample] = field(default_factory=list)

    @property
    def number(self) -> int:
        """How many leads were looked at."""
        return self.mendable + self.unchanged + self.refused + self.unfit

    def count(self, lead_id: str, mending: Mending) -> None:
        """Count one lead."""
        match mending:
            case Mended(changes=changes):
                self.mendable += 1
                if len(self.samples) < MOST_SAMPLES:
                    self.samples.append(Sample(lead_id, changes))
            case Unchanged():
                self.unchanged += 1
            case Refused(errors=errors):
                self.refused += 1
                self.problems.count(errors)
            case Unfit(reason=reason):
                self.unfit += 1
                self.reasons.count((FieldError(reason, ""),))
            case _:
                assert_never(mending)


@dataclass(slots=True)
class Tally:
    """What was done.

    Attributes:
        changed: leads that are stored corrected.
        missed: leads that somebody else edited, replayed or discarded at that moment.
        passed: all other leads, which stay as they were.
    """

    changed: int = 0
    missed: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class MassMending:
    """One correction, by one set of rules."""

    steps: tuple[Change, ...]
    rules: SchemaRules

    def survey(self, letters: Iterable[Letter], watch: Callable[[], None]) -> Survey:
        """Look at each lead; changes nothing.

        Args:
            letters: with their raw leads.
            watch: is called after each.
        """
        found = Survey()
        for letter in letters:
            found.count(letter.listed.lead_id, mend(letter.raw or b"", self.steps, self.rules))
            watch()
        return found

    def carry_out(
        self, letters: Iterable[Letter], keep: Keep, tally: Tally, watch: Callable[[], None]
    ) -> None:
        """Correct each lead that it makes valid. To do it again changes nothing more.

        Args:
            letters: with their raw leads.
            tally: is right also where an error or Ctrl-C ends this, but for the lead it fell on.
            watch: is called after each lead that could be corrected.
        """
        for letter in letters:
            raw = letter.raw or b""
            mending = mend(raw, self.steps, self.rules)
            if not isinstance(mending, Mended):
                tally.passed += 1
                continue
            verdict = keep(letter.listed.lead_id, raw, mending)
            if verdict in ("ok", "done"):
                tally.changed += 1
            else:
                tally.missed += 1
            watch()
