"""Which queue a command talks to: the environment's, else that of a `leads up` that runs here."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from lead_ops import context
from lead_ops.context import Context, ContextError
from lead_worker.errors import SettingsError
from lead_worker.settings import Secret, Settings

UP = {"LEADS_REDIS_URL": "unix:///up.sock", "LEADS_NAMESPACE": "sandbox", "LEADS_API_TOKEN": "t"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The `.leads` of a checkout."""
    folder = tmp_path / ".leads"
    folder.mkdir()
    return folder


def test_a_running_up_is_found_from_any_folder_below(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = context.write_running(folder, UP, sandbox=True)
    below = tmp_path / "ops" / "samples"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    found = context.load({})
    assert found.settings.redis_url == "unix:///up.sock"
    assert found.settings.namespace == "sandbox"
    assert found.running
    assert (found.running.path, found.running.sandbox) == (path, True)


def test_the_file_is_for_this_user_only_and_holds_no_token(folder: Path) -> None:
    for _ in range(2):
        path = context.write_running(folder, UP, sandbox=True)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "LEADS_API_TOKEN" not in path.read_text()
    assert [each.name for each in folder.iterdir()] == ["env.json"]


def test_the_environment_wins(folder: Path, tmp_path: Path) -> None:
    context.write_running(folder, UP, sandbox=True)
    other = context.load({"LEADS_REDIS_URL": "redis://other"}, [tmp_path])
    assert (other.settings.redis_url, other.settings.namespace) == ("redis://other", "leads")
    assert other.running is None
    named = context.load({"LEADS_NAMESPACE": "mine", "LEADS_REDIS_URL": " "}, [tmp_path])
    assert (named.settings.redis_url, named.settings.namespace) == ("unix:///up.sock", "mine")


def test_a_running_up_is_found_in_the_checkout_that_the_program_is_of(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = context.write_running(folder, UP, sandbox=True)
    monkeypatch.setattr(context, "checkout", lambda: tmp_path)
    monkeypatch.chdir("/")
    found = context.load({})
    assert found.running
    assert found.running.path == path


def test_of_the_same_redis_the_namespace_is_taken(folder: Path, tmp_path: Path) -> None:
    context.write_running(folder, UP, sandbox=True)
    same = {"LEADS_REDIS_URL": UP["LEADS_REDIS_URL"]}
    found = context.load(same, [tmp_path])
    assert (found.settings.namespace, bool(found.running)) == ("sandbox", True)
    assert (
        context.load({**same, "LEADS_NAMESPACE": "mine"}, [tmp_path]).settings.namespace == "mine"
    )


def test_a_file_that_is_none_of_ours_does_not_matter_where_the_environment_is_enough(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "env.json").write_text("[]")
    assert context.load({"LEADS_REDIS_URL": "redis://box"}, [tmp_path]).running is None


def test_where_an_up_was_used_and_does_not_run_no_other_redis_is_guessed(
    folder: Path, tmp_path: Path
) -> None:
    (folder / context.LOCK).touch()
    with pytest.raises(ContextError) as caught:
        context.load({}, [tmp_path / "ops", tmp_path])
    told = f"ops/up does not run here ({folder}): start it, or set LEADS_REDIS_URL"
    assert str(caught.value) == told
    assert context.load({"LEADS_REDIS_URL": "redis://box"}, [tmp_path]).running is None


def test_without_the_file_the_defaults_hold(folder: Path, tmp_path: Path) -> None:
    context.write_running(folder, UP, sandbox=True)
    context.remove_running(folder)
    context.remove_running(folder)
    assert context.load({}, [tmp_path]).running is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 70_000])
def test_a_file_that_is_none_of_ours_is_an_error_that_names_it(
    folder: Path, tmp_path: Path, content: bytes
) -> None:
    (folder / "env.json").write_bytes(content)
    with pytest.raises(ContextError, match=r"env\.json to hold a JSON object; remove it"):
        context.load({}, [tmp_path])


def test_a_file_that_others_can_write_is_not_believed(folder: Path, tmp_path: Path) -> None:
    path = context.write_running(folder, UP, sandbox=True)
    path.chmod(0o622)
    with pytest.raises(ContextError, match="writable by nobody else"):
        context.load({}, [tmp_path])


def test_a_bad_value_in_the_file_is_an_error_of_the_settings(folder: Path, tmp_path: Path) -> None:
    path = folder / "env.json"
    path.write_text(json.dumps({"LEADS_REDIS_URL": "http://x"}))
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="LEADS_REDIS_URL"):
        context.load({}, [tmp_path])


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://user:secret@box:6380/2", "box:6380"),
        ("rediss://:secret@box", "box:6379"),
        ("unix:///run/redis.sock?db=1", "/run/redis.sock"),
        ("redis://:secret@box:none", "LEADS_REDIS_URL"),
    ],
)
def test_a_redis_is_named_without_its_password(url: str, where: str) -> None:
    assert Context(Settings(redis_url=Secret(url))).where() == where


def test_an_address_that_cannot_be_read_is_an_error_without_the_address() -> None:
    with pytest.raises(ContextError) as caught:
        Context(Settings(redis_url=Secret("redis://:secret@box:none"))).open_store()
    assert "secret" not in str(caught.value)


def test_a_bad_token_keeps_nobody_from_looking_at_the_queue(tmp_path: Path) -> None:
    """While a token is being changed an operator needs the commands most."""
    gone = str(tmp_path / "gone")
    for bad in ({"LEADS_API_TOKEN_FILE": gone}, {"LEADS_API_TOKEN": "two words"}):
        found = context.load({"LEADS_REDIS_URL": "redis://127.0.0.1:6380/1", **bad}, [])
        assert found.settings.redis_url == "redis://127.0.0.1:6380/1"
