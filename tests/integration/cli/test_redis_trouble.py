"""What is wrong with Redis is named, with what to do, by health and doctor alike."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lead_ops import redis_users
from redis import Redis
from redis.exceptions import ResponseError

from tests.conftest import StartRedis
from tests.integration.bad_server import CERTIFICATE, Peer, Serve
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.test_producer_tls import tls_before

from .conftest import Leads

PASSWORD = "a-password-of-this-test"


class Said(tuple[str, str]):
    """The lines of health and of doctor. What is in both of them is in it."""

    def __contains__(self, part: object) -> bool:
        return all(str(part) in line for line in self)


Told = Callable[[str], Said]


@pytest.fixture
def told(leads: Leads, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What health and doctor say of the Redis at an address: one line each."""
    monkeypatch.setenv("LEADS_API_URL", "http://127.0.0.1:1/rest")

    def tell(url: str) -> Said:
        monkeypatch.setenv("LEADS_REDIS_URL", url)
        health = leads("health")
        assert (health.code, health.err) == (1, ""), health
        checks = json.loads(leads("doctor", "--json").out)["checks"]
        (reach,) = [each for each in checks if each["name"] == "reach"]
        line = health.out.removeprefix("BAD   ").rstrip("\n")
        assert PASSWORD not in json.dumps(checks) + line
        return Said((line, f"{reach['found']}: {reach['advice']}"))

    return tell


@pytest.fixture
def tls_port(redis_url: str) -> Iterator[int]:
    with tls_before(unquote(urlsplit(redis_url).path)) as port:
        yield port


@ONE_REDIS
def test_a_certificate_that_nobody_vouches_for(told: Told, tls_port: int) -> None:
    words = told(f"rediss://localhost:{tls_port}/0")
    assert "shows a certificate that is not trusted" in words
    assert "ssl_ca_certs=FILE" in words


@ONE_REDIS
def test_a_certificate_of_another_name(told: Told, redis_url: str) -> None:
    path = unquote(urlsplit(redis_url).path)
    with tls_before(path, host="127.0.0.2") as port:
        words = told(f"rediss://127.0.0.2:{port}/0?ssl_ca_certs={CERTIFICATE}")
    assert "shows a certificate of another name" in words


@ONE_REDIS
def test_a_server_that_wants_a_certificate_of_ours(told: Told, redis_url: str) -> None:
    path = unquote(urlsplit(redis_url).path)
    with tls_before(path, clients=ssl.CERT_REQUIRED) as port:
        words = told(f"rediss://localhost:{port}/0?ssl_ca_certs={CERTIFICATE}")
    assert "does it want a certificate of ours (?ssl_certfile=FILE&ssl_keyfile=FILE)?" in words


@ONE_REDIS
def test_a_plain_address_where_tls_is_spoken(told: Told, tls_port: int) -> None:
    words = told(f"redis://:{PASSWORD}@localhost:{tls_port}/0")
    assert "does it want TLS, rediss:// ?" in words


