"""What `leads up` says of itself."""

from __future__ import annotations

from pathlib import Path

from lead_ops.up.folder import UpFolder
from lead_ops.up.header import command, header
from lead_ops.up.plan import make_plan

HERE = Path("/work")
FOLDER = UpFolder(HERE / ".leads")
URL = "http://127.0.0.1:8089/rest"


def rows(environ: dict[str, str], api_url: str = URL) -> dict[str, str]:
    title, found = header(
        make_plan(environ, [0, 1]), FOLDER, api_url, HERE, "/work/.venv/bin/leads"
    )
    return {"title": title, **dict(found)}


def test_the_sandbox_cannot_be_taken_for_the_real_api() -> None:
    found = rows({})
    assert "sandbox" in found["title"]
    assert found["API"] == f"{URL} (the sandbox)"
    assert found["queue"] == "namespace 'sandbox'"


def test_the_real_api_is_named() -> None:
    found = rows({"LEADS_API_TOKEN": "t"}, "https://api.example.com/rest")
    assert "real API" in found["title"]
    assert found["API"] == "https://api.example.com/rest"
    assert "trouble" not in found


def test_a_redis_is_named_without_its_password() -> None:
    found = rows({"LEADS_REDIS_URL": "redis://user:hidden@queue:6380/0"})
    assert found["Redis"] == "queue:6380 (LEADS_REDIS_URL)"


def test_commands_are_shown_as_they_can_be_typed_here() -> None:
    assert rows({})["enqueue"] == ".venv/bin/leads enqueue FILE"
    assert command("/work/.venv/bin/leads", Path("/elsewhere")) == "/work/.venv/bin/leads"
    assert command("/work/ops/lead_ops/main.py", HERE) == "leads"


def test_the_sandboxs_port_is_named_where_it_is_not_the_usual_one() -> None:
    assert "--port" not in rows({})["trouble"]
    assert "sandbox --port 4711 fault" in rows({}, "http://127.0.0.1:4711/rest")["trouble"]


def test_each_line_fits_into_80_columns() -> None:
    found = rows({}, "http://127.0.0.1:41465/rest")
    assert len(found.pop("title")) <= 80
    for name, value in found.items():
        assert len(f"  {name:<9} {value}") <= 80
