"""Form posts from lines as browsers send them, `nome=Ana&email=...`, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from .csv_files import NOT_UTF8
from .lead_lines import LONGEST, Bad, Good, Item, Place, read_each_line


def read_form_lines(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[Item]:
    """Read one form post from each line; blank lines are left out."""
    return read_each_line(blocks, longest, _item)


def _item(place: Place, encoded: bytes) -> Good | Bad:
    try:
        pairs = parse_qsl(encoded.decode().strip(), errors="strict")
    except UnicodeDecodeError:
        return Bad(place, NOT_UTF8)
    if b"=" not in encoded:
        return Bad(place, "expected a form as it is posted (nome=...&email=...), found no =")
    post: dict[str, Any] = {}
    for name, value in pairs:
        post.setdefault(name, []).append(value)
    return Good(place, {name: found if found[1:] else found[0] for name, found in post.items()})
