"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
# Longer ones, each with the lines that it may have and the reason.
LONGER = {
    "worker/lead_worker/settings.py": (
        400,
        "a table with a row for each setting, told in one place",
    ),
}


def sources() -> list[str]:
    folders = ("producers", "worker", "ops", "tests", ".ci")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(ROOT)) for path in found if is_source(path))


def is_source(path: Path) -> bool:
    if path.suffix in (".py", ".lua", ".sh"):
        return True
    return not path.suffix and path.read_bytes()[:2] == b"#!"


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and lines, its docstring not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            first = node.body[0]
            told = ast.get_docstring(node) is not None and first.end_lineno
            docstring = first.end_lineno - first.lineno + 1 if told and first.end_lineno else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def lines(name: str) -> int:
    return len((ROOT / name).read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_300_lines() -> None:
    allowed = {name: LONGER.get(name, (LONGEST_FILE, ""))[0] for name in sources()}
    assert {name: lines(name) for name in sources() if lines(name) > allowed[name]} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    python = [name for name in sources() if name.endswith(".py")]
    found = {f"{name}:{f}": count for name in python for f, count in functions(ROOT / name)}
    assert {name: count for name, count in found.items() if count > LONGEST_FUNCTION} == {}


def test_an_exception_is_still_needed() -> None:
    assert [name for name in LONGER if lines(name) <= LONGEST_FILE] == []


def test_no_file_is_called_by_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [name for name in sources() if Path(name).stem in empty] == []
