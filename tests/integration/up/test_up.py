"""`leads up` with real processes: what it starts, shows, starts again and leaves behind."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from lead_ops.embedded.programs import Server

from tests.integration.fleet import wait_until
from tests.integration.up.conftest import StartUp
from tests.integration.up_process import CORES, SAMPLES, UpProcess

ARRIVED = r" (?:delivered|dead) +[0-9a-f]{32} "


def await_samples(up: UpProcess) -> None:
    up.await_text(ARRIVED, len(SAMPLES.read_text().splitlines()))


def test_it_shows_each_sample_arrive_and_a_stop_leaves_nothing_running(
    start_up: StartUp, server_program: Server
) -> None:
    up = start_up(server=server_program)
    await_samples(up)
    up.await_text(f"{len(CORES)} workers? ready")
    cores = [sorted(os.sched_getaffinity(pid)) for pid in up.children("worker-")]
    assert sorted(cores) == [[core] for core in CORES]
    assert len(up.children("beat")) == len(up.children(" sandbox ")) == 1
    assert (up.folder / "env.json").exists()
    assert up.stop() == 0
    assert re.search(r"delivered [0-9a-f]{32} sandbox_[0-9a-f]+ ", up.out)
    assert re.search(r"dead      [0-9a-f]{32} invalid: email\n", up.out)
    assert "sandbox" in up.out.splitlines()[0]
    assert up.err == ""
    assert up.children() == []
    assert not (up.folder / "env.json").exists()
    assert not (up.folder / "redis" / "redis.sock").exists()
    assert "@example.com" not in up.out


def test_data_survive_and_samples_are_enqueued_the_first_time_only(start_up: StartUp) -> None:
    first = start_up()
    await_samples(first)
    first.stop(signal.SIGTERM)
    second = start_up()
    second.await_text("ready")
    assert second.stop(signal.SIGHUP) == 0
    assert not re.search(ARRIVED, second.out)
    assert address(first) == address(second)
    third = start_up("--once", SAMPLES, "--json")
    assert third.wait() == 0
    summary = third.json()
    assert summary.pop("seconds") > 0
    assert summary == {
        "file": str(SAMPLES),
        "ok": True,
        "enqueued": 0,
        "already_there": 20,
        "refused": 0,
        "delivered": 16,
        "dead": 4,
        "dead_by_reason": {"invalid": 4},
        "parked": 0,
        "discarded": 0,
        "erased": 0,
        "forgotten": 0,
        "under_way": 0,
        "refusals": [],
    }
    assert "Leads go to" in third.err


def address(up: UpProcess) -> str:
    found = re.search(r"http://\S+", up.out)
    assert found
    return found[0]


def test_what_dies_is_started_again_and_that_is_said(start_up: StartUp) -> None:
    up = start_up()
    up.await_text("ready")
    for name, pids in {
        "worker-1": up.children("worker-1"),
        "beat": up.children("beat"),
        "sandbox": up.children(" sandbox "),
        "Redis": up.children("redis"),
    }.items():
        (pid,) = pids
        os.kill(pid, signal.SIGKILL)
        up.await_text(f"{name} (was ended by SIGKILL|has ended); starting it again")
    # Redis and the sandbox are the ones they were, or this would not arrive.
    wait_until(lambda: len(up.children()) == len(CORES) + 3)
    await_samples(up)
    assert up.stop() == 0
    assert up.children() == []


def test_a_second_start_in_the_same_place_is_refused_in_one_line(start_up: StartUp) -> None:
    first = start_up()
    first.await_text("Leads go to")
    second = start_up()
    assert second.wait() == 1
    assert second.err.count("\n") == 1
    assert f"pid {first.process.pid}" in second.err
    assert first.process.poll() is None


def test_two_places_side_by_side_do_not_disturb_each_other(
    start_up: StartUp, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    ups = [start_up("--once", SAMPLES), start_up("--once", SAMPLES, home=tmp_path / "other")]
    assert [up.wait() for up in ups] == [0, 0]
    assert address(ups[0]) != address(ups[1])
    for up in ups:
        assert "16 delivered" in up.out
        assert "4 dead (4 invalid)" in up.out
        assert up.children() == []


def test_its_own_sigkill_leaves_nothing_running_and_the_next_start_goes_on(
    start_up: StartUp,
) -> None:
    first = start_up()
    await_samples(first)
    first.process.kill()
    second = start_up("--once", SAMPLES, "--json")
    assert second.wait() == 0
    assert second.json()["already_there"] > 0
    wait_until(lambda: second.children() == [])


def test_a_stop_during_the_start_leaves_nothing_running(start_up: StartUp) -> None:
    up = start_up()
    wait_until(lambda: len(up.children()) > 0)
    assert up.stop(signal.SIGTERM) == 0
    assert up.children() == []


def test_a_second_signal_does_not_wait_for_the_workers(start_up: StartUp) -> None:
    up = start_up()
    up.await_text("ready")
    for pid in up.children("worker-"):
        os.kill(pid, signal.SIGSTOP)
    up.process.send_signal(signal.SIGINT)
    up.await_text("stopping")
    wait_until(lambda: hurried(up))
    assert up.wait() == 0
    assert up.children() == []


def hurried(up: UpProcess) -> bool:
    """Whether its stopped workers are gone; where not, it is told once more to stop."""
    if up.children("worker-"):
        up.process.send_signal(signal.SIGINT)
        return False
    return True


def test_a_reader_that_goes_away_stops_it(start_up: StartUp) -> None:
    reads, writes = os.pipe()
    up = start_up(stdout=writes)
    os.close(writes)
    assert os.read(reads, 10)
    os.close(reads)
    assert up.wait() in (0, 141)
    assert up.err == ""
    assert up.children() == []
