"""The supervisor with real processes, and the signals and folder of `leads up`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from lead_ops.up import folder as up_folder
from lead_ops.up import supervisor
from lead_ops.up.folder import FolderBusyError, UpFolder
from lead_ops.up.stop_signals import Stopped, StopSignals
from lead_ops.up.supervisor import GiveUpError, Process, Supervisor, stop_processes

from tests.integration.fleet import wait_until

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"
REFUSES = "import sys; print('chatter'); sys.exit('leads: A: wrong\\nleads: B: wrong')"


class Made:
    """Processes of a test, and what its supervisor told."""

    def __init__(self, folder: Path) -> None:
        self.told: list[str] = []
        self.supervisor = Supervisor(self.told.append)
        self._folder = folder
        self._processes: list[Process] = []

    def __call__(self, name: str, code: str) -> Process:
        process = Process(name, ("-c", code), os.environ, self._folder / f"{name}.log")
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.send(signal.SIGKILL)
            wait_until(partial(is_over, process))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path)
    yield made
    made.close()


def is_over(process: Process) -> bool:
    return not process.alive


def says(process: Process, word: str) -> bool:
    return word in process.log.last_words()


def test_what_is_killed_is_started_again_with_another_pid(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    child = made("child", FOREVER)
    made.supervisor.add(child)
    made.supervisor.look()
    assert made.told == []
    first = child.pid
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: bool(child.ended()))
    made.supervisor.look()
    assert made.told == [f"child was ended by SIGKILL; starting it again (see {child.log.path})"]
    made.supervisor.look()
    assert child.alive
    assert child.pid != first


def test_a_refusal_ends_it_with_each_line_of_the_reason(made: Made) -> None:
    child = made("child", REFUSES)
    made.supervisor.add(child)
    wait_until(lambda: bool(child.ended()))
    with pytest.raises(GiveUpError) as caught:
        made.supervisor.look()
    assert str(caught.value).splitlines() == [
        f"child ended with 1 at its start, see {child.log.path}",
        "A: wrong",
        "B: wrong",
    ]


def test_what_ends_at_its_start_is_told_with_its_last_words(made: Made) -> None:
    child = made("child", "raise SystemExit('no disk')")
    made.supervisor.add(child)
    wait_until(lambda: bool(child.ended()))
    made.supervisor.look()
    assert made.told == [
        f"child ended with 1; starting it again in 1 s (see {child.log.path})\n  no disk"
    ]


def test_a_child_is_beyond_the_reach_of_the_terminals_keys(made: Made) -> None:
    child = made("child", FOREVER)
    child.start()
    assert os.getsid(child.pid) == child.pid


def test_processes_are_asked_to_end_and_the_stubborn_one_is_killed(made: Made) -> None:
    meek, stubborn = made("meek", FOREVER), made("stubborn", STUBBORN)
    for process in (meek, stubborn):
        process.start()
        wait_until(partial(says, process, "up"))
    with StopSignals() as signals:
        killed = stop_processes([meek, stubborn], 0.5, signals.wait, lambda: False)
    assert killed == ["stubborn"]
    assert meek.ended() == "was ended by SIGTERM"
    assert stubborn.ended() == "was ended by SIGKILL"


def test_haste_leaves_no_time(made: Made) -> None:
    stubborn = made("stubborn", STUBBORN)
    stubborn.start()
    wait_until(lambda: says(stubborn, "up"))
    with StopSignals() as signals:
        assert stop_processes([stubborn], 600, signals.wait, lambda: True) == ["stubborn"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_that_ends_programs_asks_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with StopSignals() as signals:
        signals.check()
        signal.raise_signal(number)
        signals.wait(600)
        with pytest.raises(Stopped):
            signals.check()
        signal.raise_signal(number)
        assert not signals.hasty, "both came together: one wish"
    assert signal.getsignal(number) is before


def test_the_end_of_a_child_ends_a_wait() -> None:
    with StopSignals() as signals, subprocess.Popen([sys.executable, "-c", ""]) as child:
        signals.wait(600)
        assert child.wait() == 0
        assert not signals.asked


@pytest.fixture
def folder(tmp_path: Path) -> UpFolder:
    return UpFolder(tmp_path / ".leads")


def test_a_folder_has_one_user_at_a_time(folder: UpFolder) -> None:
    busy = pytest.raises(FolderBusyError, match=f"pid {os.getpid()}")
    with folder.taken(), busy, folder.taken():
        pass
    with folder.taken():
        pass


def test_the_sandbox_keeps_its_port_as_long_as_it_can(
    folder: UpFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up_folder, "FREE_WITHIN_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as usual, folder.taken():
        monkeypatch.setattr(up_folder, "USUAL_PORT", usual.getsockname()[1])
        assert folder.sandbox_port() == 0, "any: the usual one is taken"
        with socket.create_server(("127.0.0.1", 0)) as kept:
            folder.remember_sandbox_port(kept.getsockname()[1])
            assert folder.sandbox_port() == 0
        assert folder.sandbox_port() == kept_port(folder)


def kept_port(folder: UpFolder) -> int:
    return int((folder.path / "sandbox.port").read_text())
