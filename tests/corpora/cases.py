"""One case of bad input, and how cases are put together. It holds none itself and does no I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .outcomes import Delivered, Outcome, Refused

FIELDS = ("agentId", "name", "email", "phone", "company", "site", "custom", "utm", "capture")
"""In the order in which the API's reference has them, and in which they are sent."""


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """Something to hand over, and what has to become of it.

    Attributes:
        lead: for a producer; of a case in a file, what the file's line must be read as.
        stored: what Redis must hold, as JSON; where it is not given, the lead.
    """

    name: str
    expected: Outcome
    lead: Any = None
    stored: Any = None

    @property
    def raw(self) -> bytes | None:
        """What Redis must hold to the byte; None where nothing may be stored."""
        if isinstance(self.expected, Refused):
            return None
        return compact(self.lead if self.stored is None else self.stored)

    @property
    def body(self) -> bytes | None:
        """What the API must get, to the byte; None where it must get nothing."""
        if not isinstance(self.expected, Delivered):
            return None
        found = self.expected.body
        return compact({name: found[name] for name in FIELDS if name in found})


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """A file for `leads enqueue`.

    Attributes:
        cases: its leads in their order, those that are refused among them; or the one refusal of
            all of it.
        refused_whole: whether nothing of it is read.
    """

    name: str
    content: bytes
    cases: tuple[Case, ...]
    arguments: tuple[str, ...] = ()
    refused_whole: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Corpus:
    """One class of bad input.

    Attributes:
        title: what it is called in the README.
        what: what is in it, for the README.
        leads: are handed to the producer in Python.
        sheets: are handed to the command.
        node: are handed to the client in Node.
    """

    title: str
    what: str
    leads: tuple[Case, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    node: tuple[Case, ...] = ()


def compact(value: Any) -> bytes:
    """A value as compact JSON in UTF-8, written anew here and not by the code that is tested."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def lines(cases: tuple[Case, ...], name: str = "leads.jsonl") -> Sheet:
    """A sheet with the leads of cases, one on each line."""
    return Sheet(name, b"".join(compact(case.lead) + b"\n" for case in cases), cases)
