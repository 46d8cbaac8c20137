"""FastAPI with a Redis that hangs: the event loop and the default pool go on.

A test shows it by order, not by a clock: a request that came later is answered before one of those
that hang.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from lead_producers.keys import Keys
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import accepted
from tests.integration.producer_trouble import stopped
from tests.integration.recipes.conftest import StartRecipe
from tests.integration.recipes.test_small_recipes import SERVERS

ENQUEUING_MOST = 20
DEFAULT_POOL = 40
pytestmark = ONE_REDIS


def test_while_redis_hangs_other_requests_are_answered_before_those_that_wait_for_it(
    own_redis: StartRedis, start_recipe: StartRecipe, keys: Keys
) -> None:
    redis = own_redis()
    app = start_recipe("fastapi", *SERVERS["fastapi"], LEADS_REDIS_URL=redis.url)
    assert app.call("GET", "/health").body == {"enqueuing": 0}
    forms = [{"name": "Ana", "submission_id": str(uuid4())} for _ in range(DEFAULT_POOL + 5)]

    with ThreadPoolExecutor(len(forms)) as pool:
        with stopped(redis):
            posts = [pool.submit(app.post, "/leads", form) for form in forms]
            wait_until(lambda: app.call("GET", "/health").body == {"enqueuing": ENQUEUING_MOST})
            assert [post for post in posts if post.done()] == []
            wait_until(lambda: any(post.done() for post in posts))
        statuses = [post.result().status for post in posts]

    # Those that were given up may be in the queue; whoever sends them again makes no second one.
    assert 503 in statuses
    assert set(statuses) <= {202, 503}
    for form, status in zip(forms, statuses, strict=True):
        if status == 503:
            assert app.post("/leads", form).status == 202
    with Redis.from_url(redis.url) as client:
        assert accepted(client, keys) == len(forms)
