"""What `leads up` decides to run."""

from __future__ import annotations

import pytest
from lead_ops.up.plan import child_environ, make_plan
from lead_worker.errors import SettingsError

REAL = {"LEADS_API_TOKEN": "t"}
CORES = [0, 1, 2, 5]
URL = "unix:///tmp/r.sock"


def told(environ: dict[str, str]) -> dict[str, str]:
    return child_environ(environ, make_plan(environ, CORES), URL, "http://127.0.0.1:1/rest", "s")


def test_without_a_token_it_is_the_sandbox_in_a_namespace_of_its_own() -> None:
    plan = make_plan({"LEADS_API_TOKEN": " "}, CORES)
    assert (plan.sandbox, plan.namespace, plan.embedded, plan.workers) == (True, "sandbox", True, 4)


def test_with_a_token_it_is_the_real_api() -> None:
    plan = make_plan(REAL, CORES)
    assert (plan.sandbox, plan.namespace) == (False, "leads")
    assert make_plan({**REAL, "LEADS_NAMESPACE": "shop"}, CORES).namespace == "shop"


def test_a_redis_that_is_named_is_used() -> None:
    assert not make_plan({"LEADS_REDIS_URL": URL}, CORES).embedded


@pytest.mark.parametrize("namespace", ["sandbox", "sandbox-2"])
def test_names_of_the_sandbox_are_for_the_sandbox_alone(namespace: str) -> None:
    assert make_plan({"LEADS_NAMESPACE": namespace}, CORES).namespace == namespace
    with pytest.raises(SettingsError, match="LEADS_NAMESPACE"):
        make_plan({**REAL, "LEADS_NAMESPACE": namespace}, CORES)


@pytest.mark.parametrize("namespace", ["leads", "sandbox2", "shop"])
def test_other_names_are_not_for_the_sandbox(namespace: str) -> None:
    with pytest.raises(SettingsError, match="LEADS_NAMESPACE"):
        make_plan({"LEADS_NAMESPACE": namespace}, CORES)


def test_an_address_without_a_token_is_a_mistake_and_not_the_sandbox() -> None:
    environ = {"LEADS_API_URL": "https://api.example.com", "LEADS_NAMESPACE": "shop"}
    with pytest.raises(SettingsError) as caught:
        make_plan(environ, CORES)
    assert len(str(caught.value).splitlines()) == 2


def test_processes_are_told_of_the_sandbox_and_of_nothing_that_leads_its_calls_astray() -> None:
    environ = {"LEADS_API_PROXY": "http://proxy:1", "LEADS_ALLOW_API_CHANGE": "no", "HOME": "/h"}
    assert told(environ) == {
        "HOME": "/h",
        "PYTHONUNBUFFERED": "1",
        "LEADS_LOG_FORMAT": "text",
        "LEADS_REDIS_URL": URL,
        "LEADS_NAMESPACE": "sandbox",
        "LEADS_API_URL": "http://127.0.0.1:1/rest",
        "LEADS_API_TOKEN": "s",
    }


def test_processes_are_told_all_that_was_set_for_the_real_api() -> None:
    environ = {**REAL, "LEADS_API_PROXY": "http://proxy:1", "LEADS_CONCURRENCY": "3"}
    found = told(environ)
    assert environ.items() <= found.items()
    assert found["LEADS_API_URL"].startswith("https://")
