"""`leads doctor` and Sentry: the way that its SDK goes, and a test event."""

from __future__ import annotations

from contextlib import closing

import pytest
import sentry_sdk
from lead_ops.doctor import sentry_route
from lead_ops.doctor.tls import Unreachable
from sentry_sdk.utils import Dsn

from tests.integration.bad_server import CERTIFICATE, Serve
from tests.integration.behaviours import answering, http, tunnelling
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.sentry_listener import SentryListener

from .conftest import Examine, level

TAKEN = answering(http(200, b"{}"))
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@ONE_REDIS
def test_a_test_event_is_sent_only_when_asked_for(examine: Examine, sentry: SentryListener) -> None:
    checks = examine(SENTRY_DSN=sentry.dsn)
    assert (level(checks, "sentry dsn"), level(checks, "sentry way")) == ("good", "warning")
    assert sentry.envelopes == []
    assert level(examine("--send-test-event"), "sentry test event") == "good"
    wait_until(lambda: len(sentry.envelopes) == 1)
    assert "a test event of leads doctor" in sentry.envelopes[0]


@ONE_REDIS
def test_a_sentry_that_is_away_or_refuses_is_bad(examine: Examine, serve: Serve) -> None:
    assert level(examine(SENTRY_DSN="http://key@127.0.0.1:1/1"), "sentry way") == "bad"
    refusing = serve(answering(http(403, b"{}"))).port
    dsn = f"http://key@127.0.0.1:{refusing}/1"
    assert level(examine("--send-test-event", SENTRY_DSN=dsn), "sentry test event") == "bad"
    without_project = examine(SENTRY_DSN="http://key@127.0.0.1/")
    assert level(without_project, "settings setting") == "bad"
    assert "SENTRY_DSN" in without_project["settings setting"]["found"]


@ONE_REDIS
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_ca_that_sentrys_sdk_trusts_is_trusted(examine: Examine, serve: Serve, name: str) -> None:
    server = serve(TAKEN, scheme="https")
    dsn = f"https://key@127.0.0.1:{server.port}/1"
    checks = examine(SENTRY_DSN=dsn, LEADS_API_CA_BUNDLE=str(CERTIFICATE))
    assert level(checks, "sentry way") == "bad"
    assert "SSL_CERT_FILE, else REQUESTS_CA_BUNDLE" in checks["sentry way"]["advice"]
    trusted = examine("--send-test-event", **{name: str(CERTIFICATE)})
    assert level(trusted, "sentry way") == level(trusted, "sentry test event") == "good"
    assert len(server.asked) == 1


@ONE_REDIS
def test_the_proxy_of_the_environment_is_gone_through(examine: Examine, serve: Serve) -> None:
    server, proxy = serve(TAKEN, scheme="https"), serve(tunnelling)
    dsn = f"https://key@127.0.0.1:{server.port}/1"
    trust = {"SENTRY_DSN": dsn, "SSL_CERT_FILE": str(CERTIFICATE)}
    checks = examine("--send-test-event", HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}", **trust)
    assert level(checks, "sentry way") == level(checks, "sentry test event") == "good"
    assert "through the proxy" in checks["sentry way"]["found"]
    assert [each.first_line.split()[0] for each in proxy.asked] == ["CONNECT", "CONNECT"]
    assert level(examine(NO_PROXY="127.0.0.1", HTTPS_PROXY="http://127.0.0.1:1"), "sentry way") == (
        "good"
    )


@ONE_REDIS
def test_a_proxy_that_is_away_refuses_or_is_none_is_bad(examine: Examine, serve: Serve) -> None:
    refusing = serve(answering(http(407))).port
    for proxy, words in (
        ("http://127.0.0.1:1", "the proxy 127.0.0.1:1 does not let it through"),
        (f"http://127.0.0.1:{refusing}", "Tunnel connection failed: 407"),
        ("127.0.0.1:3128", "no address that can be used"),
    ):
        dsn = "https://key@127.0.0.1:1/1"
        checks = examine("--send-test-event", SENTRY_DSN=dsn, HTTPS_PROXY=proxy)
        assert level(checks, "sentry way") == level(checks, "sentry test event") == "bad"
        assert words in checks["sentry way"]["found"]
        assert "HTTPS_PROXY" in checks["sentry way"]["advice"]


@ONE_REDIS
def test_a_dsn_without_tls_goes_through_the_proxy_too(
    examine: Examine, sentry: SentryListener
) -> None:
    checks = examine(SENTRY_DSN=sentry.dsn, HTTP_PROXY="http://127.0.0.1:1")
    assert level(checks, "sentry way") == "bad"
    assert checks["sentry way"]["advice"].startswith("is HTTPS_PROXY, or HTTP_PROXY, right?")


@ONE_REDIS
def test_a_test_event_is_sent_where_the_way_looks_bad(
    examine: Examine, sentry: SentryListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(host: str, port: int) -> str:
        raise Unreachable("name", f"{host}:{port} is not known", "look again")

    monkeypatch.setattr("lead_ops.doctor.sentry_reach.resolve", unknown)
    checks = examine("--send-test-event", SENTRY_DSN=sentry.dsn)
    assert (level(checks, "sentry way"), level(checks, "sentry test event")) == ("bad", "good")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTPS_PROXY": "http://one:1"},
        {"http_proxy": "http://two:2"},
        {"HTTPS_PROXY": "http://one:1", "HTTP_PROXY": "http://two:2", "NO_PROXY": "other.example"},
        {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "x.org, example.com"},
        {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "sentry.example.com:9000"},
        {"HTTPS_PROXY": "http://one:1", "NO_PROXY": "*"},
        {"HTTPS_PROXY": "http://one"},
        {"SSL_CERT_FILE": "/a.pem", "REQUESTS_CA_BUNDLE": "/b.pem"},
        {"REQUESTS_CA_BUNDLE": "/b.pem"},
    ],
)
def test_the_way_is_the_one_that_the_sdk_goes(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], scheme: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    dsn = f"{scheme}://key@sentry.example.com:9000/1"
    with closing(sentry_sdk.Client(dsn, default_integrations=False)) as client:
        pool = client.transport._pool  # type: ignore[union-attr]
        theirs = getattr(pool, "proxy", None)
        trusted = pool.connection_pool_kw["ca_certs"]
    ours = sentry_route.read(Dsn(dsn))
    assert (ours.ca_bundle or trusted) == trusted
    assert bool(ours.ca_bundle) == bool({"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"} & environ.keys())
    found = ours.proxy and (ours.proxy.host, ours.proxy.port)
    assert found == (theirs and (theirs.host, theirs.port))
