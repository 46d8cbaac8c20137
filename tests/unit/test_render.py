"""What strangers wrote does not steer a terminal, and is plain text on a pipe."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops import render
from rich.console import Console


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    assert render.clean(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("João [bold]d'Ávila[/] 📞", "João [bold]d'Ávila[/] 📞"),
        ("\x1b[2J\r\n\x7f", "\\u001b[2J\\r\\n\\u007f"),
        ("\x9b31m", "\\u009b31m"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("\u2028\ufeff\U000e0041", "\\u2028\\ufeff\\udb40\\udc41"),
    ],
)
def test_each_kind_of_control_becomes_an_escape(text: str, shown: str) -> None:
    assert render.clean(text) == shown


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_a_raw_lead_is_shown_as_json_that_still_says_the_same(raw: dict[str, object]) -> None:
    encoded = json.dumps(raw, ensure_ascii=False).encode("utf-8", "surrogatepass")
    shown = render.pretty_json(encoded)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert json.loads(shown) == raw


def test_a_raw_lead_that_is_no_json_is_shown_all_the_same() -> None:
    assert render.pretty_json(b"\xff\x1b[2J{") == "\ufffd\\u001b[2J{"


def test_rows_on_a_pipe_are_lines_with_tabs_and_are_never_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    render.table(("id", "from"), [("1" * 200, "a\tb"), (2, None)])
    assert capsys.readouterr().out == "id\tfrom\n" + "1" * 200 + "\ta\\tb\n2\t\n"


def test_markup_of_a_stranger_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    render.say("[red]:smile: https://x.io", ("[/]", "bold"))
    assert capsys.readouterr().out == "[red]:smile: https://x.io[/]\n"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0.0 s"), (0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (119, "119 s"), (120, "2 min"),
     (7199, "120 min"), (7200, "2 h"), (172_800, "2 d")],
)  # fmt: skip
def test_a_span_has_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert render.span(seconds) == shown


def test_what_is_to_come_is_told_from_what_was() -> None:
    assert render.ago(100, 160) == "60 s ago"
    assert render.ago(160, 100) == "in 60 s"


def test_a_wrapped_line_goes_on_under_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Console(width=20, force_terminal=True, color_system=None, file=io.StringIO())
    monkeypatch.setattr(render, "console", lambda: out)
    render.say(("HELD ", "bold"), "one two three four five six", indent=5)
    render.say("     ", "[red] \x1b[2J", indent=5)
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue().splitlines() == [
        "HELD one two three",
        "     four five six",
        "     [red] \\u001b[2J",
    ]
