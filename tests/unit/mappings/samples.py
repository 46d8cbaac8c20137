"""The samples that stand for what each source really sends, and what the schema makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lead_producers.mappings import MAPPINGS, BadPayload, Mapped
from lead_producers.record import encode
from lead_worker.core.lead import Lead
from lead_worker.core.outcome import Invalid
from lead_worker.core.schema import SchemaRules, validate

FOLDER = Path(__file__).parents[3] / "ops" / "samples" / "mappings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
NOTICE = "meta-notice"  # the one that holds no lead
LEADS = [name for name in NAMES if name != NOTICE]


def sample(name: str) -> Any:
    """A fresh copy of a sample."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def source_of(name: str) -> str:
    """The mapping that a sample is for: its name begins with it."""
    return next(source for source in MAPPINGS if name.startswith(source))


def mapped(name: str) -> list[Mapped]:
    return MAPPINGS[source_of(name)](sample(name))


def only(leads: list[Mapped]) -> Mapped:
    (lead,) = leads
    return lead


def checked(lead: Mapped) -> Lead | Invalid:
    """What the worker's schema says, with the settings that nobody changed."""
    return validate(encode(lead.raw), SchemaRules())


def values(value: Any) -> Iterator[Any]:
    """Each single value in a JSON value."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from values(item)
    else:
        yield value


def complaint(source: str, payload: Any) -> BadPayload:
    """The error for a payload that must be refused."""
    try:
        MAPPINGS[source](payload)
    except BadPayload as error:
        if not str(error).isprintable():
            raise AssertionError("an error is one line") from error
        return error
    raise AssertionError("it was mapped")


def word_list(text: str) -> list[str]:
    return text.split()
