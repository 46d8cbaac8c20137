"""Run the benchmark and say what was measured; see `ops/bench/run` for how to use it.

It owns output, the exit code, and that Ctrl-C or SIGTERM ends everything and loses no figure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from lead_ops.trials import INTERRUPTED, hear_no_more, interrupt_once

from .api import StandInApi
from .arguments import parsed
from .contenders import contenders
from .machine import Facts, as_json, facts
from .places import BenchError, draw, peers_python
from .rounds import FULL, QUICK, SMOKE, Run
from .stage import Stage
from .tables import heading, report


def main() -> int:
    """Measure what was asked for; gives the exit code."""
    asked = parsed()
    interrupt_once()
    try:
        return _run(asked)
    except KeyboardInterrupt:
        return _interrupted()
    except (BenchError, OSError) as error:
        print(f"ops/bench/run: {error}", file=sys.stderr)
        return 1


def _run(asked: argparse.Namespace) -> int:
    began = time.monotonic()
    size = SMOKE if asked.smoke else QUICK if asked.quick else FULL
    if asked.plot:
        peers_python()  # it draws, and an hour later is late for pip to fail
    taking_part = contenders(asked.only)
    if not taking_part:
        raise BenchError(f"expected one that this machine can run, found {', '.join(asked.only)}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        api = stack.enter_context(StandInApi())
        ceiling = api.ceiling(min(1.0, size.seconds))
        stage = stack.enter_context(Stage(folder / "few", api).running())
        run = Run(stage, size, taking_part)
        about = facts(stage, ceiling, taking_part)
        whole = _measure(run, asked.parts, folder)
    about["took_minutes"] = round((time.monotonic() - began) / 60, 1)
    if not whole:
        about["interrupted"] = "yes; these are the figures until then"
    told = _tell(asked, about, run)
    if not whole:
        return _interrupted()
    return 0 if told and not run.failures else 1


def _measure(run: Run, parts: Sequence[str], folder: Path) -> bool:
    """Whether it came to its end. From here on no signal is heard, or it would cost the figures."""
    try:
        run.rounds(parts)
        if "backlog" in parts:
            run.backlog(folder)
    except KeyboardInterrupt:
        return False
    finally:
        hear_no_more()
    return True


def _tell(asked: argparse.Namespace, about: Facts, run: Run) -> bool:
    """Print, write and draw what was found; whether all of that was done."""
    print("\n".join([*heading(about), ""]))
    print("\n".join([*report(run.figures, run.size), *(f"FAILED  {x}" for x in run.failures)]))
    if asked.smoke:
        print("a smoke run: it shows that all of this works, and the figures mean nothing")
    sys.stdout.flush()
    text = as_json(about, run)
    try:
        if asked.json:
            asked.json.write_text(text, encoding="utf-8")
        if asked.plot:
            draw(text, asked.plot)
    except (BenchError, OSError) as error:
        print(f"ops/bench/run: {error}", file=sys.stderr)
        return False
    return True


def _interrupted() -> int:
    print("interrupted; everything that was started has ended", file=sys.stderr)
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
