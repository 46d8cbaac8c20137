"""The ready-made Celery message that asks a worker to drain: the task `lead_worker.drain`, no more.

A bell carries no lead. It is written by hand so that a producer needs no Celery, and held by a test
against what the installed kombu produces. Its id is put in by the script that rings, because the
`delivery_tag` of each message must be fresh.
"""

from __future__ import annotations

import base64
import json

QUEUE = "bell"
TASK = "lead_worker.drain"
ID_PLACEHOLDER = "@BELL@"

_BODY = base64.b64encode(
    b'[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]'
).decode()

_MESSAGE = {
    "body": _BODY,
    "content-encoding": "utf-8",
    "content-type": "application/json",
    "headers": {
        "lang": "py",
        "task": TASK,
        "id": ID_PLACEHOLDER,
        "shadow": None,
        "eta": None,
        "expires": None,
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": ID_PLACEHOLDER,
        "parent_id": None,
        "argsrepr": "()",
        "kwargsrepr": "{}",
        "origin": "enqueue.lua",
        "ignore_result": True,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
    },
    "properties": {
        "correlation_id": ID_PLACEHOLDER,
        "reply_to": "",
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": ID_PLACEHOLDER,
    },
}

BELL = json.dumps(_MESSAGE, separators=(",", ":"))
"""The message as it goes into the list, with `ID_PLACEHOLDER` where its id belongs."""
