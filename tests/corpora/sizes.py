"""Leads of the largest size, and of one more: made here, for nobody wants them in a file.

The bounds are those of the documents, written as numbers, so that a bound that moves is noticed.
"""

from __future__ import annotations

from typing import Any

from .cases import Case, Corpus, Sheet, compact
from .outcomes import MESSAGES, Dead, Delivered, Refused

LEAD_BYTES = 262_144
LINE_BYTES = 1_048_576
PAYLOAD_BYTES = 16_777_216
CELL_CHARACTERS = 262_000
CELL_MAX = 262_145
LEVELS = 64
DIGITS = 308
ERRORS = 50
PHONE_CHARACTERS = 250

_TOO_MANY_DIGITS = "expected numbers of at most 308 digits (a double holds no more), found more"
_TOO_DEEP = "expected at most 64 levels of objects and lists, found more"
_TOO_LARGE = "expected at most 262144 bytes of JSON, found 262145"
_ANA = {"name": "Ana"}


def sizes() -> Corpus:
    """The class."""
    leads = (*_full(), *_fuller(), *_deep(), *_many(), *_long())
    what = "leads, lines, cells, levels, digits, lengths: at each bound, and one beyond it"
    return Corpus("Sizes", what, leads, (_lines(), _array(), _table(), *_payloads()), _full())


def _answer(value: Any) -> dict[str, Any]:
    return {"custom": {"x": value}}


def _of_bytes(unit: str, size: int, width: int) -> str:
    """Text that fills `_answer` up to a size; a unit has so many bytes as JSON."""
    count, rest = divmod(size - len(compact(_answer(""))), width)
    return unit * count + "a" * rest


