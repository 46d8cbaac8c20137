"""Flask and FastAPI: what both promise whoever posts a lead."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from lead_producers.keys import Keys
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import accepted, raws, waiting
from tests.integration.recipes.conftest import StartRecipe
from tests.integration.recipes.recipe_process import RecipeProcess

SERVERS = {
    "flask": ("-m", "flask", "run", "--port", "0"),
    "fastapi": ("-m", "uvicorn", "app:app", "--port", "0"),
}
FORM = {
    "name": "Ana",
    "email": "ana@exemplo.example",
    "utm_source": "google",
    "submission_id": "form-7-1",
}
pytestmark = pytest.mark.parametrize("recipe", SERVERS)


@pytest.fixture
def app(recipe: str, redis_url: str, start_recipe: StartRecipe) -> RecipeProcess:
    return start_recipe(recipe, *SERVERS[recipe], LEADS_REDIS_URL=redis_url)


def refused_url() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@ONE_REDIS
def test_a_lead_that_is_posted_waits_in_the_queue(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    posted = app.post("/leads", raw='{"name": "Ana", "custom": {"n": 1}}')
    assert posted.status == 202
    assert waiting(redis_client, keys) == [posted.body["lead_id"]]
    assert redis_client.hget(keys.lead(posted.body["lead_id"]), "source") == b"website"

    first, again = app.post("/leads", FORM), app.post("/leads", FORM)
    assert (first.status, again.status) == (202, 202)
    assert first.body == again.body
    assert raws(redis_client, keys) == [
        {"name": "Ana", "custom": {"n": 1}},
        {"name": "Ana", "email": "ana@exemplo.example", "utm": {"utm_source": "google"}},
    ]


@ONE_REDIS
def test_what_is_no_lead_is_refused_in_words_without_a_value(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    nan = app.post("/leads", raw='{"name": "Ana", "custom": {"score": NaN}}')
    expected = "custom.score: expected a JSON value, found NaN or an infinity"
    assert (nan.status, nan.body) == (422, {"error": expected})
    for raw in ("[]", "5", "{}", '{"submission_id": "form-7-1"}'):
        assert app.post("/leads", raw=raw).status == 422
    assert app.post("/leads", raw='{"name": "Ana", "submission_id": 7}').status == 422
    for raw in ('{"name": "Ana', "[" * 100_000):
        assert app.post("/leads", raw=raw).status == 400
    assert app.post("/leads", raw='{"name": "' + "a" * 600_000 + '"}').status == 413
    assert accepted(redis_client, keys) == 0
    assert "Ana" not in app.output


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
