"""One call of the API, from the bytes of a lead, or a question about leads, to a reply.

It owns which credentials are in use and the promise that nothing but a reply comes out. It must not
judge the reply, nor try again.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import cast
from urllib.parse import quote, urlencode

from requests import PreparedRequest

from ..core.reply import Answered, NotSent, Reply
from ..settings import Secret, Settings
from .adapter import LeadsAdapter
from .answer import certain, take_answer, without_answer
from .call import Call, CallFailed
from .credentials import Credentials, credentials_of
from .exchange import Exchange
from .response import BoundedResponse


class LeadsApi:
    """The API that leads are delivered to. Threads may share one; `concurrency` of the settings is
    how many connections it keeps."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet.

        Raises:
            SettingsError: where the token or the CA bundle cannot be used.
        """
        self._settings = settings
        self._credentials = credentials_of(settings.api_token)
        self._adapter = LeadsAdapter(settings)

    @property
    def credentials(self) -> Credentials:
        """Those in use now. Who must know which token a request used takes them here, and gives
        them along."""
        return self._credentials

    @property
    def token_mark(self) -> str:
        """The mark of the token in use now: 12 hex digits, as `Credentials.mark`."""
        return self._credentials.mark

    def use_token(self, token: Secret) -> None:
        """Use another token from the next request on; those under way end with the one they have.

        Raises:
            SettingsError: the token is no header value; the one in use stays.
        """
        self._credentials = credentials_of(token)

    def post_lead(
        self,
        body: bytes,
        *,
        lease_ends_at_monotonic: float,
        credentials: Credentials | None = None,
    ) -> Reply:
        """Send one lead, once.

        The whole call, from name look-up to the last byte of the answer, ends within
        `deadline_seconds`. Nothing is sent unless the lease outlasts that.

        Args:
            body: the JSON object to send.
            lease_ends_at_monotonic: when the lease ends, as `time.monotonic` counts.
            credentials: None means those in use now.

        Returns:
            What is certain; nothing that the network does is an exception.
        """
        request = self._request("POST", credentials)
        request.body = body
        request.headers["Content-Length"] = str(len(body))
        return self._call(request, "", lease_ends_at_monotonic)

    def begin_post(
        self,
        body: bytes,
        *,
        lease_ends_at_monotonic: float,
        credentials: Credentials | None = None,
    ) -> Exchange | Reply | None:
        """Begin what `post_lead` does, without waiting for anything.

        Returns:
            What to wait for; a reply, where it has failed already; None where it would have to wait
            for a connection first, which `post_lead` can.
        """
        call = Call(self._settings, monotonic())
        if call.deadline_at > lease_ends_at_monotonic:
            return NotSent("lease_short")
        connection = self._adapter.open_connection(call)
        if connection is None:
            return None
        exchange = Exchange(self._adapter.pool, connection, call, self._settings.max_answer_bytes)
        headers = self._headers(credentials) | {"Content-Length": str(len(body))}
        headers |= self._adapter.forwarding
        try:
            exchange.send(self._adapter.target, body, headers)
        except CallFailed as failure:
            exchange.close()
            return without_answer(call, failure.cause)
        return exchange

    def find_leads(
        self,
        parameters: Sequence[tuple[str, str]],
        *,
        lease_ends_at_monotonic: float,
        credentials: Credentials | None = None,
    ) -> Reply:
        """Ask for one page of the listing (`GET /leads`), once, within the limits of `post_lead`.

        Args:
            parameters: of the query, in this order; what UTF-8 cannot write is asked as `?`.
            lease_ends_at_monotonic: when the lease ends, as `time.monotonic` counts.
            credentials: None means those in use now.

        Returns:
            What is certain. The API has done nothing either way; `NoAnswer` only tells that a
            question went out.
        """
        request = self._request("GET", credentials)
        del request.headers["Content-Type"]
        query = "?" + urlencode(parameters, quote_via=quote, errors="replace")
        return self._call(request, query, lease_ends_at_monotonic)

    def close(self) -> None:
        """Close the connections that are idle; those in use are closed when they are done."""
        self._adapter.close()

    def _request(self, method: str, credentials: Credentials | None) -> PreparedRequest:
        request = PreparedRequest()
        request.method, request.url = method, self._adapter.url
        # A plain dict: requests' own kind costs a sixth of the whole call.
        request.headers = self._headers(credentials)  # type: ignore[assignment]
        return request

    def _headers(self, credentials: Credentials | None) -> dict[str, str]:
        return {"Host": self._adapter.host, **(credentials or self._credentials).headers}

    def _call(self, request: PreparedRequest, query: str, lease_ends_at_monotonic: float) -> Reply:
        call = Call(self._settings, monotonic(), query)
        if call.deadline_at > lease_ends_at_monotonic:
            return NotSent("lease_short")
        return certain(call, lambda: self._answer(request))

    def _answer(self, request: PreparedRequest) -> Answered:
        raw = cast(BoundedResponse, self._adapter.send(request, stream=True).raw)
        return take_answer(raw, self._settings.max_answer_bytes)