def _full() -> tuple[Case, ...]:
    """Leads of exactly 256 KiB."""
    units = {"ASCII": ("a", 1), "accents": ("é", 2), "emoji": ("😀", 4), "quotes": ('"', 2)}
    units |= {"control characters": ("\x01", 6), "backslashes": ("\\", 2)}
    texts = {name: _of_bytes(unit, LEAD_BYTES, width) for name, (unit, width) in units.items()}
    cases = [
        Case(f"256 KiB of {name}", Delivered(_answer(text)), _answer(text))
        for name, text in texts.items()
    ]
    name = "n" * (LEAD_BYTES - len('{"name":""}'))
    phone = "1" * (LEAD_BYTES - len('{"phone":""}'))
    email = "m" * (LEAD_BYTES - len('{"email":"@example.com"}')) + "@example.com"
    quotes = ['"' * ((LEAD_BYTES - len('{"custom":{"x":[""]}}')) // 2)]
    return (
        *cases,
        Case("256 KiB of a name", Delivered({"name": name}), {"name": name}),
        Case("256 KiB of a phone", Delivered({"phone": phone}), {"phone": phone}),
        Case("256 KiB of an e-mail", Dead({"email": MESSAGES["=email"]}), {"email": email}),
        Case("256 KiB that escape twice", Delivered(_answer(_as_text(quotes))), _answer(quotes)),
    )


def _fuller() -> tuple[Case, ...]:
    return tuple(
        Case(f"a byte more of {name}", Refused(_TOO_LARGE), _answer(text))
        for name, text in (
            ("ASCII", _of_bytes("a", LEAD_BYTES + 1, 1)),
            ("accents", _of_bytes("é", LEAD_BYTES + 1, 2)),
            ("control characters", _of_bytes("\x01", LEAD_BYTES + 1, 6)),
        )
    )


def _as_text(value: Any) -> str:
    return compact(value).decode()


def _lists(levels: int) -> list[Any]:
    """Lists within each other."""
    found: list[Any] = []
    for _ in range(levels - 1):
        found = [found]
    return found


def _deep() -> tuple[Case, ...]:
    lists = _lists(LEVELS - 2)
    where = "custom.x" + "[0]" * (LEVELS - 2)
    refused = Refused(f"{where}: expected at most 64 levels, found more")
    return (
        Case("64 levels", Delivered(_answer(_as_text(lists))), _answer(lists)),
        Case("65 levels", refused, _answer(_lists(LEVELS - 1))),
        Case("50,000 levels", refused, _answer(_lists(50_000))),
    )


def _many() -> tuple[Case, ...]:
    fields = {f"field {number:05}": str(number) for number in range(8_000)}
    unknown = {f"field {number:05}": number for number in range(ERRORS + 1_000)}
    errors = dict.fromkeys(sorted(unknown)[:ERRORS], MESSAGES["=unknown"])
    items = [{"n": number} for number in range(10_000)]
    return (
        Case("8,000 custom fields", Delivered({"custom": fields}), {"custom": fields}),
        Case("8,000 tags", Delivered({"utm": fields}), {"utm": fields}),
        Case("a list of 10,000 objects", Delivered(_answer(_as_text(items))), _answer(items)),
        Case("1,050 unknown fields", Dead(errors | {"": "and 1000 more are wrong"}), unknown),
    )


def _long() -> tuple[Case, ...]:
    digits, name = 10**DIGITS - 1, "k" * 200_000
    too_many = Dead({"": _TOO_MANY_DIGITS})
    label = "b" * 63
    longest = f"{'m' * 64}@{label}.{label}.{'b' * 57}.com"
    longer = f"{'m' * 64}@{label}.{label}.{'b' * 58}.com"
    blanks = " " * (PHONE_CHARACTERS - len("(11)98765-4321"))
    phone, long_phone = f"(11){blanks}98765-4321", f"(11){blanks} 98765-4321"
    return (
        Case("308 digits", Delivered(_answer(str(digits))), _answer(digits)),
        Case("309 digits", too_many, _answer(digits + 1)),
        Case("308 digits below zero", Delivered(_answer(str(-digits))), _answer(-digits)),
        Case("309 digits below zero", too_many, _answer(-digits - 1)),
        Case("a long name of a field", Delivered({"custom": {name: "x"}}), {"custom": {name: "x"}}),
        Case("a long unknown field", Dead({"k" * 64 + "…": MESSAGES["=unknown"]}), {name: "x"}),
        Case("an e-mail of 254", Delivered({"email": longest}), {"email": longest}),
        Case("an e-mail of 255", Dead({"email": MESSAGES["=email"]}), {"email": longer}),
        Case("a phone of 250", Delivered({"phone": "+5511987654321"}), {"phone": phone}),
        Case("a phone of 251", Delivered({"phone": long_phone}), {"phone": long_phone}),
    )


def _padded(size: int, lead: bytes = b'{"name":"Ana"') -> bytes:
    """A small lead with white space up to so many bytes."""
    return lead + b" " * (size - len(lead) - 1) + b"}"


def _nested(levels: int) -> bytes:
    return b'{"custom":{"x":' + b"[" * (levels - 2) + b"]" * (levels - 2) + b"}}"


def _lines() -> Sheet:
    lists = _lists(LEVELS - 2)
    full, fuller = (_answer(_of_bytes("é", LEAD_BYTES + n, 2)) for n in (0, 1))
    digits = [_answer(10**DIGITS - 1), _answer(10**DIGITS)]
    rows = (
        (_padded(LINE_BYTES), Case("a line of 1 MiB", Delivered(_ANA), _ANA)),
        (_padded(LINE_BYTES + 1), Case("a byte more", Refused(_too_long(LINE_BYTES)))),
        (compact(full), Case("256 KiB", Delivered(full), full)),
        (compact(fuller), Case("256 KiB and a byte", Refused(_TOO_LARGE))),
        (_nested(LEVELS), Case("64 levels", Delivered(_answer(_as_text(lists))), _answer(lists))),
        (_nested(LEVELS + 1), Case("65 levels", Refused(_TOO_DEEP))),
        (_nested(100_000), Case("100,000 levels", Refused(_TOO_DEEP))),
        (compact(digits[0]), Case("308 digits", Delivered(_answer("9" * DIGITS)), digits[0])),
        (compact(digits[1]), Case("309 digits", Refused(_TOO_MANY_DIGITS))),
        (b'{"custom":{"x":' + b"1" * 5_000 + b"}}", Case("5,000", Refused(_TOO_MANY_DIGITS))),
    )
    content = b"".join(line + b"\n" for line, _ in rows)
    return Sheet("leads.jsonl", content, tuple(case for _, case in rows))


def _too_long(size: int) -> str:
    return f"expected at most {size} bytes, found more"


def _too_long_cell() -> str:
    return f"expected cells of at most {CELL_MAX} characters, found more"


def _array() -> Sheet:
    cases = (
        Case("1 MiB in an array", Delivered(_ANA), _ANA),
        Case("a byte more in an array", Refused(_too_long(LINE_BYTES))),
        Case("what follows in an array", Delivered(_ANA), _ANA),
    )
    items = (_padded(LINE_BYTES), _padded(LINE_BYTES + 1), compact(_ANA))
    return Sheet("leads.json", b"[" + b",".join(items) + b"]", cases)


def _table() -> Sheet:
    cell = "a" * CELL_CHARACTERS
    lead = {"name": cell}
    rows = (
        (cell, Case("a long cell", Delivered(lead), lead)),
        ("a" * (CELL_MAX + 1), Case("a longer cell", Refused(_too_long_cell()))),
        ("a" * (LINE_BYTES + 1), Case("a row beyond 1 MiB", Refused(_too_long(LINE_BYTES)))),
        ("Ana", Case("what follows in a CSV", Delivered(_ANA), _ANA)),
    )
    content = "name\n" + "".join(f"{text}\n" for text, _ in rows)
    return Sheet("leads.csv", content.encode(), tuple(case for _, case in rows))


def _payloads() -> tuple[Sheet, ...]:
    form = b'{"nome":"Ana"'
    whole = Case("a payload of 16 MiB", Delivered(_ANA), _ANA)
    more = Case("a payload of a byte more", Refused(_too_long(PAYLOAD_BYTES)))
    arguments = ("--from", "form")
    return (
        Sheet("forms.jsonl", _padded(PAYLOAD_BYTES, form) + b"\n", (whole,), arguments),
        Sheet("forms.jsonl", _padded(PAYLOAD_BYTES + 1, form) + b"\n", (more,), arguments),
    )
