"""Who gives a command, as the queue's records name them."""

from __future__ import annotations

import getpass
import os


def operator() -> str:
    """The name of this process's user; in a container without one, its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
