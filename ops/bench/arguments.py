"""What may be asked of the benchmark. It owns that a bad wish is refused before anything is run."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable
from pathlib import Path

from lead_ops.trials import OneLineParser, try_to_write

from .contenders import BARE, NAMES, OURS
from .rounds import PARTS

_ABOUT = """\
This project beside stock Celery, Dramatiq, RQ, BullMQ and a bare loop, on the same
leads, Redis and stand-in API. All of it takes about an hour, --quick about five
minutes, --smoke two or three; the first run takes some more, to install the peers.
Leave the machine alone meanwhile."""
_EXIT_CODES = """\
exit code:
  0    all was measured, whatever the figures
  1    something failed
  2    bad arguments
  130  after Ctrl-C or SIGTERM; what there is until then is reported"""
_DRAWN = {"deliver", "enqueue", "arrive"}
"""The parts that a picture has panels of."""


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    """What is asked for; `only` and `parts` are never empty. Ends the program where it is bad."""
    parser = _parser()
    asked = parser.parse_args(words)
    asked.only, asked.parts = asked.only or NAMES, asked.parts or PARTS
    if not is_anything(asked.only, asked.parts):
        parser.error("nothing to measure: " + _whom(asked.only, asked.parts))
    if asked.plot and not any(is_anything(asked.only, [p]) for p in _DRAWN & {*asked.parts}):
        parser.error(f"nothing to draw: --plot shows {', '.join(sorted(_DRAWN))}")
    return asked


def is_anything(names: Iterable[str], parts: Iterable[str]) -> bool:
    """Whether any of these contenders has a figure in any of these parts."""
    names = {*names}
    of = {part: names - {BARE} for part in PARTS} | {"deliver": names, "backlog": names & {OURS}}
    return any(of[part] for part in parts)


def _whom(names: Iterable[str], parts: Iterable[str]) -> str:
    return f"{', '.join(names)} has no part in {', '.join(parts)}"


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        "ops/bench/run",
        description=textwrap.fill(_ABOUT, 78, break_on_hyphens=False),
        epilog=_EXIT_CODES,
        formatter_class=_Whole,
        allow_abbrev=False,
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one short round of fewer cases")
    size.add_argument("--smoke", action="store_true", help="does it run at all? no real figures")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument("--parts", nargs="+", metavar="PART", choices=PARTS, help=", ".join(PARTS))
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write all figures there")
    parser.add_argument("--plot", type=_picture, metavar="FILE.png", help="draw them there")
    return parser


class _Whole(argparse.RawDescriptionHelpFormatter):
    """Does not break a name at its hyphen."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


def _writable(word: str) -> Path:
    """A file that can be written."""
    path = Path(word).resolve()
    try:
        try_to_write(path)
    except OSError as error:
        words = f"expected a file that can be written, found {word}: {error.strerror}"
        raise argparse.ArgumentTypeError(words) from None
    return path


def _picture(word: str) -> Path:
    if not word.endswith(".png"):
        raise argparse.ArgumentTypeError(f"expected a name that ends in .png, found {word}")
    return _writable(word)
