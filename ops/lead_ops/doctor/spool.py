"""The spool of this machine's apps, where LEADS_SPOOL names one.

It owns what is looked at. It makes no file, and sends nothing on.
"""

from __future__ import annotations

import os
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from lead_producers import SpoolError
from lead_producers.spool_file import SpoolFile
from lead_producers.spool_rows import Contents

from lead_ops.render import count_words, span

from .case import Case
from .finding import Finding, Level, bad, good, skipped, warning

VARIABLE = "LEADS_SPOOL"
PATIENCE_SECONDS = 60.0
"""An app sends on what it has within seconds of Redis's return."""


def examine(case: Case) -> Iterator[Finding]:
    """Look at it."""
    text = case.environ.get(VARIABLE, "").strip()
    if not text:
        yield skipped("spool", f"{VARIABLE} is not set: no spool is looked at")
        return
    path = Path(text).absolute()
    if not path.exists():
        yield _not_there(path)
        return
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        yield bad("spool", f"{path} is no file", "choose another path")
        return
    access = _access(path, facts)
    yield access
    if access.level is not Level.GOOD:
        return
    try:
        contents = SpoolFile(path).contents()
    except SpoolError as error:
        yield bad("content", str(error), "is it the app's? see its user and its path")
        return
    answers = case.store is not None
    yield from judge_contents(contents, time.time(), str(path), redis_answers=answers)


def _not_there(path: Path) -> Finding:
    folder = path.parent
    if not folder.is_dir():
        return bad("spool", f"there is no folder {folder}", "make it, for the app's user alone")
    if not os.access(folder, os.W_OK | os.X_OK):
        return bad("spool", f"{folder} cannot be written by this user", "give it to the app's user")
    return good("spool", f"{path}: none yet, it is made when an app needs it")


def _access(path: Path, facts: os.stat_result) -> Finding:
    if not os.access(path, os.R_OK | os.W_OK):
        return bad("spool", f"{path} cannot be written by this user", "run this as the app's user")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        return bad("spool", f"{path} can be opened by others", f"chmod 600 {path}")
    return good("spool", f"{path} is this user's alone")


def judge_contents(
    contents: list[Contents], now_at: float, file: str, *, redis_answers: bool
) -> Iterator[Finding]:
    """Judge what is in it, for each namespace."""
    named = shlex.quote(file)
    if not contents:
        yield good("content", "empty: Redis has all leads")
    for each in contents:
        oldest = now_at - each.oldest_at
        words = (
            f"{count_words(each.leads, 'lead waits', 'leads wait')} for namespace {each.namespace},"
            f" the oldest for {span(oldest)}"
        )
        if each.stale:
            stale = count_words(each.stale, "is", "are")
            advice = f"leads spool status {named} says which; a person decides"
            yield bad("content", f"{words}; {stale} too old to be sent on unseen", advice)
        elif redis_answers and oldest > PATIENCE_SECONDS:
            yield warning("content", words, f"does the app run? else: leads spool flush {named}")
        else:
            yield good("content", words)
