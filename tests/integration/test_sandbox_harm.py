"""What each fault does on the wire, and whether the lead is created."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from lead_ops.sandbox import Faults, Kind, SandboxServer, Scope, Sent

from tests.integration.sandbox_calls import LEAD, call, post, raw_post


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(token="open-sesame") as server:
        yield server


@pytest.mark.parametrize("status", [400, 402, 418, 429, 500, 503])
def test_a_status_is_answered_in_the_shape_of_the_api(sandbox: SandboxServer, status: int) -> None:
    sandbox.set_faults(Faults(status=status, retry_after="3"))
    response, body = call(sandbox, body=LEAD)
    assert (response.status, response.headers["Retry-After"]) == (status, "3")
    assert set(json.loads(body)) == {"message", "code"}
    assert sandbox.leads == []


def test_a_status_can_come_after_the_lead_was_created(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(status=500, creates=True))
    assert post(sandbox)[0] == 500
    assert sandbox.journal[0].lead_id == sandbox.leads[0]["id"]


def test_another_success_creates_the_lead(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(status=201))
    assert post(sandbox) == (201, sandbox.leads[0])
    sandbox.set_faults(Faults(status=204))
    assert call(sandbox, body=LEAD)[1] == b""


def test_html_comes_in_place_of_json(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.HTML, status=502))
    response, body = call(sandbox, body=LEAD)
    assert (response.status, body[:9]) == (502, b"<!DOCTYPE")
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_redirect_leads_to_what_looks_like_success(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.REDIRECT, count=1))
    response, _ = call(sandbox, body=LEAD)
    location = response.headers["Location"]
    assert response.status == 302
    assert location == f"http://127.0.0.1:{sandbox.port}/sandbox/landed"
    followed, body = call(sandbox, "GET", "/sandbox/landed")
    assert (followed.status, json.loads(body)["id"]) == (200, "sandbox_landed")
    assert [arrival.path for arrival in sandbox.journal] == ["/rest/leads", "/sandbox/landed"]
    assert sandbox.leads == []


@pytest.mark.parametrize(
    ("kind", "created"), [(Kind.DROP, 1), (Kind.DROP_BEFORE, 0), (Kind.RESET, 0)]
)
def test_a_connection_ends_without_an_answer(
    sandbox: SandboxServer, kind: Kind, created: int
) -> None:
    sandbox.set_faults(Faults(kind))
    expected = ConnectionResetError if kind is Kind.RESET else http.client.RemoteDisconnected
    with pytest.raises(expected) as caught:
        call(sandbox, body=LEAD)
    assert type(caught.value) is expected
    sandbox.wait_for(lambda s: s.journal[0].sent is Sent.NOTHING)
    assert (len(sandbox.leads), sandbox.journal[0].status) == (created, None)


def test_a_truncated_answer_ends_in_its_middle(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.TRUNCATE))
    with pytest.raises(http.client.IncompleteRead):
        call(sandbox, body=LEAD)
    sandbox.wait_for(lambda s: s.journal[0].sent is Sent.PART)
    assert len(sandbox.leads) == 1


def test_a_dripping_answer_is_whole_in_the_end(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.DRIP, drip_seconds=0.001))
    assert post(sandbox) == (200, sandbox.leads[0])
    sandbox.wait_for(lambda s: s.journal[0].sent is Sent.WHOLE)


def test_a_client_that_leaves_a_dripping_answer_got_a_part(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.DRIP, drip_seconds=0.01))
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        client.sendall(raw_post(b"{}"))
        assert client.recv(10_000).startswith(b"HTTP/1.1 200 OK\r\n")
    sandbox.wait_for(lambda s: s.journal[0].sent is Sent.PART)


def test_garbage_is_no_http(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.GARBAGE))
    with pytest.raises(http.client.BadStatusLine):
        call(sandbox, body=LEAD)
    assert sandbox.leads == []


def test_an_oversized_answer_is_large_and_true(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.OVERSIZE))
    _, body = call(sandbox, body=LEAD)
    assert len(body) == 2_097_152
    assert json.loads(body) == sandbox.leads[0]


def test_lost_fields_make_an_empty_lead(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.LOSE_FIELDS))
    status, lead = post(sandbox)
    assert (status, lead["name"], lead["email"]) == (200, None, None)
    assert sandbox.leads == [lead]


def test_a_hanging_request_ends_when_its_client_leaves(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(Kind.HANG))
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        client.sendall(raw_post(b"{}"))
        sandbox.wait_for(lambda s: len(s.journal) == 1)
        assert sandbox.journal[0].sent is Sent.PENDING
    sandbox.wait_for(lambda s: s.journal[0].sent is Sent.NOTHING)
    assert sandbox.leads == []


def test_a_late_answer_belongs_to_a_lead_that_is_there_already(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(latency_seconds=3600, count=1))
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        client.sendall(raw_post(b"{}"))
        sandbox.wait_for(lambda s: len(s.leads) == 1)
        assert (sandbox.journal[0].status, sandbox.journal[0].sent) == (200, Sent.PENDING)
    assert post(sandbox)[0] == 200


def test_only_the_poisoned_lead_is_hit(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(status=500, only_agent="poison", scope=Scope.POST))
    assert post(sandbox)[0] == 200
    assert post(sandbox, {"agentId": "poison"})[0] == 500


def test_a_bad_token_meets_a_fault_first_and_still_creates_nothing(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(status=500, creates=True))
    assert post(sandbox, Authorization="Bearer wrong")[0] == 500
    assert sandbox.leads == []


def test_a_lead_may_be_listed_only_later(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(list_lag_seconds=3600))
    assert post(sandbox)[0] == 200
    assert len(sandbox.leads) == 1
    assert json.loads(call(sandbox, "GET")[1])["data"] == []


def test_faults_end_when_cleared(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(status=503), Faults(Kind.DROP))
    sandbox.clear_faults()
    assert post(sandbox)[0] == 200
