"""A lead that may have arrived is found where the API's clock is hours from ours."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.bad_server import Asked, Peer, Serve
from tests.integration.behaviours import http
from tests.integration.fleet import ONE_REDIS, Fleet, named

pytestmark = ONE_REDIS


class ApiOfAnotherTime:
    """Takes leads and lists them by its own clock; it drops the answer to the first one."""

    def __init__(self, offset_seconds: float) -> None:
        self.leads: list[dict[str, Any]] = []
        self._offset_seconds = offset_seconds

    def behave(self, peer: Peer) -> None:
        while asked := peer.read():
            if asked.first_line.startswith("GET"):
                peer.say(self._answer({"data": self._listed(asked)}))
                continue
            lead = self._take(asked)
            if len(self.leads) == 1:
                return
            peer.say(self._answer(lead))

    def _take(self, asked: Asked) -> dict[str, Any]:
        lead: dict[str, Any] = json.loads(asked.body)
        lead |= {"id": f"api-{len(self.leads) + 1}", "createdAt": self._now()}
        self.leads.append(lead)
        return lead

    def _listed(self, asked: Asked) -> list[dict[str, Any]]:
        query = parse_qs(urlsplit(asked.first_line.split()[1]).query)
        (since,) = query["createdAtStart"]
        return [lead for lead in self.leads[::-1] if lead["createdAt"] >= since]

    def _answer(self, answer: dict[str, Any]) -> bytes:
        date = formatdate(time.time() + self._offset_seconds, usegmt=True)
        return http(200, json.dumps(answer).encode(), f"Date: {date}")

    def _now(self) -> str:
        now = datetime.fromtimestamp(time.time() + self._offset_seconds, UTC)
        return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"


@pytest.mark.parametrize("hours", [-3, 3], ids=["behind", "ahead"])
def test_a_lead_is_found_although_the_clock_of_the_api_is_hours_off(
    fleet: Fleet, serve: Serve, hours: int
) -> None:
    api = ApiOfAnotherTime(hours * 3600.0)
    server = serve(api.behave)
    fleet.start_worker(LEADS_API_URL=server.url)
    (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_settled(1)

    record = fleet.record(lead_id)
    assert (record["state"], record["api_id"], len(api.leads)) == ("delivered", "api-1", 1)
    causes = [entry.get("cause") for entry in fleet.timeline(lead_id)]
    # Of a clock that is behind, the first question would begin too late.
    assert causes == (["dropped", "clocks", None] if hours < 0 else ["dropped", None])
