"""The entry point of the `leads` script, which the base install has as well.

It says which packages are missing where they are, and nothing but a line where Ctrl-C comes before
all is imported. It must import none of those packages itself.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from .missing import NEEDS_MORE, is_of_others

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command; exit code 1 and one line where it cannot be imported, 130 for Ctrl-C."""
    try:
        from .main import main as run

        run()
    except ModuleNotFoundError as error:
        if not is_of_others(error):
            raise
        sys.exit(f"leads: {NEEDS_MORE}")
    except KeyboardInterrupt:
        print("leads: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
