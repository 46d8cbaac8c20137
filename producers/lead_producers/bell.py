"""The ready-made Celery message that asks a worker to drain: the task `lead_worker.drain`, no more.

A bell carries no lead. It is written by hand, in `bell.json` for clients in any language, so that
a producer needs no Celery, and held by a test against what the installed kombu produces. Its id is
put in by the script that rings, because the `delivery_tag` of each message must be fresh.
"""

from __future__ import annotations

import json
from importlib.resources import files

QUEUE = "bell"
TASK = "lead_worker.drain"
ID_PLACEHOLDER = "@BELL@"

_MESSAGE = json.loads(files(__package__).joinpath("bell.json").read_bytes())

BELL = json.dumps(_MESSAGE, separators=(",", ":"))
"""The message as it goes into the list, with `ID_PLACEHOLDER` where its id belongs."""
