"""Which format a file has, told by its name and its first bytes. It must not read any further."""

from __future__ import annotations

import json
import re
from pathlib import Path

FORMATS = ("jsonl", "json", "csv")
URLENCODED = "urlencoded"
"""Lines as browsers post forms, `nome=Ana&email=...`; told by looking, and only for forms."""

_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_PAIRS = re.compile(rb"[^\s=&;,\"{]+=[^\s\"]*")


def by_suffix(name: str) -> str | None:
    """Give the format that a file's name tells, if it tells one."""
    return _SUFFIXES.get(Path(name).suffix.lower())


def by_content(name: str, head: bytes) -> str:
    """Tell the format of a file whose first bytes are no object over several lines."""
    found = head.lstrip()
    if found.startswith(b"["):
        return "json"
    is_json = not found or found.startswith(b"{") or Path(name).suffix.lower() == ".json"
    return "jsonl" if is_json else "csv"


def opens_alone(head: bytes) -> bool:
    """Whether the first line is a brace, as where an object is laid out over several lines."""
    return head.lstrip().partition(b"\n")[0].strip() == b"{"


def is_laid_out(head: bytes) -> bool:
    """Whether the first line is the beginning of an object that goes on behind it. One that is
    broken off elsewhere is a bad line."""
    line, _, rest = head.lstrip().partition(b"\n")
    line = line.rstrip()
    if opens_alone(head):
        return True
    goes_on = line.endswith((b"{", b"[", b",", b":")) or rest.lstrip().startswith(b",")
    return line.startswith(b"{") and goes_on and _is_right_so_far(line)


def is_urlencoded(head: bytes) -> bool:
    """Whether the first line is a form as browsers post it."""
    line = head.lstrip().partition(b"\n")[0].rstrip()
    return not line.startswith(b"[") and bool(_PAIRS.fullmatch(line))


def _is_right_so_far(line: bytes) -> bool:
    """Whether a line is JSON but for its end, which is missing."""
    text = line.decode("utf-8", "replace")
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text) - 1
    except (ValueError, RecursionError):
        pass
    return False
