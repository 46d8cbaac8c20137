"""What each kind of program may do in Redis, as rights of an ACL.

It owns the lists of rights. The runbook's section "Redis users" has the same, and tests run real
programs with nothing more.
"""

from __future__ import annotations

from lead_producers.keys import Keys

APP = (
    "+eval +evalsha +select +time +exists +get +set +hget +hmget +hset +hincrby +zadd +llen +lpush"
)
"""A backend app that enqueues."""

APP_DURABLE = "+config|get +waitaof"
"""Besides, with `durable=True`; WAITAOF is known from Redis 7.2 on."""

WORKER = "+@read +@write +@scripting +@transaction +@connection -@dangerous +info +config|get +time"
"""Workers, beat, and people with any `leads` command."""

WATCH = "+@read +@connection -@dangerous +evalsha +script|load +time +info +config|get"
"""Who only looks: `leads exporter`, `health`, `doctor`, `status`, `show`."""


def grant(user: str, rights: str, namespace: str, *, password: str = "") -> str:
    """The command that gives a user rights on one namespace.

    Args:
        password: "" leaves the user's own as it is.
    """
    login = f"on >{password} " if password else ""
    return f"ACL SETUSER {user} {login}~{Keys(namespace).prefix}* {rights}"
