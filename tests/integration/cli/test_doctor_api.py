"""`leads doctor` and the API: its name, its certificate, its answer, the token."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

import pytest
from lead_ops.sandbox import Faults, Kind, SandboxServer

from tests.integration.bad_server import CERTIFICATE, Serve
from tests.integration.behaviours import answering, http, silent
from tests.integration.fleet import ONE_REDIS
from tests.integration.test_producer_tls import tls_before

from .conftest import Examine, level

LISTED = http(200, b'{"data": [{"name": "Ana Souza"}], "meta": {}}')
TOKEN = "a-token-of-this-test"


@ONE_REDIS
def test_a_token_that_is_refused_is_bad_and_not_shown(examine: Examine) -> None:
    checks = examine(LEADS_API_TOKEN=TOKEN)
    assert checks["api token"]["found"] == "refused with 401"


@ONE_REDIS
def test_without_a_token_nothing_is_asked(
    examine: Examine, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADS_API_TOKEN")
    assert level(examine(), "api token") == "warning"
    assert sandbox.journal == []


@ONE_REDIS
def test_an_address_where_a_page_answers_is_bad(examine: Examine, sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(kind=Kind.HTML, status=200))
    assert "not the API" in examine()["api answer"]["found"]
    sandbox.set_faults(Faults(status=404, kind=Kind.HTML))
    assert "LEADS_API_URL" in examine()["api answer"]["advice"]


@ONE_REDIS
def test_an_api_that_is_silent_is_given_up_on(examine: Examine, serve: Serve) -> None:
    timing = {"LEADS_DEADLINE_SECONDS": "0.3", "LEADS_CONNECT_TIMEOUT_SECONDS": "0.2"}
    checks = examine(LEADS_API_URL=serve(silent).url, **timing)
    assert (level(checks, "api answer"), level(checks, "api token")) == ("bad", "skipped")
    assert "no answer within 0.3 s" in checks["api answer"]["found"]
    assert level(checks, "spool spool") == "skipped"


@ONE_REDIS
def test_an_api_that_takes_a_part_of_the_deadline_is_slow(
    examine: Examine, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=1.5))
    timing = {"LEADS_DEADLINE_SECONDS": "6", "LEADS_CONNECT_TIMEOUT_SECONDS": "3"}
    checks = examine(**timing)
    assert (level(checks, "api answer"), level(checks, "api token")) == ("warning", "good")
    assert "give up at 6 s" in checks["api answer"]["found"]


@ONE_REDIS
def test_where_nobody_listens_it_is_no_fault_of_the_token(examine: Examine) -> None:
    checks = examine(LEADS_API_URL="http://127.0.0.1:1/rest")
    assert (level(checks, "api connection"), level(checks, "api token")) == ("bad", "skipped")
    assert "nobody listens at 127.0.0.1:1" in checks["api connection"]["found"]
    advice = "is LEADS_API_URL right? is the API away?"
    assert checks["api connection"]["advice"] == advice


@ONE_REDIS
def test_a_certificate_that_nobody_vouches_for_is_bad_and_the_token_stays_here(
    examine: Examine, serve: Serve
) -> None:
    server = serve(answering(LISTED), scheme="https")
    checks = examine(LEADS_API_URL=server.url)
    assert "self-signed" in checks["api tls"]["found"].replace("self signed", "self-signed")
    assert level(checks, "api token") == "skipped"
    assert server.asked == []
    trusted = examine(LEADS_API_CA_BUNDLE=str(CERTIFICATE))
    assert (level(trusted, "api tls"), level(trusted, "api token")) == ("good", "good")
    assert "days" in trusted["api tls"]["found"]
    assert "Ana" not in json.dumps(trusted)


@ONE_REDIS
def test_a_certificate_of_another_name_is_no_matter_of_the_ca(
    examine: Examine, redis_url: str
) -> None:
    with tls_before(unquote(urlsplit(redis_url).path), host="127.0.0.2") as port:
        url = f"https://127.0.0.2:{port}/rest"
        checks = examine(LEADS_API_URL=url, LEADS_API_CA_BUNDLE=str(CERTIFICATE))
    assert "of another name" in checks["api tls"]["found"]
    assert "no CA mends a name" in checks["api tls"]["advice"]


@ONE_REDIS
def test_a_name_that_nobody_knows_is_bad(examine: Examine) -> None:
    checks = examine(LEADS_API_URL="https://no-such-host.invalid/rest")
    assert level(checks, "api name") == "bad"
