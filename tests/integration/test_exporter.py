"""`leads exporter`, as Prometheus and a supervisor meet it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lead_ops import main
from lead_ops.exporter import server
from lead_ops.exporter.server import MOST_CLIENTS
from lead_producers import LeadProducer
from prometheus_client import CollectorRegistry

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until


@contextmanager
def running(
    url: str, *options: str, namespace: str = "n"
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lead_ops.main", "exporter", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LEADS_REDIS_URL": url, "LEADS_NAMESPACE": namespace},
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert " on http://" in line, process.communicate()
        yield process, line.rpartition(" ")[2].strip()
    finally:
        process.kill()
        process.communicate()


def get(address: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    with closing(connection):
        connection.request(method, parts.path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@ONE_REDIS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(redis_url: str, number: signal.Signals) -> None:
    with closing(LeadProducer.from_url(redis_url, "n")) as producer:
        producer.enqueue({"name": "Ana Maria", "email": "ana@example.com"}, source="loja")
    with running(redis_url) as (process, address):
        status, text = get(address)
        assert status == 200
        assert 'leads_in_state{state="waiting"} 1.0' in text
        assert not any(word in text for word in ("Ana", "example.com", "loja"))
        assert get(address, "POST")[0] == 405
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
        assert (process.returncode, rest, errors) == (0, "", "")


@ONE_REDIS
def test_it_outlives_its_redis_says_so_once_and_never_hangs(own_redis: StartRedis) -> None:
    redis = own_redis()
    with running(redis.url) as (process, address):
        assert "leads_up 1.0" in get(address)[1]
        redis.kill()
        wait_until(lambda: "leads_up 0.0" in get(address)[1])
        status, text = get(address)
        assert (status, "leads_in_state" in text) == (200, False)
        redis.start()
        wait_until(lambda: "leads_up 1.0" in get(address)[1])
        process.terminate()
        errors = process.communicate(timeout=30)[1]
    assert errors.count("leads_up is 0: Redis at ") == errors.count("is read again") == 1


@ONE_REDIS
def test_a_redis_that_hangs_is_given_up_within_a_scrapes_time(own_redis: StartRedis) -> None:
    redis = own_redis()
    with running(redis.url) as (_, address):
        assert "leads_up 1.0" in get(address)[1]
        assert redis.pid
        os.kill(redis.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: "leads_up 0.0" in get(address)[1])
        finally:
            os.kill(redis.pid, signal.SIGCONT)


def test_it_begins_although_redis_is_away(tmp_path: Path) -> None:
    with running(f"unix://{tmp_path}/nobody.sock") as (_, address):
        assert "leads_up 0.0" in get(address)[1]


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What it says where it does not begin: one line."""
    assert main.run(["exporter", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_port_that_is_taken_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "is taken" in refused(capsys, "--port", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "no.such.host.invalid"])
def test_beyond_loopback_it_wants_a_token(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--token-file" in refused(capsys, "--host", host, "--port", "0")


def test_an_address_of_another_machine_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    line = refused(capsys, "--host", "192.0.2.1", "--port", "0", "--token-file", str(token))
    assert "cannot listen on 192.0.2.1" in line


@pytest.mark.parametrize("text", ["", "two words", "tôken"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    line = refused(capsys, "--token-file", str(file))
    assert "to hold one token" in line
    assert not text or text not in line


def test_with_a_token_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    options = ("--host", "0.0.0.0", "--token-file", str(file))
    with running(f"unix://{tmp_path}/nobody.sock", *options) as (_, address):
        near = address.replace("0.0.0.0", "127.0.0.1")
        assert get(near)[0] == get(near, Authorization="Bearer other")[0] == 401
        status, text = get(near, Authorization="Bearer secret")
        assert (status, "leads_up 0.0" in text) == (200, True)


def test_the_token_may_be_changed_while_it_serves(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    options = ("--token-file", str(file))
    with running(f"unix://{tmp_path}/nobody.sock", *options) as (_, address):
        assert get(address, Authorization="Bearer first")[0] == 200
        file.write_text("second\n")
        assert get(address, Authorization="Bearer first")[0] == 401
        for _ in range(2):
            assert get(address, Authorization="Bearer second")[0] == 200
            file.write_text("")  # one that is being written


def test_clients_that_say_nothing_keep_no_other_from_reading_nor_us_from_ending(
    tmp_path: Path,
) -> None:
    with running(f"unix://{tmp_path}/nobody.sock") as (process, address):
        parts = urlsplit(address)
        with ExitStack() as slow:
            for _ in range(MOST_CLIENTS * 2):
                client = socket.create_connection((parts.hostname, parts.port))
                slow.enter_context(closing(client))
                client.send(b"GET /metrics HTTP/1.1\r\nX: ")
            assert get(address)[0] == 200
            process.terminate()
            assert process.wait(timeout=5) == 0


def test_a_client_that_drips_its_question_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.2)
    with server.ExporterServer(CollectorRegistry(), "127.0.0.1", 0) as own:
        parts = urlsplit(own.url)
        with closing(socket.create_connection((parts.hostname, parts.port))) as client:
            client.settimeout(0.02)

            def is_hung_up() -> bool:
                try:
                    client.send(b"G")
                    return client.recv(1) == b""
                except TimeoutError:
                    return False
                except OSError:
                    return True

            wait_until(is_hung_up)
