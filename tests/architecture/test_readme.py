"""The README's tables say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from lead_worker.settings import DEFAULT_API_URL, TABLE, Settings

ROOT = Path(__file__).parents[2]


def settings_table() -> str:
    """The table of settings, as the README must have it."""
    defaults, lines = Settings(), ["| name | default | what it is |", "|---|---|---|"]
    for row in TABLE:
        default = getattr(defaults, row.field)
        if isinstance(default, bool):
            shown = "`yes`" if default else "`no`"
        elif default == DEFAULT_API_URL:
            shown = "the real API's"
        elif isinstance(default, float):
            shown = f"`{default:.10g}`"
        else:
            shown = f"`{default}`" if default != "" else "not set"
        lines.append(f"| `{row.name}` | {shown} | {row.meaning} |")
    return "\n".join(lines)


def test_the_readme_has_the_table_of_settings_as_they_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert settings_table() in readme, f"put this into README.md:\n{settings_table()}"


def test_every_file_that_a_document_points_to_is_there() -> None:
    documents = (
        *("README.md", "ops/runbook.md", "ops/monitoring.md"),
        *("producers/README.md", "producers/PROTOCOL.md"),
    )
    for document in (ROOT / name for name in documents):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"