def test_an_address_of_tls_where_nobody_speaks_it(
    told: Told, own_redis: StartRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis waits for the end of what it takes for a line, or calls it an unknown command."""
    monkeypatch.setattr("lead_ops.doctor.redis_reach.TIMEOUT_SECONDS", 0.5)
    words = told(f"rediss://localhost:{own_redis(tcp=True).port}/0")
    assert "TLS?" in words  # with the words for either


@ONE_REDIS
def test_a_file_of_tls_that_is_not_there(told: Told, tls_port: int, tmp_path: Path) -> None:
    words = told(f"rediss://localhost:{tls_port}/0?ssl_ca_certs={tmp_path}/no")
    assert "a file of TLS is not there" in words


@ONE_REDIS
@pytest.mark.parametrize(
    "text", ["", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"]
)
def test_a_file_of_cas_that_holds_none(
    told: Told, tls_port: int, tmp_path: Path, text: str
) -> None:
    (tmp_path / "ca.pem").write_text(text)
    words = told(f"rediss://localhost:{tls_port}/0?ssl_ca_certs={tmp_path}/ca.pem")
    assert "ssl_ca_certs holds no certificate: expected a file in PEM" in words


def test_a_redis_that_is_busy_with_a_script(told: Told, own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    with closing(Redis.from_url(redis.url)) as admin, closing(Redis.from_url(redis.url)) as other:
        admin.config_set("lua-time-limit", 1)
        endless = threading.Thread(target=_run_endless, args=(other,))
        endless.start()
        try:
            wait_until(lambda: _is_busy(admin))
            words = told(f"redis://127.0.0.1:{redis.port}/0")
        finally:
            admin.script_kill()
            endless.join()
    assert "is busy with a script: " in words
    assert "SCRIPT KILL" in words


def _run_endless(client: Redis) -> None:
    with suppress(ResponseError):
        client.eval("while true do end", 0)


def _is_busy(client: Redis) -> bool:
    try:
        client.ping()
    except ResponseError:
        return True
    return False


def test_celerys_way_to_write_an_option_of_tls(told: Told) -> None:
    words = told("rediss://localhost:1/0?ssl_cert_reqs=CERT_REQUIRED")
    assert "ssl_cert_reqs in LEADS_REDIS_URL: required, optional or none" in words


def test_a_name_that_nobody_knows(told: Told) -> None:
    assert "is not known by that name" in told("redis://no-such-host.invalid/0")


def test_passwords(told: Told, own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    here = f"127.0.0.1:{redis.port}/0"
    assert "has no password" in told(f"redis://:{PASSWORD}@{here}")
    with closing(Redis.from_url(redis.url)) as admin:
        admin.config_set("requirepass", "right")
    assert "wants a password" in told(f"redis://{here}")
    assert "refused the user or password" in told(f"redis://:{PASSWORD}@{here}")


def test_a_user_who_may_not_do_it_is_named_with_the_rights_that_it_needs(
    told: Told, own_redis: StartRedis, namespace: str
) -> None:
    redis = own_redis(tcp=True)
    admin: Any = Redis.from_url(redis.url)
    with closing(admin):
        grant = redis_users.grant("app", redis_users.APP, namespace, password=PASSWORD)
        admin.execute_command(*grant.split())
        words = told(f"redis://app:{PASSWORD}@127.0.0.1:{redis.port}/0")
        assert "does not allow this to its user app: ACL SETUSER app" in words
        advised = words[0].partition(": ")[2].partition(" (")[0]
        admin.execute_command(*advised.split())
    # What it advises is what is lacking.
    client = Redis.from_url(f"redis://app:{PASSWORD}@127.0.0.1:{redis.port}/0")
    with closing(client):
        assert client.info("replication")["role"] == "master"


def test_a_replica_is_bad_and_both_name_the_primary(
    leads: Leads, own_redis: StartRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, replica = own_redis(tcp=True), own_redis(tcp=True)
    with (
        closing(Redis.from_url(primary.url)) as first,
        closing(Redis.from_url(replica.url)) as second,
    ):
        first.config_set("repl-diskless-sync-delay", 0)
        second.replicaof("127.0.0.1", primary.port)
        wait_until(lambda: second.info("replication")["master_link_status"] == "up")
        wait_until(lambda: first.info("replication")["slave0"]["state"] == "online")
    monkeypatch.setenv("LEADS_REDIS_URL", primary.url)
    assert leads("health").code == 0
    assert replication(leads)["level"] == "good"
    assert "a primary with 1 replica" in replication(leads)["found"]
    monkeypatch.setenv("LEADS_REDIS_URL", replica.url)
    ran = leads("health")
    assert ran.code == 1
    assert "is a replica, which takes no writes: point LEADS_REDIS_URL at the primary" in ran.out
    assert replication(leads)["level"] == "bad"


def replication(leads: Leads) -> dict[str, str]:
    checks = json.loads(leads("doctor", "--json").out)["checks"]
    found: dict[str, str] = next(each for each in checks if each["name"] == "replication")
    return found


@ONE_REDIS
def test_a_server_that_is_no_redis(told: Told, serve: Serve) -> None:
    """It speaks first, as those of mail do."""

    def greet(peer: Peer) -> None:
        peer.say(b"220 ready\r\n")
        peer.read_no_more()

    server = serve(greet)
    assert "is no Redis" in told(f"redis://127.0.0.1:{server.port}/0")


def test_where_nobody_listens(told: Told) -> None:
    assert "cannot be reached: is it running?" in told("redis://127.0.0.1:1/0")
