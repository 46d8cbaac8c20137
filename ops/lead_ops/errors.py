"""Errors that end a command: the text is one line for the person at the terminal.

A text says what was expected, what was found and what to do; it holds no personal data and no
secret, and the `leads` command prints it without a traceback.
"""

from __future__ import annotations


class OpsError(Exception):
    """The root of the errors of `lead_ops`."""


class RedisMissingError(OpsError):
    """No Redis server program that could be started was found on this machine."""


class DataFolderError(OpsError):
    """The folder for Redis's data cannot be used: not ours, in use, or written by a newer Redis."""


class RedisStartError(OpsError):
    """A Redis server was started and did not come to answer. The text ends with its last words."""
