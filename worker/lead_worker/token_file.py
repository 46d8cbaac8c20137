"""The file that the API's token is in, looked at again and again: a new one needs no restart.

It owns what counts as a change. It must not show the token: not in a log, and not in an error.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from .settings import Secret, Settings, read_token

logger = logging.getLogger(__name__)

UNUSABLE = "LEADS_API_TOKEN_FILE: no token in it; the last one is kept"
CHANGED = "LEADS_API_TOKEN_FILE holds another token; it is used from now on"


class TokenFile:
    """Where the token comes from; without a file it never changes. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._path = Path(settings.api_token_file) if settings.api_token_file else None
        self._token = settings.api_token
        self._is_bad = False
        self._lock = threading.Lock()

    def changed(self) -> Secret | None:
        """The token, if it is another than at the last look. What is no token (a file that is being
        written, say) is passed over, and said once."""
        if self._path is None:
            return None
        with self._lock:
            try:
                token = read_token(self._path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                if not self._is_bad:
                    _tell("token_unusable", UNUSABLE)
                self._is_bad = True
                return None
            self._is_bad = False
            if token == self._token:
                return None
            self._token = token
        _tell("token_changed", CHANGED)
        return token


def _tell(event: str, words: str) -> None:
    logger.warning(words, extra={"facts": {"event": event}})
