"""Campaigns as an operator names them on the command line: by an id, or what it begins with."""

from __future__ import annotations

import re

import click
from lead_worker.store.campaigns import Campaign, Campaigns

from lead_ops.errors import OpsError
from lead_ops.render import clean

MOST_KNOWN = 1000
"""So many of the newest are looked through for one that begins so."""

_MOST_SHOWN = 3


def id_part(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Check an id, or the beginning of one, in any case.

    Raises:
        BadParameter: it is none.
    """
    if value is None:
        return None
    text = value.strip()
    if not re.fullmatch(r"[0-9a-fA-F]{1,12}", text):
        raise click.BadParameter(
            f"expected the id of a campaign, up to 12 hex digits, found {clean(text[:20])!r};"
            " leads replay status shows them"
        )
    return text.lower()


def find_campaign(campaigns: Campaigns, part: str) -> Campaign:
    """The one campaign whose id begins so.

    Raises:
        OpsError: there is none, or more than one.
    """
    exact = campaigns.find(part)
    if exact is not None:
        return exact
    found = [
        campaign
        for campaign in campaigns.newest(MOST_KNOWN)
        if campaign.campaign_id.startswith(part)
    ]
    if not found:
        raise OpsError(f"there is no campaign {part}: leads replay status shows those of 30 days")
    if len(found) > 1:
        names = ", ".join(campaign.campaign_id for campaign in found[:_MOST_SHOWN])
        more = ", ..." if len(found) > _MOST_SHOWN else ""
        raise OpsError(f"{len(found)} campaigns begin with {part}: {names}{more}; give more of it")
    return found[0]
