"""Django: a lead if and only if the transaction committed, and each one once."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from lead_producers.keys import Keys
from lead_producers.record import key_digest
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import accepted, raws
from tests.integration.recipes.conftest import StartRecipe
from tests.integration.recipes.recipe_process import RecipeProcess
from tests.integration.recipes.test_small_recipes import refused_url

pytestmark = ONE_REDIS
ROLLED_BACK = """
import django
django.setup()
from django.db import transaction
from contact import enqueuing, outbox
from contact.models import Contact

try:
    with transaction.atomic():
        contact = Contact.objects.create(name="Ana", email="ana@exemplo.example")
        outbox.add(contact.as_lead())
        enqueuing.enqueue_on_commit(contact.as_lead(), contact.pk)
        raise RuntimeError
except RuntimeError:
    pass
"""


class Project:
    """The recipe with a database of the test's own."""

    def __init__(self, start: StartRecipe, database: Path, redis_url: str) -> None:
        self._start = start
        self._database = database
        self.redis_url = redis_url

    def run(self, *arguments: str, **environ: str) -> RecipeProcess:
        known = {
            "CONTACT_DATABASE": str(self._database),
            "DJANGO_SETTINGS_MODULE": "settings",
            "LEADS_REDIS_URL": self.redis_url,
        }
        return self._start("django", *arguments, **known | environ)

    def manage(self, *arguments: str, **environ: str) -> RecipeProcess:
        return self.run("manage.py", *arguments, **environ)

    def serve(self, **environ: str) -> RecipeProcess:
        return self.manage("runserver", "--noreload", "127.0.0.1:0", **environ)

    def relay_once(self) -> None:
        relay = self.manage("relay_leads", "--once")
        assert (relay.wait(), relay.output) == (0, "")

    def fill(self, *raws_json: str) -> None:
        """Write rows into the outbox, in order."""
        rows = [(uuid4().hex, raw, "2026-01-01", "") for raw in raws_json]
        with closing(self.connect()) as database, database:
            database.executemany(
                "INSERT INTO contact_outboxlead (key, raw_json, created_at, error)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )

    def count(self, table: str) -> int:
        return len(self.column(table, "id"))

    def column(self, table: str, name: str) -> list[str]:
        with closing(self.connect()) as database:
            found = database.execute(f"SELECT {name} FROM contact_{table} ORDER BY id")
            return [value for (value,) in found]

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._database, timeout=20)

    @contextmanager
    def nobody_may_write(self) -> Iterator[None]:
        """The rows can be read and not deleted, so a relay gets stuck after it has sent."""
        with closing(self.connect()) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.rollback()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the recipe's tables."""
    database = tmp_path_factory.mktemp("migrated") / "contact.sqlite3"
    command = ("manage.py", "migrate")
    assert RecipeProcess("django", *command, CONTACT_DATABASE=str(database)).wait() == 0
    return database


@pytest.fixture
def project(start_recipe: StartRecipe, migrated: Path, redis_url: str, tmp_path: Path) -> Project:
    database = tmp_path / "contact.sqlite3"
    shutil.copy(migrated, database)
    return Project(start_recipe, database, redis_url)


def form(name: str = "Ana") -> dict[str, str]:
    return {"name": name, "email": f"{name.lower()}@exemplo.example", "phone": "11987654321"}


def test_a_contact_is_saved_and_its_lead_enqueued_after_the_commit_or_by_the_relay(
    project: Project, redis_client: Redis, keys: Keys
) -> None:
    app = project.serve()
    contact = app.post("/contacts/after-commit", form())
    assert contact.status == 202
    assert raws(redis_client, keys) == [form()]

    assert app.post("/contacts/outbox", form("Bia")).status == 202
    [row_key] = project.column("outboxlead", "key")
    assert accepted(redis_client, keys) == 1
    project.relay_once()
    assert raws(redis_client, keys) == [form(), form("Bia")]
    assert project.count("outboxlead") == 0
    for key in (f"contact:{contact.body['contact']}", f"outbox:{UUID(row_key)}"):
        assert redis_client.exists(keys.idempotency(key_digest(key))) == 1

    assert app.post("/contacts/outbox", {"name": "Eva", "email": "?"}).status == 422
    assert (project.count("contact"), project.count("outboxlead")) == (2, 0)


def test_a_transaction_that_is_rolled_back_leaves_no_lead(
    project: Project, redis_client: Redis, keys: Keys
) -> None:
    program = project.run("-c", ROLLED_BACK)
    assert (program.wait(), program.output) == (0, "")
    project.relay_once()
    assert accepted(redis_client, keys) == 0
    assert (project.count("contact"), project.count("outboxlead")) == (0, 0)


