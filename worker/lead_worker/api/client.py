"""One call of the API, from the bytes of a lead to a reply.

It owns the request's headers and the promise that nothing but a reply comes out. It must not judge
the reply, nor try again.
"""

from __future__ import annotations

import re
from time import monotonic

from requests import PreparedRequest

from ..core.reply import Answered, NoAnswer, NotSent, Reply
from ..errors import SettingsError
from ..settings import Secret, Settings
from .adapter import LeadsAdapter
from .answer import read_answer
from .call import Call, CallFailed, calling
from .connection import LIBRARY_ERRORS

USER_AGENT = "leads-worker"


class LeadsApi:
    """The API that leads are delivered to. Threads may share one; `concurrency` of the settings is
    how many connections it keeps."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet.

        Raises:
            SettingsError: where the token or the CA bundle cannot be used.
        """
        self._settings = settings
        self._headers = {
            "Authorization": Secret(f"Bearer {_checked(settings.api_token)}"),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            # To the letter: with a charset behind it the API is likely to read an empty body.
            "Content-Type": "application/json",
        }
        self._adapter = LeadsAdapter(settings)

    def post_lead(self, body: bytes, *, lease_ends_at_monotonic: float) -> Reply:
        """Send one lead, once.

        The whole call, from name look-up to the last byte of the answer, ends within
        `deadline_seconds`. Nothing is sent unless the lease outlasts that.

        Args:
            body: the JSON object to send.
            lease_ends_at_monotonic: when the lease ends, as `time.monotonic` counts.

        Returns:
            What is certain; nothing that the network does is an exception.
        """
        call = Call(self._settings, monotonic())
        if call.deadline_at > lease_ends_at_monotonic:
            return NotSent("lease_short")
        try:
            with calling(call):
                return self._exchange(body)
        except CallFailed as failure:
            cause = failure.cause
        except LIBRARY_ERRORS:
            cause = "garbled" if call.sent else "connect"
        return NoAnswer(cause) if call.sent else NotSent(cause)

    def close(self) -> None:
        """Close the connections that are idle; those in use are closed when they are done."""
        self._adapter.close()

    def _exchange(self, body: bytes) -> Answered:
        request = PreparedRequest()
        request.method, request.url, request.body = "POST", self._adapter.url, body
        # A plain dict: requests' own kind costs a sixth of the whole call.
        request.headers = {**self._headers, "Content-Length": str(len(body))}  # type: ignore[assignment]
        raw = self._adapter.send(request, stream=True).raw
        try:
            return read_answer(raw, self._settings.max_answer_bytes)
        except BaseException:
            raw.close()  # or what is left of this answer would begin the next one
            raise
        finally:
            raw.release_conn()


def _checked(token: str) -> str:
    # A line break in a header raises an error whose text holds the token.
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SettingsError(
            "LEADS_API_TOKEN: expected one word of printable ASCII characters (not shown: a secret)"
        )
    return token
