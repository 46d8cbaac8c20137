"""A person's editor on a private temporary file, which is gone afterwards whatever happens.

It owns the file, the editor's process and the signals meanwhile. It must not know what the text is.
What an editor remembers elsewhere (vim's `.viminfo`, a swap folder of its own) is the editor's.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from lead_ops.errors import OpsError
from lead_ops.render import say

MOST_BYTES = 64 * 1024 * 1024
"""A lead of 256 KiB, a number a line at the deepest level, is 17 MB of text."""

AT_ONCE_SECONDS = 1.0
"""No person has changed anything by then: such an editor has gone into the background."""

_LAST_SECONDS = 2.0
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Draft:
    """The file, while it is there.

    Attributes:
        path: in a folder of its own, so that what editors put beside it goes with it.
        was_quick: whether the editor was gone at once when it was last opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_quick = False

    def write(self, text: bytes) -> None:
        """Put another text into the file."""
        self.path.unlink(missing_ok=True)
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(text)

    def edit(self) -> bytes:
        """Open the editor and wait for its end; gives what it left.

        Raises:
            OpsError: it cannot be started, ended with an error, or left no file or too large a one.
            KeyboardInterrupt: it was ended by Ctrl-C.
        """
        command = editor_command()
        began_at = time.monotonic()
        _run([*command, str(self.path)])
        self.was_quick = time.monotonic() - began_at < AT_ONCE_SECONDS
        try:
            with self.path.open("rb") as file:
                left = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            raise OpsError("the editor left no file: nothing was changed") from None
        if len(left) > MOST_BYTES:
            raise OpsError(f"expected at most {MOST_BYTES:,} bytes of text, found more")
        return left


@contextmanager
def draft(text: bytes, name: str) -> Iterator[Draft]:
    """Put a text into a private file for as long as the block lasts.

    A SIGTERM or SIGHUP ends the block with `SystemExit`, so that the file goes then too.

    Args:
        name: of the file, without a folder; its ending tells an editor what it holds.
    """
    with _ended_by_signals():
        folder = Path(tempfile.mkdtemp(prefix="leads-edit-", dir=_runtime_folder()))
        try:
            file = Draft(folder / name)
            file.write(text)
            yield file
        finally:
            _remove(folder)


def editor_command() -> list[str]:
    """The editor of $VISUAL or $EDITOR, else `vi`, with its options.

    Raises:
        OpsError: it cannot be read as a command; or none is named, and there is no terminal for vi.
    """
    for name in ("VISUAL", "EDITOR"):
        try:
            command = shlex.split(os.environ.get(name, ""))
        except ValueError:
            raise OpsError(
                f"expected {name} to be a command, found a quote that does not end; mend it, or"
                " use --set"
            ) from None
        if command:
            return command
    if not sys.stdin.isatty():
        raise OpsError("expected a terminal for an editor, found none; use --set, or set EDITOR")
    return ["vi"]


def _runtime_folder() -> str | None:
    """This user's folder in memory, where there is one that nobody else can write to."""
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    try:
        facts = Path(folder).stat() if folder else None
    except OSError:
        return None
    if facts is None or not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        return None
    if facts.st_mode & 0o022 or not os.access(folder, os.W_OK | os.X_OK):
        return None
    return folder


def _run(command: list[str]) -> None:
    """Run an editor to its end.

    Ctrl-C is the editor's as long as it runs. Where our output is not a terminal, its goes to
    standard error, and not in between ours.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not ignored: the editor would inherit
    try:
        with _terminal_as_it_was():
            code = _wait(_start(command))
    finally:
        signal.signal(signal.SIGINT, before)
    if code in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt
    if code:
        how = f"ended with {code}" if code > 0 else f"was ended by {signal.Signals(-code).name}"
        raise OpsError(f"the editor {how}: nothing was changed")


@contextmanager
def _terminal_as_it_was() -> Iterator[None]:
    """Put the terminal's modes back, as an editor that is killed may leave it without an echo."""
    before = None
    with suppress(termios.error, OSError, ValueError):  # it is none
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        # From the background this would stop us.
        with suppress(termios.error, OSError):
            if before and os.tcgetpgrp(terminal) == os.getpgrp():
                termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    stdout = None if sys.stdout.isatty() else sys.stderr.fileno()
    try:
        return subprocess.Popen(command, stdout=stdout, umask=0o077)
    except OSError as error:
        raise OpsError(
            f"expected an editor, found none that starts as {command[0][:80]!r}"
            f" ({error.strerror}): set EDITOR, or use --set"
        ) from None


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for the editor, and end it where we are ended."""
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def _ended(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    before = {number: signal.signal(number, _ended) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _remove(folder: Path) -> None:
    """Remove the folder; nothing disturbs it meanwhile."""
    signals = (signal.SIGINT, *_ENDING)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in signals}
    try:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
    except OSError as error:
        words = f"{folder} holds a lead and could not be removed ({error.strerror}): remove it"
        say(("leads: ", "red"), words, stderr=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
