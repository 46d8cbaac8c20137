"""Cells in which no spreadsheet finds a formula, nor a number or a date that it would rewrite.

It owns the apostrophe: where it is put, and that it comes off again. OWASP ("CSV Injection") names
the characters that begin a formula, and says that they need care behind a separator too: a program
whose separator is another one finds a cell there. What looks like a number or a date gets one as
well, because a spreadsheet saves 5511987654321 as 5.51199E+12 and 0119 as 119.
"""

from __future__ import annotations

import re

# Their wide and small forms too, and the minus sign, which are read alike.
_BEGINS_FORMULA = "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]"
_CONTROL = r"\x00-\x1f\x7f"
_PASSED_OVER = rf'\s"{_CONTROL}\u200b-\u200f\u2060\ufeff'
_INTEGER = r"(?:0|[1-9][0-9]{0,10})"
_REWRITTEN = rf"(?!{_INTEGER}\Z)[(.]?[0-9][0-9 .,:/eE+()\-]*\Z"
_STEERS = re.compile(
    rf"'*+(?:[{_CONTROL}]|[{_PASSED_OVER}]*+{_BEGINS_FORMULA}|{_REWRITTEN})",
)
# A run is entered at its beginning only, so that a long one is walked through once.
_RUN = rf"(?<![,;{_PASSED_OVER}])[,;{_PASSED_OVER}]++"
_INNER = re.compile(rf"({_RUN})('*+)(?={_BEGINS_FORMULA})")
_SEPARATOR = re.compile(r"[,;\t\r\n]")


def disarm(text: str) -> str:
    """Make a cell of a text; `arm` makes the text of it again, whatever the text is."""
    if not text:
        return text
    inner = _INNER.sub(_one_more, text)
    return "'" + inner if _STEERS.match(inner) else inner


def arm(cell: str) -> str:
    """Make the text of a cell; one that was never disarmed stays as it is."""
    if cell.startswith("'") and _STEERS.match(cell, 1):
        cell = cell[1:]
    return _INNER.sub(_one_less, cell)


def _one_more(found: re.Match[str]) -> str:
    return found[1] + ("'" if _SEPARATOR.search(found[1]) else "") + found[2]


def _one_less(found: re.Match[str]) -> str:
    return found[1] + (found[2][1:] if _SEPARATOR.search(found[1]) else found[2])
