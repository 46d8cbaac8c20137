"""The command's options: what is asked for, looked at before anything is started.

It owns their names, bounds and help. A wrong one is told in one line, with exit code 2. It makes
the folder of `--keep`, and nothing else.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lead_ops.trials import OneLineParser, try_to_write

from .kinds import Kind, chosen
from .stage import Size
from .trial import Asked

SECONDS = 600.0
LEADS = 50_000
SHORTEST_SECONDS = 20.0
LONGEST_SECONDS = 86_400.0
FEWEST_LEADS = 3
MOST_LEADS = 10_000_000
"""What was sent and received is kept in memory, some hundred bytes for each lead."""

LARGEST_SEED = 2**63 - 1
STOCK = "stock-celery"
EXIT_CODES = """\
exit code: 0 it held; 1 something is lost, a duplicate is unexplained, a lead came to no end, the
audit or the API contradict the store, or the run failed; 2 a wrong option; 3 nothing of that, but a
recovery bar was missed, a process ended by itself, or an operator's step was never done; 130 after
Ctrl-C"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was told.

    Attributes:
        against: the other system under test, or "".
        list: only say what kinds there are.
        json: a file that can be written, or None.
        keep: a folder that is there and empty, or None.
    """

    asked: Asked
    against: str
    list: bool
    json: Path | None
    keep: Path | None


def read_options(words: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the process with 2 and one line where something is wrong.

    Args:
        words: the command line without the program; the process's own by default.
    """
    parser = _parser()
    given = parser.parse_args(words)
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    asked = Asked(seed, Size(given.leads, given.seconds), given.only, given.policy, given.storms)
    if given.list:
        return Options(asked, "", True, None, None)
    try:
        keep = _empty_folder(given.keep) if given.keep else None
        json = _writable(given.json) if given.json else None
    except ValueError as error:
        parser.error(str(error))
    return Options(asked, given.against or "", False, json, keep)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        "ops/chaos/run",
        description="Bring faults upon real processes and account for each lead.",
        epilog=EXIT_CODES,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--seed", type=_seed, metavar="N", help="of the plan of faults; random if not given")
    add("--seconds", type=_seconds, default=SECONDS, help="how long (default: %(default)g)")
    add("--leads", type=_leads, default=LEADS, help="how many (default: %(default)s)")
    add("--only", type=_kinds, default="", metavar="FAULT,...", help="these, or how they begin")
    add("--storms", action="store_true", help="several faults at once, without calm between")
    add("--policy", choices=("reconcile", "retry", "park"), default="reconcile")
    add("--against", choices=(STOCK,), help="the same faults against another system")
    add("--list", action="store_true", help="say what kinds of faults there are")
    add("--json", metavar="FILE", help="write what was seen there too")
    add("--keep", metavar="FOLDER", help="keep logs, receipts and data there; new or empty")
    return parser


def _seconds(word: str) -> float:
    bounds = f"{SHORTEST_SECONDS:g} to {LONGEST_SECONDS:g} seconds"
    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:  # nan is nowhere between
        raise argparse.ArgumentTypeError(f"expected {bounds}, found {word!r}")
    return seconds


def _leads(word: str) -> int:
    return _whole(word, FEWEST_LEADS, MOST_LEADS)


def _seed(word: str) -> int:
    return _whole(word, 0, LARGEST_SEED)


def _whole(word: str, least: int, most: int) -> int:
    try:
        number = int(word)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(
            f"expected a whole number from {least} to {most}, found {word!r}"
        )
    return number


def _kinds(word: str) -> tuple[Kind, ...]:
    try:
        return chosen([name for name in word.split(",") if name])
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _empty_folder(word: str) -> Path:
    """A folder without anything in it: what an earlier run left there would be taken for ours."""
    path = Path(word).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        is_empty = not any(path.iterdir())
    except OSError as error:
        raise ValueError(f"--keep: cannot use the folder {word}: {error.strerror}") from None
    if not is_empty:
        raise ValueError(f"--keep: expected a new or an empty folder, found things in {word}")
    return path


def _writable(word: str) -> Path:
    """A file that can be written."""
    path = Path(word).absolute()  # not resolved: /dev/stdout may lead to a pipe without a path
    try:
        try_to_write(path)
    except OSError as error:
        raise ValueError(f"--json: cannot write the file {word}: {error.strerror}") from None
    return path
