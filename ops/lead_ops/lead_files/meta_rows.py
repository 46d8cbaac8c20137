"""Rows of the CSV that Meta's Ads Manager exports leads in, as the leads of its Graph API.

Source of the columns: Meta Business Help, "Download your leads data". Ids have a letter before them
(`l:123`, `ag:4`), and so have phones and post codes (`p:+55...`, `z:...`), so that no spreadsheet
takes them for numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_THINGS = ("ad", "adset", "campaign", "form", "page")
_OF_THE_AD = frozenset(
    ("id", "created_time", "is_organic", "platform", "lead_status", "retailer_item_id")
) | {f"{thing}_{fact}" for thing in _THINGS for fact in ("id", "name")}
_OF_AN_ID = re.compile(r"(?:l|ag|as|c|f):(?=\d+$)")
_OF_AN_ANSWER = re.compile(r"p:(?=\+?\d)|z:(?=\S)")


def lead_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the lead that a row is about, as the Graph API would."""
    lead: dict[str, Any] = {
        name: _plain(_OF_AN_ID, cell) for name, cell in row.items() if name in _OF_THE_AD
    }
    lead["field_data"] = [
        {"name": name, "values": [_plain(_OF_AN_ANSWER, cell)]}
        for name, cell in row.items()
        if name not in _OF_THE_AD
    ]
    return lead


def _plain(prefix: re.Pattern[str], cell: str) -> str:
    found = prefix.match(cell)
    return cell[found.end() :] if found else cell
