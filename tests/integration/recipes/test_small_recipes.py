"""Flask and FastAPI without Redis: what both promise whoever posts a lead."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from lead_producers.keys import Keys
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import waiting
from tests.integration.recipes.conftest import StartRecipe

SERVERS = {
    "flask": ("-m", "flask", "run", "--port", "0"),
    "fastapi": ("-m", "uvicorn", "app:app", "--port", "0"),
}
FORM = {
    "name": "Ana",
    "email": "ana@exemplo.example",
    "utm_source": "google",
    "submission_id": "5f2b8f0e-6a0e-4f5c-9d0e-3a1c7e1b2d44",
}
pytestmark = pytest.mark.parametrize("recipe", SERVERS)


def refused_url() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_without_redis_the_caller_is_asked_to_come_again(
    recipe: str, start_recipe: StartRecipe
) -> None:
    url = refused_url()
    app = start_recipe(recipe, *SERVERS[recipe], LEADS_REDIS_URL=url)
    posted = app.post("/leads", FORM)
    assert (posted.status, posted.headers["retry-after"]) == (503, "5")
    assert "127.0.0.1" not in str(posted.body)
    app.await_text(r"no receipt for a lead: (Redis at 127\.0\.0\.1)")
    assert "Ana" not in app.output


@ONE_REDIS
def test_with_a_spool_a_lead_is_taken_without_redis_and_sent_on_when_it_is_back(
    recipe: str, own_redis: StartRedis, start_recipe: StartRecipe, keys: Keys, tmp_path: Path
) -> None:
    redis = own_redis()
    spool = str(tmp_path / "leads.spool")
    app = start_recipe(recipe, *SERVERS[recipe], LEADS_REDIS_URL=redis.url, LEADS_SPOOL=spool)
    redis.kill()
    posted = app.post("/leads", FORM)
    assert posted.status == 202
    assert re.fullmatch(r"[0-9a-f]{32}", posted.body["lead_id"])
    redis.start()
    with Redis.from_url(redis.url) as client:
        wait_until(lambda: waiting(client, keys) == [posted.body["lead_id"]])
