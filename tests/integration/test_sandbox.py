"""The sandbox as a server: what it answers on the wire, and to whom."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from lead_ops.sandbox import Faults, SandboxError, SandboxServer, Sent

from tests.integration.sandbox_calls import LEAD, call, exchange, post, raw_post


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(token="open-sesame") as server:
        yield server


def test_a_lead_is_created_and_echoed_with_what_the_api_adds(sandbox: SandboxServer) -> None:
    response, body = call(sandbox, body=LEAD)
    lead = json.loads(body)
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Sandbox"] == "leads"
    assert response.headers["Date"].endswith(" GMT")
    assert {name: lead[name] for name in LEAD} == LEAD
    assert lead["id"].startswith("sandbox_")
    assert lead["createdAt"] == lead["updatedAt"]
    assert sandbox.leads == [lead]


def test_the_same_body_twice_is_two_leads(sandbox: SandboxServer) -> None:
    assert post(sandbox)[1]["id"] != post(sandbox)[1]["id"]
    assert len(sandbox.leads) == 2


def test_a_charset_in_the_content_type_makes_an_empty_lead(sandbox: SandboxServer) -> None:
    status, lead = post(sandbox, **{"Content_Type": "application/json; charset=utf-8"})
    assert status == 200
    assert lead["name"] is None
    assert sandbox.leads[0]["email"] is None


def test_a_wrong_body_is_refused_in_the_shape_of_the_api(sandbox: SandboxServer) -> None:
    status, refusal = post(sandbox, {"name": 1})
    assert (status, refusal["code"]) == (400, "BAD_REQUEST")
    assert refusal["issues"][0]["message"] == "Expected string, received number"
    assert sandbox.leads == []


@pytest.mark.parametrize("header", ["Bearer wrong", "open-sesame", "Basic open-sesame", ""])
def test_a_wrong_token_is_unauthorized_and_creates_nothing(
    sandbox: SandboxServer, header: str
) -> None:
    status, refusal = post(sandbox, Authorization=header)
    assert (status, refusal["code"]) == (401, "UNAUTHORIZED")
    assert sandbox.leads == []


def test_the_token_can_change_while_it_runs(sandbox: SandboxServer) -> None:
    before = sandbox.token
    sandbox.set_token("another")
    assert post(sandbox, Authorization=f"Bearer {before}")[0] == 401
    assert post(sandbox)[0] == 200


def test_leads_are_listed_with_filters(sandbox: SandboxServer) -> None:
    for name in ("Ana", "Bea", "Caio"):
        post(sandbox, {"name": name})
    response, body = call(sandbox, "GET", "/rest/leads?size=2&orderBy=createdAtAsc")
    listing = json.loads(body)
    assert response.status == 200
    assert [lead["name"] for lead in listing["data"]] == ["Ana", "Bea"]
    assert (listing["meta"]["total"], listing["meta"]["next"]) == (3, 2)
    assert json.loads(call(sandbox, "GET", "/rest/leads?size=101")[1])["code"] == "BAD_REQUEST"


def test_what_is_elsewhere_is_not_found(sandbox: SandboxServer) -> None:
    for method, path in (("GET", "/"), ("PUT", "/rest/leads"), ("GET", "/rest/leads/1")):
        response, body = call(sandbox, method, path)
        assert (response.status, json.loads(body)["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "a:b:c"])
def test_a_host_that_is_not_loopback_is_refused(sandbox: SandboxServer, host: str) -> None:
    status, _ = post(sandbox, Host=host)
    assert status == 421
    assert sandbox.leads == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.2:80", "[::1]:80"])
def test_any_name_of_loopback_will_do(sandbox: SandboxServer, host: str) -> None:
    assert post(sandbox, Host=host)[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.com", "::"])
def test_it_refuses_to_listen_beyond_loopback(host: str) -> None:
    with pytest.raises(SandboxError, match="loopback"):
        SandboxServer(host=host)


def test_a_connection_serves_one_request_after_the_other(sandbox: SandboxServer) -> None:
    body = json.dumps(LEAD).encode()
    answered = exchange(sandbox, raw_post(body) * 3)
    assert answered.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert len(sandbox.leads) == 3


def test_pipelined_requests_keep_their_order_behind_a_slow_one(sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(latency_seconds=0.02, count=1))
    bodies = [json.dumps({"name": name}).encode() for name in ("Ana", "Bea")]
    answered = exchange(sandbox, b"".join(map(raw_post, bodies)))
    assert answered.index(b'"Ana"') < answered.index(b'"Bea"')


def test_chunks_and_100_continue_are_understood(sandbox: SandboxServer) -> None:
    chunked = raw_post(b"", "Transfer-Encoding: chunked")
    answered = exchange(sandbox, chunked, b'd\r\n{"name":"Ana"', b"\r\n1\r\n}\r\n0\r\n\r\n")
    assert b'"name":"Ana"' in answered
    waiting = raw_post(b"", "Content-Length: 2", "Expect: 100-continue")
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        client.sendall(waiting)
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_what_is_no_http_gets_a_400_and_is_recorded(sandbox: SandboxServer) -> None:
    answered = exchange(sandbox, b"\x16\x03\x01 hello\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close" in answered
    (arrival,) = sandbox.journal
    assert (arrival.method, arrival.status, arrival.lead_id) == ("", 400, None)


def test_a_body_that_is_too_large_is_refused_even_while_it_is_being_sent(
    sandbox: SandboxServer,
) -> None:
    answered = exchange(sandbox, raw_post(b"x" * 3_000_000))
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"PAYLOAD_TOO_LARGE"' in answered


def test_head_is_answered_without_a_body(sandbox: SandboxServer) -> None:
    answered = exchange(sandbox, b"HEAD /rest/leads HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 404 ")
    assert answered.endswith(b"\r\n\r\n")


def test_an_idle_connection_is_closed() -> None:
    with (
        SandboxServer(idle_seconds=0.05) as sandbox,
        socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client,
    ):
        assert client.recv(1) == b""


def test_the_journal_has_what_arrived_to_the_byte(sandbox: SandboxServer) -> None:
    body = b'{ "name" : "Z\\u00e9" }'
    exchange(sandbox, raw_post(body))
    (arrival,) = sandbox.journal
    assert (arrival.number, arrival.method, arrival.path) == (1, "POST", "/rest/leads")
    assert (arrival.body, arrival.status, arrival.sent) == (body, 200, Sent.WHOLE)
    assert arrival.lead_id == sandbox.leads[0]["id"]
    assert "name" not in repr(arrival)


def test_a_stopped_sandbox_refuses_and_goes_on_where_it_was(sandbox: SandboxServer) -> None:
    first, port = post(sandbox)[1], sandbox.port
    sandbox.stop()
    with pytest.raises(ConnectionRefusedError):
        call(sandbox, body=LEAD)
    sandbox.start()
    assert sandbox.port == port
    second = post(sandbox)[1]
    assert sandbox.leads == [first, second]


def test_a_wait_that_is_in_vain_says_what_came(sandbox: SandboxServer) -> None:
    post(sandbox)
    with pytest.raises(TimeoutError, match=r"1 requests \({'200': 1}\), 1 leads"):
        sandbox.wait_for(lambda s: len(s.leads) == 2, timeout_seconds=0.01)


def test_a_port_that_is_taken_is_one_line(sandbox: SandboxServer) -> None:
    with (
        pytest.raises(SandboxError, match=f"port {sandbox.port} is taken"),
        SandboxServer(port=sandbox.port),
    ):
        pass


def test_many_clients_at_once_lose_nothing(sandbox: SandboxServer) -> None:
    def send(name: str) -> None:
        for _ in range(25):
            post(sandbox, {"name": name})

    threads = [threading.Thread(target=send, args=(f"c{index}",)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({lead["id"] for lead in sandbox.leads}) == 200
    assert [arrival.number for arrival in sandbox.journal] == list(range(1, 201))