def test_without_redis_a_contact_is_saved_and_the_missing_lead_is_logged_by_the_contacts_id(
    project: Project,
) -> None:
    app = project.serve(LEADS_REDIS_URL=refused_url())
    posted = app.post("/contacts/after-commit", form())
    assert (posted.status, project.count("contact")) == (202, 1)
    app.await_text(f"(no receipt) for the lead of contact {posted.body['contact']}: Redis at ")
    assert app.post("/contacts/outbox", form("Bia")).status == 202
    assert project.count("outboxlead") == 1
    assert "Ana" not in app.output
    assert "Traceback" not in app.output


def test_with_a_spool_the_lead_of_a_contact_is_sent_on_when_redis_is_back(
    project: Project, own_redis: StartRedis, keys: Keys, tmp_path: Path
) -> None:
    redis = own_redis()
    redis.kill()
    app = project.serve(LEADS_REDIS_URL=redis.url, LEADS_SPOOL=str(tmp_path / "leads.spool"))
    assert app.post("/contacts/after-commit", form()).status == 202
    redis.start()
    with Redis.from_url(redis.url) as client:
        wait_until(lambda: raws(client, keys) == [form()])


def test_a_relay_that_is_killed_between_sending_and_deleting_sends_nothing_twice(
    project: Project, redis_client: Redis, keys: Keys
) -> None:
    leads = [f'{{"n":{n}}}' for n in range(500)]
    project.fill(*leads)
    with project.nobody_may_write():
        killed = project.manage("relay_leads")
        wait_until(lambda: accepted(redis_client, keys) == 200)
        killed.kill()
        assert project.count("outboxlead") == 500
        relays = [project.manage("relay_leads") for _ in range(3)]  # side by side
        for relay in relays:
            relay.await_text("(Sending what comes)")
        assert accepted(redis_client, keys) == 200
    wait_until(lambda: accepted(redis_client, keys) > 200)
    relays[0].kill()
    wait_until(lambda: project.count("outboxlead") == 0)
    assert [relay.stop() for relay in relays[1:]] == [0, 0]
    assert [lead["n"] for lead in raws(redis_client, keys)] == [*range(500)]
    assert accepted(redis_client, keys) == 500


def test_a_lead_that_cannot_be_stored_keeps_its_reason_and_holds_up_nobody(
    project: Project, redis_client: Redis, keys: Keys
) -> None:
    too_long = "1" * 5000
    faulty = {
        '{"name":"\\ud800"}': "name: expected Unicode text, found a lone surrogate",
        "null": "expected a lead as a dict, found a value of type NoneType",
        "none": "raw_json: expected JSON, found another text",
        "[" * 100_000: "raw_json: expected fewer levels, found more than can be read",
        f'{{"n":{too_long}}}': "raw_json: expected shorter numbers, found one that cannot be read",
        '{"n":7,"n":8}': "raw_json: expected each name once in an object, found 'n' again",
    }
    project.fill('{"n":1}', *faulty, '{"n":2}')
    project.relay_once()
    assert [lead["n"] for lead in raws(redis_client, keys)] == [1, 2]
    assert project.column("outboxlead", "error") == [*faulty.values()]
    project.fill('{"n":3}')
    project.relay_once()
    assert project.column("outboxlead", "error") == [*faulty.values()]
    assert accepted(redis_client, keys) == 3


def test_a_relay_waits_for_redis_and_ends_cleanly_when_it_is_told(
    project: Project, own_redis: StartRedis, keys: Keys
) -> None:
    redis = own_redis()
    project.redis_url = redis.url
    relay = project.manage("relay_leads", "--pause", "0.05")
    with Redis.from_url(redis.url) as client:
        project.fill('{"n":1}')
        wait_until(lambda: accepted(client, keys) == 1)
    redis.kill()
    project.fill('{"n":2}')
    relay.await_text(r"cannot be reached: .+ \(not enqueued\); (trying again)")
    once = project.manage("relay_leads", "--once")
    assert once.wait() == 1
    assert once.output.startswith("CommandError: Redis at ")
    assert once.output.count("\n") == 1
    assert project.count("outboxlead") == 1
    assert relay.stop(signal.SIGINT) == 0
    assert "Traceback" not in relay.output

    redis.start()
    project.relay_once()
    with Redis.from_url(redis.url) as client:
        assert [lead["n"] for lead in raws(client, keys)] == [1, 2]
