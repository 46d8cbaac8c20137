"""Whether bells go unanswered, judged by looks a second apart. Pure.

A bell that lies there proves nothing yet: it may have been rung a moment ago, and on a machine
that is busy Celery's consumer comes late. Evidence is that the same bell lies there at several
looks in a row while this process could answer it. Looks are counted and not seconds: a machine that
stood still has not looked.
"""

from __future__ import annotations

from enum import StrEnum

TOLD_AT_LOOK = 5
"""With so many in a row a consumer counts as stuck."""

MENDED_EVERY_LOOKS = 10
"""So many further ones a consumer that is stuck is given, each time it is mended."""


class Finding(StrEnum):
    """What a look comes to."""

    NOTHING = "nothing"
    STUCK = "stuck"
    MEND = "mend"


class BellWatch:
    """Looks at the bells of one process.

    Attributes:
        stuck: its consumer is taken to be, until it answers a bell.
    """

    def __init__(self) -> None:
        self.stuck = False
        self._bell, self._looks = "", 0

    def answered(self) -> None:
        """The consumer has answered a bell: whatever lies there, it is not stuck."""
        self.stuck, self._looks = False, 0

    def look(self, bell: str, *, could_answer: bool, wanted: bool) -> Finding:
        """Look once.

        Args:
            bell: mark of the bell that lies there longest, "" where none does.
            could_answer: nothing else keeps this process from answering it.
            wanted: leads are due, so that somebody should have answered it.
        """
        if not bell or bell != self._bell or not could_answer:
            self._bell, self._looks = bell, 0
        self._looks += bool(bell) and could_answer
        if not wanted or self._looks < TOLD_AT_LOOK:
            return Finding.NOTHING
        if not self.stuck:
            self.stuck, self._looks = True, TOLD_AT_LOOK
            return Finding.STUCK
        if self._looks >= TOLD_AT_LOOK + MENDED_EVERY_LOOKS:
            self._looks = TOLD_AT_LOOK
            return Finding.MEND
        return Finding.NOTHING
