"""What `leads up` delivers to, which Redis it uses, and what it refuses before it starts."""

from __future__ import annotations

from pathlib import Path

from lead_ops import context
from lead_ops.embedded import EmbeddedRedis
from lead_ops.sandbox import SandboxServer
from lead_worker.store import Store

from tests.integration.up.conftest import StartUp
from tests.integration.up_process import SAMPLES


def test_with_a_token_it_says_where_it_delivers_to_and_enqueues_no_samples(
    start_up: StartUp, redis: EmbeddedRedis, sandbox: SandboxServer, home: Path
) -> None:
    token = home / "token"
    token.write_text(f"{sandbox.token}\n")
    environ = {"LEADS_API_URL": sandbox.url, "LEADS_API_TOKEN_FILE": "token"}
    up = start_up(LEADS_REDIS_URL=redis.url, **environ)
    up.await_text("ready")
    assert up.stop() == 0
    assert "real API" in up.out.splitlines()[0]
    assert sandbox.url in up.out
    assert sandbox.token not in up.out
    assert Store.from_url(redis.url, "leads").counts().accepted == 0
    assert not (up.folder / "redis").exists()


def test_commands_on_the_same_redis_find_the_sandboxs_namespace(
    start_up: StartUp, redis: EmbeddedRedis, home: Path
) -> None:
    up = start_up(LEADS_REDIS_URL=redis.url)
    up.await_text("ready")
    assert context.load({"LEADS_REDIS_URL": redis.url}, [home]).settings.namespace == "sandbox"
    assert up.stop() == 0
    assert context.load({"LEADS_REDIS_URL": redis.url}, [home]).settings.namespace == "leads"


def test_a_redis_that_cannot_be_reached_is_one_line(start_up: StartUp) -> None:
    up = start_up(LEADS_REDIS_URL="redis://:hidden@127.0.0.1:1/0")
    assert up.wait() == 1
    assert up.err.count("\n") == 1
    assert "127.0.0.1:1" in up.err
    assert "hidden" not in up.err + up.out
    assert up.children() == []


def test_each_wrong_setting_has_its_line_before_anything_is_started(start_up: StartUp) -> None:
    up = start_up(LEADS_CONCURRENCY="many", LEADS_LEASE_SECONDS="0", LEADS_API_TOKN="t")
    assert up.wait() == 2
    assert up.err.count("\n") == 3
    assert not up.folder.exists()


def test_the_sandbox_takes_over_no_namespace_of_the_real_api(
    start_up: StartUp, redis: EmbeddedRedis
) -> None:
    Store.from_url(redis.url, "sandbox").open("https://api.example.com/rest")
    up = start_up(LEADS_REDIS_URL=redis.url)
    assert up.wait() == 1
    assert "set the token" in up.err


def test_a_sandbox_that_has_moved_is_the_same_sandbox(
    start_up: StartUp, redis: EmbeddedRedis
) -> None:
    Store.from_url(redis.url, "sandbox").open("http://127.0.0.1:9/rest")
    up = start_up("--once", SAMPLES, LEADS_REDIS_URL=redis.url)
    assert up.wait() == 0
    assert redis.running


def test_a_missing_file_is_said_before_anything_is_started(start_up: StartUp) -> None:
    up = start_up("--once", "nothing.jsonl")
    assert up.wait() == 2
    assert up.err.count("\n") == 1
    assert not up.folder.exists()
