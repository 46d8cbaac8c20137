"""The control endpoint, through its client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lead_ops.sandbox import Faults, SandboxError, SandboxServer
from lead_ops.sandbox.remote import RemoteSandbox

from tests.integration.sandbox_calls import call, post


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(token="open-sesame") as server:
        yield server


def test_control_takes_a_token_that_the_sandbox_began_with(sandbox: SandboxServer) -> None:
    remote = RemoteSandbox(sandbox.port, "open-sesame")
    remote.set_tokens(("another",))
    assert sandbox.token == "another"
    assert remote.overview()["leads"] == 0
    with pytest.raises(SandboxError, match="runs with another token"):
        RemoteSandbox(sandbox.port, "another").overview()


def test_control_sets_shows_and_clears_faults(sandbox: SandboxServer) -> None:
    remote = RemoteSandbox(sandbox.port, "open-sesame")
    number = remote.add_fault(Faults(status=503, retry_after="3"))["number"]
    assert post(sandbox)[0] == 503
    overview = remote.overview()
    assert overview["by_status"] == {"503": 1}
    assert overview["faults"][0] == {
        "number": number,
        "hits": 1,
        "ends_in_seconds": None,
        "creates_lead": False,
        "fault": {"kind": "status", "status": 503, "retry_after": "3"},
    }
    assert (remote.clear(number), remote.clear()) == (1, 0)
    assert post(sandbox)[0] == 200


def test_control_pages_through_leads_and_journal(sandbox: SandboxServer) -> None:
    for name in ("Ana", "Bea", "Caio"):
        post(sandbox, {"name": name})
    remote = RemoteSandbox(sandbox.port, "open-sesame")
    total, last = remote.leads(2)
    assert (total, [lead["name"] for lead in last]) == (3, ["Bea", "Caio"])
    total, arrivals = remote.journal(1)
    assert (total, arrivals[0]["number"]) == (3, 3)
    assert arrivals[0]["lead_id"] == last[1]["id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/sandbox/nothing", None, 404),
        ("POST", "/sandbox/faults", {"status": "x"}, 400),
        ("POST", "/sandbox/faults", None, 400),
        ("PUT", "/sandbox/tokens", {"tokens": []}, 400),
        ("PUT", "/sandbox/tokens", {"tokens": ["two words"]}, 400),
        ("GET", "/sandbox/journal?after=x", None, 400),
    ],
)
def test_control_says_no_without_a_traceback(
    sandbox: SandboxServer, method: str, path: str, body: Any, status: int
) -> None:
    response, _ = call(sandbox, method, path, body)
    assert response.status == status
    assert post(sandbox)[0] == 200


def test_no_sandbox_on_a_port_is_one_line(sandbox: SandboxServer) -> None:
    sandbox.stop()
    with pytest.raises(SandboxError, match="start one with 'leads sandbox'"):
        RemoteSandbox(sandbox.port, "open-sesame").overview()
