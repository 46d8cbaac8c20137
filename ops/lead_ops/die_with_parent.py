"""Run a command that gets SIGTERM when the process that started it is gone, however it went.

    python -I -S die_with_parent.py PARENT_PID PROGRAM ARGUMENT...

It replaces itself by the command, so the pid stays. It is a program and not a `preexec_fn`, because
Python code between fork and exec may deadlock in a process with threads. It must import nothing of
this project: with `-I -S` it costs some 20 ms. On Linux alone (prctl(2), PR_SET_PDEATHSIG);
elsewhere the command simply runs on. The kernel goes by the *thread* that started the command, so
that thread must live for as long as the command is wanted.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def command(program: str | Path, *arguments: str) -> list[str]:
    """The command line that runs a program in this way, as a child of the calling process."""
    return [
        *(sys.executable, "-I", "-S", __file__),
        *(str(os.getpid()), str(program), *arguments),
    ]


def main(argv: list[str]) -> None:
    """Ask the kernel for the signal, then become the program."""
    parent_pid, program, *_ = argv
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have died before the kernel was asked; nobody would send the signal then.
    if os.getppid() != int(parent_pid):
        sys.exit("the process that asked for this is gone")
    os.execv(program, argv[1:])  # noqa: S606 a shell would only be in the way


if __name__ == "__main__":
    main(sys.argv[1:])
