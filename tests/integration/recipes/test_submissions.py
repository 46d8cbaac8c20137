"""Flask and FastAPI: how a lead is read of what is posted, and what is refused, alike in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer
from lead_producers.keys import Keys
from redis import Redis

from tests.integration.fleet import ONE_REDIS
from tests.integration.producer_sight import LEAD, accepted, raws, waiting
from tests.integration.recipes.recipe_process import Answer, RecipeProcess
from tests.integration.recipes.test_small_recipes import FORM, SERVERS

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=cut"
pytestmark = ONE_REDIS


@pytest.fixture(scope="module")
def namespace() -> str:
    """One for all tests here, as they share a server; each starts with an empty Redis."""
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture(scope="module", params=SERVERS)
def app(
    request: pytest.FixtureRequest, shared_redis: EmbeddedRedis, namespace: str
) -> Iterator[RecipeProcess]:
    environ = {"LEADS_REDIS_URL": shared_redis.url, "LEADS_NAMESPACE": namespace}
    process = RecipeProcess(request.param, *SERVERS[request.param], **environ)
    yield process
    process.kill()
    assert "Traceback" not in process.output
    assert "Ana" not in process.output


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--cut--\r\n"


def post(app: RecipeProcess, body: str | bytes, content_type: str) -> Answer:
    return app.call("POST", "/leads", body, content_type)


def refusal(answer: Answer) -> tuple[int, Any]:
    """The status and the text of a refusal, which is an object with an `error` and nothing else."""
    assert isinstance(answer.body, dict), answer.body
    assert list(answer.body) == ["error"]
    return answer.status, answer.body["error"]


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
        {"name": "Ana", "email": "ana@exemplo.example", "utm": {"source": "google"}},
    ]


def test_json_is_the_lead_as_it_stands_under_each_content_type_of_json(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    for content_type in ("application/json; charset=utf-8", "application/vnd.shop.lead+json"):
        assert post(app, '{"name": "Ana", "utm_source": "x"}', content_type).status == 202
    assert raws(redis_client, keys) == [{"name": "Ana", "utm_source": "x"}] * 2


def test_a_form_of_either_kind_is_mapped_and_keeps_each_of_several_values(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    fields = {
        "nome": "Ana",
        "telefone": "11987654321",
        "interesses": ["blog", "loja"],
        "utm_source": ["google", "bing"],
    }
    assert app.post("/leads", fields).status == 202
    parts = [
        part("nome", b"Ana"),
        part("telefone", b"11987654321"),
        part("interesses", b"blog"),
        part("interesses", b"loja"),
        part("utm_source", b"google"),
        part("utm_source", b"bing"),
        part("anexo", b"%PDF", '; filename="cv.pdf"'),
    ]
    assert post(app, multipart(*parts), MULTIPART).status == 202
    custom = {"interesses": ["blog", "loja"], "utm_source": ["google", "bing"]}
    lead = {
        "name": "Ana",
        "phone": "11987654321",
        "utm": {"source": "google"},
        "custom": custom,
    }
    assert raws(redis_client, keys) == [lead, lead]


def test_a_form_of_a_page_in_latin_1_keeps_its_accents(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    for name in ("nome=Jo%C3%A3o", "nome=Jo%E3o", "nome=João"):
        assert post(app, name.encode("latin-1"), URLENCODED).status == 202
    for encoded in ("João".encode(), "João".encode("latin-1")):
        assert post(app, multipart(part("nome", encoded)), MULTIPART).status == 202
    assert raws(redis_client, keys) == [{"name": "João"}] * 5


def test_no_visitor_can_take_the_key_of_a_webhook_or_of_somebody_else(
    app: RecipeProcess, redis_client: Redis, redis_url: str, keys: Keys
) -> None:
    submission_id = str(uuid4())
    assert app.post("/leads", {"name": "Ana", "submission_id": submission_id}).status == 202
    guessed = {"name": "Ana", "page_url": "https://loja.example/", "form_id": "7", "entry_id": "13"}
    for _ in range(2):
        assert app.post("/leads", guessed).status == 202
    with closing(LeadProducer.from_url(redis_url, keys.namespace)) as producer:
        for key in (submission_id, "form:loja.example:7:13"):
            assert not producer.enqueue(LEAD, key=key).duplicate
        assert producer.enqueue(LEAD, key=f"website:{submission_id}").duplicate
    assert accepted(redis_client, keys) == 5


def test_a_submission_id_that_is_no_uuid_is_refused_by_its_name(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    good = f'"{uuid4()}"'
    expected = (422, "submission_id: expected a UUID, found something else")
    for wrong in ("0", "7", "true", "false", "{}", "[]", f"[{good}]", '"13"', f'"{"1" * 99_999}"'):
        raw = f'{{"name": "Ana", "submission_id": {wrong}}}'
        assert refusal(app.post("/leads", raw=raw)) == expected
    for several in (["13"], [str(uuid4()), str(uuid4())]):
        form = {"name": "Ana", "submission_id": several}
        assert refusal(app.post("/leads", form)) == expected
    assert accepted(redis_client, keys) == 0
    for none in ("null", '""'):
        raw = f'{{"name": "Ana", "submission_id": {none}}}'
        assert app.post("/leads", raw=raw).status == 202
    assert app.post("/leads", {"name": "Ana", "submission_id": ""}).status == 202
    assert accepted(redis_client, keys) == 3


def test_what_is_no_lead_is_refused_in_words_without_a_value(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    nan = app.post("/leads", raw='{"name": "Ana", "custom": {"score": NaN}}')
    assert refusal(nan) == (422, "custom.score: expected a JSON value, found NaN or an infinity")
    for raw in ('{"name": "Ana", "name": "Bia"}', '{"custom": {"name": 1, "a": {}, "name": 2}}'):
        expected = "expected each name once in an object, found 'name' again"
        assert refusal(app.post("/leads", raw=raw)) == (422, expected)
    for raw in ("[]", "5", "{}", f'{{"submission_id": "{uuid4()}"}}', '{"name": "", "utm": {}}'):
        assert refusal(app.post("/leads", raw=raw))[0] == 422
    blank = multipart(part("nome", b" "))
    for body, kind in (("", URLENCODED), ("nome=&email=", URLENCODED), (blank, MULTIPART)):
        assert refusal(post(app, body, kind))[0] == 422
    assert accepted(redis_client, keys) == 0


def test_what_is_no_request_for_a_lead_is_refused_as_json_too(
    app: RecipeProcess, redis_client: Redis, keys: Keys
) -> None:
    said = "expected JSON or a form of at most 1000 fields, as the Content-Type says"
    for raw in ("", '{"name": "Ana', "[" * 100_000, '{"n": ' + "1" * 5000 + "}"):
        assert refusal(app.post("/leads", raw=raw)) == (400, said)
    many = [f"campo_{number}" for number in range(1001)]
    assert refusal(app.post("/leads", dict.fromkeys(many, "1"))) == (400, said)
    cut_off = part("nome", b"Ana") + part("email", b"ana@exemplo.example")
    for body in (b"", b"Ana", cut_off, multipart(*(part(name, b"1") for name in many))):
        assert refusal(post(app, body, MULTIPART)) == (400, said)
    assert refusal(post(app, multipart(cut_off), "multipart/form-data")) == (400, said)

    too_long = "expected at most 524288 bytes, found more"
    for content_type in ("application/json", URLENCODED, MULTIPART):
        assert refusal(post(app, "a" * 600_000, content_type)) == (413, too_long)
    for content_type in ("", "text/plain", "application/xml"):
        status, text = refusal(post(app, "Ana", content_type))
        assert (status, text.startswith("expected application/json, ")) == (415, True)
    assert refusal(app.call("GET", "/leads")) == (405, "Method Not Allowed")
    assert refusal(app.call("GET", "/nowhere")) == (404, "Not Found")
    assert accepted(redis_client, keys) == 0
