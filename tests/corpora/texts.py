"""Texts that break programs, each put into every field of a lead that takes text.

A text is sent as it is, but for what a corpus says: the golden form (`sent`, null for nothing), and
the number where it happens to be a valid phone (`phone`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .cases import Case, Corpus, Sheet, lines
from .outcomes import MESSAGES, Dead, Delivered
from .rows import read_groups

_COLUMNS = ("agentId", "name", "phone", "company", "site", "custom.answer", "utm.campaign")


@dataclass(frozen=True, slots=True)
class Text:
    """One text.

    Attributes:
        sent: its golden form, None where nothing is left of it.
        phone: that as a phone.
    """

    name: str
    text: str
    sent: str | None
    phone: str | None


def text_corpus(title: str, file: str, what: str) -> Corpus:
    """The class of bad input whose texts are in a file."""
    groups = read_groups(file)
    found = tuple(text for group, rows in groups.items() for text in _texts(group, rows))
    whole = tuple(_in_every_field(text) for text in found)
    return Corpus(
        title,
        what,
        leads=whole + tuple(_as_email(text) for text in found),
        sheets=(lines(whole), _cells(found)),
        node=whole,
    )


def _texts(group: str, rows: list[Any]) -> Iterator[Text]:
    for row in rows:
        said = row if isinstance(row, dict) else {"text": row}
        sent = said.get("sent", said["text"])
        yield Text(f"{group}: {said['text']!a}", said["text"], sent, said.get("phone", sent))


def _in_every_field(text: Text) -> Case:
    given = text.text
    lead: dict[str, Any] = dict.fromkeys(("agentId", "name", "phone", "company", "site"), given)
    lead |= {"custom": {"answer": given, "a " + given: "x"}, "utm": {"campaign": given}}
    body = _sent(text)
    body["custom"] = body.get("custom", {}) | {"a " + given.replace("\0", ""): "x"}
    return Case(text.name, Delivered(body), lead)


def _sent(text: Text) -> dict[str, Any]:
    """The golden form of a lead that says nothing else; empty where nothing is left."""
    if text.sent is None:
        return {}
    fields: dict[str, Any] = dict.fromkeys(("agentId", "name", "company", "site"), text.sent)
    fields |= {"phone": text.phone, "custom": {"answer": text.sent}}
    return fields | {"utm": {"campaign": text.sent}}


def _as_email(text: Text) -> Case:
    empty = text.sent is None
    errors = {"": MESSAGES["=empty"]} if empty else {"email": MESSAGES["=email"]}
    return Case(f"{text.name} as an e-mail", Dead(errors), {"email": text.text})


def _cells(texts: tuple[Text, ...]) -> Sheet:
    """A CSV with a text in each column but the last, which is always filled."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow((*_COLUMNS, "capture"))
    writer.writerows([text.text] * len(_COLUMNS) + ["partial"] for text in texts)
    return Sheet("leads.csv", out.getvalue().encode(), tuple(map(_cell_case, texts)))


def _cell_case(text: Text) -> Case:
    given = text.text
    stored: dict[str, Any] = {}
    if given.strip():  # a cell with white space alone is an empty one
        stored = dict.fromkeys(("agentId", "name", "phone", "company", "site"), given)
        stored |= {"custom": {"answer": given}, "utm": {"campaign": given}}
    stored["capture"] = "partial"
    return Case(text.name, Delivered(_sent(text) | {"capture": "partial"}), stored)
