"""`leads status`: the queue at a glance."""

from __future__ import annotations

import click

from lead_ops import context
from lead_ops.render import say, say_json
from lead_ops.views.picture import look, status_json
from lead_ops.views.status import say_picture


@click.command(short_help="How many leads are where, and what is held.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show how many leads are where, what is held and why, how fast it goes, and who works.

    Campaigns that are under way are there too, the rule that replays by itself where it is on, and
    the dead letters that are forgotten soon, as they were kept for as long as is set.

    `duplicates` are leads known to be twice in the API, because it gave two ids; 0 does not prove
    that no lead was sent twice.

    \b
      leads status
      leads status --json | jq .waiting
    """
    queue = context.for_command()
    picture = look(queue.open_store(), queue.settings)
    if as_json:
        say_json(status_json(queue.settings.namespace, picture))
        return
    say(("queue ", "dim"), (queue.settings.namespace, "bold"), (f" in {queue.where()}", "dim"))
    say_picture(picture)
