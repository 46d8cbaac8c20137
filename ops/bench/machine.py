"""The date and the machine that figures are of, and the figures for programs."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from .bars import bars, ratios
from .contenders import BULLMQ as BULLMQ_NAME
from .contenders import IN_FLIGHT, IN_FLIGHT_WITH_LATENCY, NAMES, OURS, Contender
from .places import BULLMQ, REQUIREMENTS
from .rounds import Run
from .stage import REDIS_OPTIONS, Stage

CEILING = 30_000
"""Requests a second that the stand-in must answer."""

_USERS = {
    "celery": {OURS, *(name for name in NAMES if name.startswith("celery"))},
    "requests": {*NAMES} - {BULLMQ_NAME},
    "dramatiq": {"dramatiq"},
    "rq": {"rq"},
    "bullmq": {BULLMQ_NAME},
    "ioredis": {BULLMQ_NAME},
}
"""Which contenders a package is of."""

Facts = dict[str, str | float]


def facts(stage: Stage, ceiling: float, taking_part: Sequence[Contender]) -> Facts:
    """What whoever reads the figures must know besides them."""
    redis = stage.client.info("server")
    fsync = REDIS_OPTIONS["appendfsync"]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{len(os.sched_getaffinity(0))} cores, {_processor()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "versions": _versions({each.name for each in taking_part}),
        "redis": f"{redis['redis_version']}, append-only file, appendfsync {fsync}",
        "stand-in API": f"{ceiling:,.0f} requests a second{_too_slow(ceiling)}",
        "in flight": f"{IN_FLIGHT} a process at 0 ms, else {IN_FLIGHT_WITH_LATENCY} (RQ 16)",
        "contenders": ", ".join(each.name for each in taking_part),
    }


def as_json(about: Facts, run: Run) -> str:
    """Facts, size, each value of each round, bars, ratios that are none, and failures."""
    judged = bars(run.figures) if run.size.judged else []
    return (
        json.dumps(
            {
                "about": about,
                "size": asdict(run.size),
                "figures": run.figures.values,
                "bars": [{**asdict(bar), "reached": bar.reached} for bar in judged],
                "ratios": ratios(run.figures) if run.size.judged else {},
                "failures": run.failures,
            },
            indent=2,
        )
        + "\n"
    )


def _too_slow(ceiling: float) -> str:
    return "" if ceiling >= CEILING else f" (expected {CEILING:,}: it may be what is measured)"


def _versions(names: set[str]) -> str:
    """Of what takes part, as it is pinned, and of the node that is there."""
    pins = dict(re.findall(r"^([a-z-]+)==([^ ]+)", REQUIREMENTS.read_text("utf-8"), re.MULTILINE))
    pins |= json.loads((BULLMQ / "package.json").read_text("utf-8"))["dependencies"]
    told = [package for package, users in _USERS.items() if not users.isdisjoint(names)]
    words = [f"{package} {pins[package]}" for package in told]
    if BULLMQ_NAME in names:
        words.append(f"node {_node()}")
    return ", ".join(words)


def _node() -> str:
    run = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return run.stdout.strip().removeprefix("v") or "of no version"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
