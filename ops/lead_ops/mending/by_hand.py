"""A dead letter in a person's editor, until it is right, left as it was, or given up.

It owns that nothing is lost that a person typed: not to a mistake in it, not to somebody else's
edit meanwhile, not to a Redis that is away for a moment.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import uuid4

import click
from lead_worker.store.reading import Sight
from redis.exceptions import RedisError

from lead_ops.errors import OpsError
from lead_ops.failures import report
from lead_ops.render import pretty_json, say
from lead_ops.views.differences import say_changes, say_problems

from .decision import (
    Mended,
    Refused,
    Told,
    Unchanged,
    Unfit,
    changes_between,
    mend_text,
    put_on_top,
)
from .editor import Draft, draft
from .lead_text import is_offered_with_escapes, offered
from .mender import CHANGED, KEPT, Mender, find_dead, lost_to

NOTHING = "nothing was changed"
_AS_SHOWN = "It is valid as it was shown to you. Store it so?"


def mend_by_hand(mender: Mender, sight: Sight, *, quiet: bool) -> Sequence[Told]:
    """Let a person edit a dead letter, and store what is right; gives what was changed.

    Args:
        quiet: do not print what was changed.

    Returns:
        Nothing where the person changed nothing.

    Raises:
        OpsError: it is not stored, and nobody wants to try again; or there is no editor.
    """
    raw = sight.raw or b""
    if is_offered_with_escapes(raw):
        say(r"some bytes of it are no UTF-8; they are shown as \xe9 and the like", stderr=True)
    text = offered(raw)
    with draft(text, f"{sight.lead_id}.json") as file:
        return _Hand(mender, sight.lead_id, file, quiet).work(raw, text)


@dataclass(frozen=True, slots=True)
class _Hand:
    mender: Mender
    lead_id: str
    file: Draft
    quiet: bool

    def work(self, raw: bytes, text: bytes) -> Sequence[Told]:
        """Open the editor until there is nothing more to do.

        Args:
            raw: the lead as it is.
            text: as which it was offered.
        """
        while True:
            left = self.file.edit()
            mending = mend_text(raw, left, self.mender.rules)
            # What the schema could not read of it may be gone from the text, such as a mark of
            # byte order: then it is right as it was shown.
            if left == text and not (isinstance(mending, Mended) and _agrees(_AS_SHOWN)):
                return self._untouched()
            match mending:
                case Unchanged():
                    return self._untouched()
                case Unfit(reason=reason):
                    say(("leads: ", "red"), reason, stderr=True)
                case Refused(errors=errors):
                    say_problems(errors)
                case Mended(changes=changes):
                    if not self.quiet:
                        say_changes(changes)
                    verdict = self._keep(raw, mending)
                    if verdict in KEPT:
                        return changes
                    raw, text = self._newer(verdict, raw, left)
                case _:
                    assert_never(mending)
            if not _agrees("Edit it again?"):
                raise OpsError(NOTHING)

    def _untouched(self) -> Sequence[Told]:
        if self.file.was_quick:
            hint = " (an editor with a window needs its option to wait: EDITOR='code --wait')"
            say((f"the editor came back at once{hint}", "dim"), stderr=True)
        return ()

    def _keep(self, raw: bytes, mended: Mended) -> str:
        """Store it, and try again for as long as the person wants where Redis does not answer."""
        if self.mender.dry_run:
            return KEPT[0]
        act = uuid4().hex  # by which a repetition is known, where only the answer was lost
        while True:
            try:
                return self.mender.keep(self.lead_id, raw, mended, act)
            except RedisError as error:
                if not sys.stdin.isatty():
                    raise
                report(error)
            if not _agrees("Try to store it again?"):
                words = "it is not known whether this was stored: leads dead show"
                raise OpsError(f"{words} {self.lead_id}")

    def _newer(self, verdict: str, raw: bytes, left: bytes) -> tuple[bytes, bytes]:
        """Read the lead anew, as somebody else edited it, and put both corrections into the file.

        Raises:
            OpsError: it is no dead letter any more; or there is nobody to ask.
        """
        if verdict != CHANGED or not sys.stdin.isatty():
            raise lost_to(self.lead_id, verdict)
        newer = find_dead(self.mender.store, self.lead_id).raw or b""
        say("somebody else edited it meanwhile:", stderr=True)
        say_changes(changes_between(raw, newer), margin="  ", stderr=True)
        merged = put_on_top(raw, left, newer)
        if merged is None:
            say("your text is kept as it is; stored, it replaces theirs", stderr=True)
        else:
            say("your correction is put on top of theirs", stderr=True)
            self.file.write(pretty_json(json.dumps(merged).encode()).encode() + b"\n")
        return newer, offered(newer)


def _agrees(question: str) -> bool:
    return sys.stdin.isatty() and click.confirm(question, default=True, err=True)
