"""Run the benchmark and say what was measured; see `ops/bench/run` for how to use it.

It owns arguments, output, the exit code, and that Ctrl-C or SIGTERM ends everything.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from .api import StandInApi
from .contenders import BULLMQ, NAMES, contenders
from .machine import as_json, facts
from .places import BenchError, draw
from .rounds import FULL, PARTS, QUICK, SMOKE, Run, say
from .stage import Stage
from .tables import report

INTERRUPTED = 130


def main() -> int:
    """Measure what was asked for; gives the exit code."""
    asked = _parser().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return _run(asked)
    except KeyboardInterrupt:
        print("interrupted; everything that was started has ended", file=sys.stderr)
        return INTERRUPTED
    except (BenchError, OSError) as error:
        print(f"ops/bench/run: {error}", file=sys.stderr)
        return 1


def _run(asked: argparse.Namespace) -> int:
    began = time.monotonic()
    names, parts = asked.only or NAMES, asked.parts or PARTS
    size = SMOKE if asked.smoke else QUICK if asked.quick else FULL
    taking_part = contenders(names)
    if BULLMQ in names and BULLMQ not in {each.name for each in taking_part}:
        say("bullmq is left out: there is no node, or no npm, on this machine")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        api = stack.enter_context(StandInApi())
        ceiling = api.ceiling(min(1.0, size.seconds))
        stage = stack.enter_context(Stage(folder / "few", api).running())
        run = Run(stage, size, taking_part)
        about = facts(stage, ceiling, taking_part)
        run.rounds(parts)
        if "backlog" in parts:
            run.backlog(folder, api)
    about["took_minutes"] = round((time.monotonic() - began) / 60, 1)
    print("\n".join([*(f"{name}: {value}" for name, value in about.items()), ""]))
    print("\n".join([*report(run.figures, size), *(f"FAILED  {x}" for x in run.failures)]))
    if asked.smoke:
        print("a smoke run: it shows that all of this works, and the figures mean nothing")
    text = as_json(about, run)
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")
    if asked.plot:
        draw(text, asked.plot)
    return 1 if run.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = _OneLine(
        "ops/bench/run", description=(__doc__ or "").split(";")[0], allow_abbrev=False
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one short round: some minutes")
    size.add_argument("--smoke", action="store_true", help="does it run at all? no real figures")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument("--parts", nargs="+", metavar="PART", choices=PARTS, help=", ".join(PARTS))
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write all figures there")
    parser.add_argument("--plot", type=_writable, metavar="FILE.png", help="draw them there")
    return parser


class _OneLine(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}\n")


def _writable(word: str) -> Path:
    """A file whose folder is there: better said before an hour of measuring than after."""
    path = Path(word).resolve()
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file in a folder that is there, found {word}")
    return path


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's
    """Stop once; a second Ctrl-C must not keep what was started from being ended."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
