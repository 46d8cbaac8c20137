"""`leads dead edit ID` without steps: a person's editor, and what becomes of what it leaves."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from lead_ops.audit import run_audit
from lead_worker.store import Store
from lead_worker.store.dead_letter import Edit
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading
from redis.exceptions import ConnectionError as RedisConnectionError

from .conftest import Leads, Queue

EMAIL = "ana.souza@example.com"
"""Of each lead that `Queue.die` makes."""

GOOD = '{"name": "Ana", "email": "ana@example.com"}'

Editor = Callable[[str], Path]


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """Make a shell script the editor; "$1" in it is the file. Gives the folder of files."""
    folder = tmp_path / "run time"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("VISUAL", raising=False)

    def use(script: str) -> Path:
        path = tmp_path / "an editor.sh"
        path.write_text(f'#!/bin/sh\nset -e\nfor last; do :; done; set -- "$last"\n{script}\n')
        path.chmod(0o700)
        monkeypatch.setenv("EDITOR", f"{shlex.quote(str(path))} --wait")
        return folder

    return use


def dead(queue: Queue, raw: bytes) -> str:
    """A dead letter of these bytes."""
    lead_id = queue.die()
    queue.store.client.set(queue.store.keys.raw(lead_id), raw)
    return lead_id


class Person(io.StringIO):
    """A terminal at which a person has typed answers."""

    def isatty(self) -> bool:
        return True


def raw(queue: Queue, lead_id: str) -> Any:
    sight = Reading(queue.store).sight(lead_id)
    assert sight
    return json.loads(sight.raw or b"")


def test_an_editor_gets_a_private_file_that_is_gone_afterwards(
    leads: Leads, queue: Queue, editor: Editor, tmp_path: Path
) -> None:
    lead_id = queue.die()
    seen = tmp_path / "seen"
    folder = editor(
        f'stat -c "%a %n" "$(dirname "$1")" "$1" > "{seen}"; cat "$1" >> "{seen}"; touch "$1~"\n'
        'sed "s/Ana Souza/Eva/" "$1" > "$1.new"; mv "$1.new" "$1"; echo done'
    )
    ran = leads("dead", "edit", lead_id, "--json")
    assert (ran.code, ran.err) == (0, "done\n")
    assert json.loads(ran.out)["changes"][0]["after"] == "Eva"
    assert raw(queue, lead_id) == {"name": "Eva", "email": EMAIL}
    modes, text = seen.read_text().splitlines()[:2], seen.read_text().splitlines()[2:]
    assert modes[0].startswith(f"700 {folder}/")
    assert modes[1].startswith(f"600 {folder}/")
    assert modes[1].endswith(".json")
    assert text == ["{", '  "name": "Ana Souza",', f'  "email": "{EMAIL}"', "}"]
    assert list(folder.iterdir()) == []


def test_a_folder_that_others_can_write_to_is_not_used(
    leads: Leads, queue: Queue, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id, seen, usual = queue.die(), tmp_path / "seen", tmp_path / "usual"
    usual.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(usual))
    editor(f'echo "$1" > "{seen}"').chmod(0o777)
    assert leads("dead", "edit", lead_id).code == 0
    assert seen.read_text().startswith(f"{usual}/leads-edit-")
    assert list(usual.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("true", (0, "the editor came back at once")),
        ("exit 3", (1, "leads: the editor ended with 3: nothing was changed")),
        ("kill -9 $$", (1, "leads: the editor was ended by SIGKILL: nothing was changed")),
        ("kill -2 $$", (130, "leads: interrupted")),
        ('rm "$1"', (1, "leads: the editor left no file: nothing was changed")),
        ('echo "{" > "$1"', (1, "leads: the lead: expected JSON")),
        ('echo \'{"email": "x"}\' > "$1"', (1, "leads: email: expected ")),
        ('printf "\\351" > "$1"', (1, "leads: the lead: expected UTF-8")),
    ],
)
def test_an_editor_that_leaves_nothing_good_changes_nothing(
    leads: Leads, queue: Queue, editor: Editor, script: str, end: tuple[int, str]
) -> None:
    lead_id, folder = queue.die(), editor(script)
    ran = leads("dead", "edit", lead_id)
    assert ran.code == end[0]
    assert ran.err.lstrip().startswith(end[1])
    assert raw(queue, lead_id) == {"name": "Ana Souza", "email": EMAIL}
    assert list(folder.iterdir()) == []


def test_an_editor_that_cannot_be_started_is_one_line(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = queue.die()
    for command, words in (
        ("no-such-editor -x", "expected an editor, found none that starts as 'no-such-editor'"),
        ("vi '", "expected VISUAL to be a command, found a quote that does not end"),
        ("", "expected a terminal for an editor, found none"),
    ):
        monkeypatch.delenv("EDITOR", raising=False)
        monkeypatch.setenv("VISUAL", command)
        ran = leads("dead", "edit", lead_id)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
        assert words in ran.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_file_goes_when_the_command_is_ended(
    leads_process: Callable[..., Popen[bytes]],
    queue: Queue,
    editor: Editor,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    lead_id, fifo = queue.die(), tmp_path / "fifo"
    os.mkfifo(fifo)
    folder = editor(f'echo open > "{fifo}"; exec sleep 60')
    process = leads_process("dead", "edit", lead_id)
    assert fifo.read_text() == "open\n"
    assert len(list(folder.iterdir())) == 1
    process.send_signal(signal.SIGINT)  # the editor's, while it is open
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert list(folder.iterdir()) == []


BYTES = [
    b"",
    b"not JSON\x1b[31m",
    b'["Ana"]',
    b'{"name":"Jos\xe9"}',
    b'{"name":"Ana","name":"Eva"}',
    b'{"name":"Ana","n":' + b"9" * 5000 + b"}",
    b'{"name":"Ana","n":NaN}',
    json.dumps({"name": "a" * 262_100}).encode(),
    b'{"name":"Ana","deep":' + b"[" * 63 + b"]" * 63 + b"}",
    b'{"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


def test_each_kind_of_bytes_can_be_shown_edited_and_replayed(
    leads: Leads, queue: Queue, editor: Editor, tmp_path: Path
) -> None:
    editor(f'cp "$1" "{tmp_path}/seen"; echo \'{GOOD}\' > "$1"')
    ids = [dead(queue, before) for before in BYTES]
    for lead_id, before in zip(ids, BYTES, strict=True):
        shown = leads("dead", "show", lead_id)
        assert (shown.code, "\x1b" in shown.out) == (0, False)
        ran = leads("dead", "edit", lead_id)
        assert (ran.code, "\x1b" in ran.out) == (0, False), ran.err
        assert (tmp_path / "seen").read_text(encoding="utf-8") != ""
        assert raw(queue, lead_id) == json.loads(GOOD)
        assert Letters(queue.store).edits(lead_id).original == before
        assert leads("dead", "show", lead_id).code == 0
    assert leads("dead", "replay", *ids).code == 0
    assert run_audit(queue.store).ok


def test_a_mistake_can_be_mended_and_nothing_typed_is_lost(
    leads: Leads, queue: Queue, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = queue.die()
    editor(f"""grep -q typed "$1" && echo '{GOOD}' > "$1" || echo '{{"typed"' > "$1" """)
    monkeypatch.setattr(sys, "stdin", Person("y\n"))
    ran = leads("dead", "edit", lead_id)
    assert ran.code == 0
    assert ran.err.startswith("leads: the lead: expected JSON, found something else at character")
    assert raw(queue, lead_id) == json.loads(GOOD)
    editor('echo "{" > "$1"')
    monkeypatch.setattr(sys, "stdin", Person("n\n"))
    ran = leads("dead", "edit", lead_id)
    assert (ran.code, ran.err.endswith("leads: nothing was changed\n")) == (1, True)


def test_somebody_elses_edit_meanwhile_is_kept_under_ones_own(
    leads: Leads, queue: Queue, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id, store_edit = queue.die(), Store.edit
    editor('sed -i "s/Ana Souza/Eva/" "$1"')
    other = {"name": "Ana Souza", "email": EMAIL, "company": "Aurora"}

    def edit_after_another(store: Store, lead: str, edit: Edit) -> str:
        monkeypatch.setattr(Store, "edit", store_edit)
        theirs = Edit(edit.before, json.dumps(other).encode(), {"by": "x"}, {"event": "e"}, "act")
        assert store_edit(store, lead, theirs) == "ok"
        return store_edit(store, lead, edit)

    monkeypatch.setattr(Store, "edit", edit_after_another)
    monkeypatch.setattr(sys, "stdin", Person("y\n"))
    ran = leads("dead", "edit", lead_id)
    assert ran.code == 0, ran.err
    assert '  company: nothing -> "Aurora"' in ran.err
    assert raw(queue, lead_id) == other | {"name": "Eva"}
    assert len(Letters(queue.store).edits(lead_id).changes) == 2

    queue.store.client.set(queue.store.keys.raw(lead_id), json.dumps(other))
    monkeypatch.setattr(Store, "edit", lambda *_: "changed")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ran = leads("dead", "edit", lead_id)
    assert ran.code == 1
    assert ran.err.endswith("somebody else edited it meanwhile: nothing was changed; do it again\n")


def test_what_was_typed_waits_for_redis_to_come_back(
    leads: Leads, queue: Queue, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id, store_edit = queue.die(), Store.edit
    editor(f"""echo '{GOOD}' > "$1" """)

    def edit_without_an_answer(store: Store, lead: str, edit: Edit) -> str:
        monkeypatch.setattr(Store, "edit", store_edit)
        assert store_edit(store, lead, edit) == "ok"
        raise RedisConnectionError

    monkeypatch.setattr(Store, "edit", edit_without_an_answer)
    monkeypatch.setattr(sys, "stdin", Person("y\n"))
    ran = leads("dead", "edit", lead_id)
    assert (ran.code, "cannot be reached" in ran.err) == (0, True)
    assert len(Letters(queue.store).edits(lead_id).changes) == 1


def test_a_lead_that_is_only_written_badly_is_stored_as_it_was_shown(
    leads: Leads, queue: Queue, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = dead(queue, b'\xef\xbb\xbf{"name":"Ana"}')
    editor("true")
    monkeypatch.setattr(sys, "stdin", Person("y\n"))
    assert leads("dead", "edit", lead_id).code == 0
    assert raw(queue, lead_id) == {"name": "Ana"}
