"""Where an error happened, told without its text, which may hold a lead's data. Pure.

It must not read source files, nor the variables of a frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

PACKAGE = Path(__file__).parents[1]
_MOST_FRAMES = 20
_SITE = ("site-packages", "dist-packages")


def place(error: BaseException) -> str:
    """The innermost line of our own code that the error passed, such as `courier.py:120`."""
    ours = [
        f"{Path(file).relative_to(PACKAGE)}:{line}"
        for file, line, _ in _frames(error.__traceback__)
        if Path(file).is_relative_to(PACKAGE)
    ]
    return ours[-1] if ours else "an unknown place"


def stack(error: BaseException) -> list[str]:
    """The last frames that the error passed, outermost first: file, line and function."""
    told = [f"{_short(file)}:{line} {name}" for file, line, name in _frames(error.__traceback__)]
    return told[-_MOST_FRAMES:]


def stack_of(frame: FrameType) -> list[str]:
    """The last frames of a thread, outermost first: file, line and function."""
    at: FrameType | None = frame
    told: list[str] = []
    while at is not None and len(told) < _MOST_FRAMES:
        told.append(f"{_short(at.f_code.co_filename)}:{at.f_lineno} {at.f_code.co_name}")
        at = at.f_back
    return told[::-1]


def kinds(error: BaseException) -> list[str]:
    """The error's type, then those of what it came of."""
    found: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < _MOST_FRAMES:
        found.append(type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield code.co_filename, traceback.tb_lineno, code.co_name
        traceback = traceback.tb_next


def _short(file: str) -> str:
    """The path within what was installed, or within ours; else the file's name."""
    path = Path(file)
    if path.is_relative_to(PACKAGE):
        return str(path.relative_to(PACKAGE.parent))
    for number, part in enumerate(path.parts):
        if part in _SITE:
            return "/".join(path.parts[number + 1 :])
    return path.name
