"""`leads dead edit`: mend one dead letter, by hand or by steps, or many by the same steps.

It owns the options, which of them fit together, and what is said about one lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

import click
from lead_worker.core.change import Change
from lead_worker.core.outcome import FieldError
from lead_worker.store.reading import Sight

from lead_ops import context
from lead_ops.choosing.options import Asked, takes_filters
from lead_ops.errors import OpsError
from lead_ops.fleet_settings import fleet_settings
from lead_ops.lead_ids import one_id
from lead_ops.mending.by_hand import NOTHING, mend_by_hand
from lead_ops.mending.decision import Mended, Refused, Told, Unchanged, Unfit, mend
from lead_ops.mending.mender import KEPT, Mender, find_dead, lost_to, next_step
from lead_ops.mending.steps import StepsInOrder, takes_steps
from lead_ops.operator import given_reason
from lead_ops.render import count_words, say, say_json
from lead_ops.views.differences import say_changes, say_problems

from .editing_many import edit_many


def _id_or_none(asked: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    return None if value is None else one_id(asked, parameter, value)


@click.command(cls=StepsInOrder, short_help="Mend dead letters.")
@click.argument("lead_id", metavar="[ID]", required=False, callback=_id_or_none)
@takes_steps
@takes_filters(reason=False)
@click.option("--reason", callback=given_reason, help="Why, for the records.")
@click.option("--dry-run", is_flag=True, help="Show what it would be, and store nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, where it is more than one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def edit(
    lead_id: str | None,
    *,
    steps: tuple[Change, ...],
    asked: Asked,
    reason: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Mend a dead letter, so that it can be replayed.

    With an ID alone its JSON opens in $VISUAL, $EDITOR or vi, in a file that is yours alone and
    gone afterwards. --set, --unset and --move do without, and are made in the order in which they
    are given. The lead is stored only if the schema accepts it; the original, the difference, who
    and why are kept.

    With filters instead of an ID the steps are made on all dead letters that are meant: shown on
    samples first, and stored where the result is valid. To do it again changes nothing more.

    \b
      leads dead edit 019302f4c1a07d1f0a6b3c8e5d2f4a91
      leads dead edit 019302f4c1a07d1f0a6b3c8e5d2f4a91 --set email=maria@example.com
      leads dead edit 019302f4c1a07d1f0a6b3c8e5d2f4a91 --set custom.age:=42 --unset fax
      leads dead edit --group invalid:unknown-3fa2b1 --move telefone=phone --reason "new form"
    """
    _check(lead_id, asked, steps)
    queue = context.for_command()
    store = queue.open_store()
    mender = Mender(store, fleet_settings(store, queue.settings).rules, reason, dry_run)
    if lead_id is None:
        return edit_many(mender, asked, steps, yes=yes, as_json=as_json)
    sight = find_dead(store, lead_id)
    if steps:
        return _by_steps(mender, sight, steps, as_json=as_json)
    changes = mend_by_hand(mender, sight, quiet=as_json)
    return _say_result(mender, sight, changes, as_json=as_json)


def _check(lead_id: str | None, asked: Asked, steps: Sequence[Change]) -> None:
    """Check that the options fit together.

    Raises:
        UsageError: they do not.
    """
    if lead_id is not None and not asked.is_nothing:
        raise click.UsageError("expected an ID or filters, found both")
    if lead_id is None and asked.is_nothing:
        raise click.UsageError("expected an ID, or filters such as --group, found neither")
    if lead_id is None and not steps:
        raise click.UsageError(
            "expected --set, --unset or --move beside filters, found none; an editor opens for one"
            " ID"
        )


def _by_steps(mender: Mender, sight: Sight, steps: tuple[Change, ...], *, as_json: bool) -> int:
    raw = sight.raw or b""
    mending = mend(raw, steps, mender.rules)
    match mending:
        case Mended(changes=changes):
            verdict = KEPT[0] if mender.dry_run else mender.keep(sight.lead_id, raw, mending)
            if verdict not in KEPT:
                raise lost_to(sight.lead_id, verdict)
            if not as_json:
                say_changes(changes)
            return _say_result(mender, sight, changes, as_json=as_json)
        case Unchanged():
            return _say_result(mender, sight, (), as_json=as_json)
        case Refused(errors=errors, changes=changes):
            return _refuse(sight, errors, changes, as_json=as_json)
        case Unfit(reason=reason):
            if as_json:
                say_json(_result(sight, done=False, problems=[FieldError("", reason)]))
            # It may be a path that the lead has not; the editor shows what it has.
            by_hand = f"in your editor: leads dead edit {sight.lead_id}"
            raise OpsError(f"{reason}. Nothing was changed; {by_hand}")
        case _:
            assert_never(mending)


def _say_result(mender: Mender, sight: Sight, changes: Sequence[Told], *, as_json: bool) -> int:
    stored = bool(changes) and not mender.dry_run
    if as_json:
        say_json(_result(sight, done=True, stored=stored, changes=changes))
    elif not changes:
        say(NOTHING)
    elif mender.dry_run:
        say("it would be valid; nothing was stored (--dry-run)")
    else:
        say(f"the dead letter is mended; {next_step(sight)}")
    return 0


def _refuse(
    sight: Sight, errors: Sequence[FieldError], changes: Sequence[Told], *, as_json: bool
) -> int:
    if as_json:
        say_json(_result(sight, done=False, changes=changes, problems=errors))
    else:
        say_changes(changes)
    say_problems(errors)
    wrong = count_words(len(errors), "field is still wrong", "fields are still wrong")
    raise OpsError(f"{NOTHING}: {wrong}")


def _result(
    sight: Sight,
    *,
    done: bool,
    stored: bool = False,
    changes: Iterable[Told] = (),
    problems: Iterable[FieldError] = (),
) -> dict[str, Any]:
    return {
        "id": sight.lead_id,
        "done": done,
        "stored": stored,
        "changes": list(changes),
        "problems": [{"path": each.path, "message": each.message} for each in problems],
    }
