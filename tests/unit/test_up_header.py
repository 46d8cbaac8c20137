"""What `leads up` says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from lead_ops.up.folder import UpFolder
from lead_ops.up.header import command, header
from lead_ops.up.plan import make_plan

HERE = Path("/srv/leads")
FOLDER = UpFolder(HERE / ".leads")
URL = "http://127.0.0.1:8089/rest"


def rows(environ: dict[str, str], api_url: str = URL) -> dict[str, str]:
    told = {"LEADS_REDIS_URL": "unix:///srv/leads/.leads/redis.sock", "LEADS_API_URL": api_url}
    title, found = header(make_plan(environ, [0, 1]), FOLDER, told | environ, "/srv/leads/leads")
    return {"title": title, **dict(found)}


def test_the_sandbox_cannot_be_taken_for_the_real_api() -> None:
    found = rows({})
    assert "sandbox" in found["title"]
    assert found["API"] == f"{URL} (the sandbox)"
    assert found["namespace"] == "sandbox"


def test_the_real_api_is_named() -> None:
    found = rows({"LEADS_API_TOKEN": "t"}, "https://api.example.com/rest")
    assert "real API" in found["title"]
    assert found["API"] == "https://api.example.com/rest"
    assert "trouble" not in found


def test_a_redis_is_named_without_its_password() -> None:
    found = rows({"LEADS_REDIS_URL": "redis://user:hidden@queue:6380/0"})
    assert found["Redis"] == "queue:6380 (LEADS_REDIS_URL)"


def test_commands_and_paths_can_be_copied_into_another_terminal() -> None:
    assert rows({})["enqueue"] == "/srv/leads/leads enqueue FILE"
    assert rows({})["trouble"] == "/srv/leads/leads sandbox fault --status 503 --for 20"
    assert rows({})["data"] == "/srv/leads/.leads"
    folder = UpFolder(Path("/my work/.leads"))
    _, found = header(
        make_plan({}, [0]), folder, {"LEADS_API_URL": URL, "LEADS_REDIS_URL": "unix:///x"}, "leads"
    )
    assert dict(found)["data"] == "'/my work/.leads'"


def test_an_app_is_told_how_to_enqueue_without_a_password() -> None:
    assert rows({})["app"] == (
        'LeadProducer.from_url("unix:///srv/leads/.leads/redis.sock", namespace="sandbox")'
    )
    given = rows({"LEADS_REDIS_URL": "redis://user:hidden@queue:6380/0"})["app"]
    assert given == 'LeadProducer.from_url(os.environ["LEADS_REDIS_URL"], namespace="sandbox")'


@pytest.mark.parametrize(
    ("program", "here", "told"),
    [
        ("/srv/leads/.venv/bin/leads", "/elsewhere", "/srv/leads/.venv/bin/leads"),
        (".venv/bin/leads", "/my work", "'/my work/.venv/bin/leads'"),
        ("leads", "/srv/leads", "leads"),
        ("/srv/leads/ops/lead_ops/main.py", "/srv/leads", "leads"),
    ],
)
def test_a_command_is_called_by_its_whole_path(program: str, here: str, told: str) -> None:
    assert command(program, FOLDER, Path(here), HERE) == told


def test_data_in_another_place_are_found_from_there() -> None:
    folder = UpFolder(Path("/my data/.leads"))
    assert (
        command("/srv/leads/bin/leads", folder, HERE, HERE)
        == "cd '/my data' && /srv/leads/bin/leads"
    )
