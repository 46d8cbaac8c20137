"""All classes of bad input, in the README's order, as `Corpus`.

It owns how rows of the data files become cases. What has to become of a case is in the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from .cases import Case, Corpus, Sheet, compact, lines
from .outcomes import MESSAGES, Dead, Delivered, Outcome, Refused, outcome, told
from .rows import as_bytes, read_groups, read_rows
from .sizes import sizes
from .texts import text_corpus


def corpora() -> tuple[Corpus, ...]:
    """Every class, made anew: some of it is large, and should not outlive its use."""
    return tuple(make() for make in CLASSES.values())


def _types() -> Corpus:
    rows = read_rows("types")
    cases = tuple(Case(row["case"], outcome(row), row["lead"]) for row in rows)
    what = "each JSON type in each field, unknown fields, two names of one thing"
    return Corpus("Types and fields", what, cases, (lines(cases),), tuple(map(_in_node, cases)))


def _in_node(case: Case) -> Case:
    """The same in JavaScript, where 1.0 is 1."""
    return replace(case, stored=_whole(case.lead))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _emails() -> Corpus:
    groups = read_groups("emails")
    cases: list[Case] = []
    for rows in groups["delivered"].values():
        for row in rows:
            given, sent = row if isinstance(row, list) else (row, row)
            cases.append(Case(ascii(given), Delivered({"email": sent}), {"email": given}))
    dead = Dead({"email": MESSAGES["=email"]})
    for rows in groups["dead"].values():
        cases += [Case(ascii(given), dead, {"email": given}) for given in rows]
    whole = tuple(cases)
    what = "tags, capitals, accents, Punycode, quotes, IP literals, two at once, parts missing"
    return Corpus("E-mails", what, whole, (lines(whole),), whole)


def _phones() -> Corpus:
    groups = read_groups("phones")
    cases: list[Case] = []
    for row in groups["E.164"].values():
        cases += [_phone(given, row["sent"]) for given in row["given"]]
    for rows in groups["as it came"].values():
        cases += [_phone(given, given) for given in rows]
    whole = tuple(cases)
    what = "with and without area, ninth digit, country, carrier, extension; 0800; abroad; pasted"
    return Corpus("Phones", what, whole, (lines(whole),), whole)


def _phone(given: str, sent: str) -> Case:
    return Case(ascii(given), Delivered({"phone": sent}), {"phone": given})


def _json() -> Corpus:
    """Each row is a line of a file; and, where Python's `json` reads it, what an app that trusts
    that hands to the producer."""
    rows = read_rows("json")
    content = b"".join(as_bytes(row["bytes"]) + b"\n" for row in rows)
    in_file = tuple(_read(row, "file") for row in rows)
    by_app = tuple(_read(row, "app") for row in rows if "app" in row or "both" in row)
    what = "numbers, escapes, surrogates, keys twice, broken syntax, bytes that are no UTF-8"
    in_node = tuple(_by_node(row) for row in rows if "node" in row)
    return Corpus("JSON", what, by_app, (Sheet("leads.jsonl", content, in_file),), in_node)


def _by_node(row: dict[str, Any]) -> Case:
    said = row["node"]
    return Case(row["case"], outcome(said), json.loads(row["bytes"]), said["stored"])


def _read(row: dict[str, Any], way: str) -> Case:
    expected = outcome(row.get(way) or row["both"])
    refused_by_file = way == "file" and isinstance(expected, Refused)
    lead = None if refused_by_file else json.loads(as_bytes(row["bytes"]))
    return Case(row["case"], expected, lead)


def _files() -> Corpus:
    sheets = tuple(_sheet(row) for row in read_rows("files"))
    what = "encodings, marks, line ends, arrays and CSV that are cut or broken"
    return Corpus("Files", what, sheets=sheets)


def _payloads() -> Corpus:
    sheets = tuple(_sheet(row) for row in read_rows("payloads"))
    what = "what forms, Typeform, Meta, Google and RD Station could send, by `--from`"
    return Corpus("Payloads", what, sheets=sheets)


def _sheet(row: dict[str, Any]) -> Sheet:
    if "payload" in row:
        name, content = "payloads.jsonl", compact(row["payload"]) + b"\n"
    else:
        name, content = row["file"], as_bytes(row["text"], row.get("encoding", "utf-8"))
    arguments = (*row.get("arguments", ()), *(("--from", row["from"]) if "from" in row else ()))
    if "refused" in row:
        case = Case(row["case"], Refused(told(row["refused"])))
        return Sheet(name, content, (case,), arguments, refused_whole=True)
    return Sheet(name, content, tuple(_records(row)), arguments)


def _records(row: dict[str, Any]) -> Iterator[Case]:
    for number, record in enumerate(row["records"], 1):
        expected: Outcome = outcome(record)
        stored = record.get("stored", record.get("delivered"))
        yield Case(f"{row['case']}, {number}", expected, stored)


_WORDS = "reserved words, numbers and dates as text, names of devices and of people, filters' traps"
_UNICODE = "scripts, right to left, emoji, stacked marks, fonts, widths, spellings, no characters"
_UNSEEN = "NUL, control characters, each white space, zero widths, marks, changes of direction"
_INJECTIONS = "script, SQL, shells, formats, templates, files, protocols, spreadsheets, terminals"

CLASSES: dict[str, Callable[[], Corpus]] = {
    "Words and names": partial(text_corpus, "Words and names", "words", _WORDS),
    "Unicode": partial(text_corpus, "Unicode", "unicode", _UNICODE),
    "What cannot be seen": partial(text_corpus, "What cannot be seen", "unseen", _UNSEEN),
    "Injections": partial(text_corpus, "Injections", "injections", _INJECTIONS),
    "Types and fields": _types,
    "E-mails": _emails,
    "Phones": _phones,
    "JSON": _json,
    "Files": _files,
    "Payloads": _payloads,
    "Sizes": sizes,
}
"""What makes each class, by its title, in the README's order."""
