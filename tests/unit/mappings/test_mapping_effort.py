"""The effort of a mapping grows with its payload and no faster, whatever strangers send.

Nothing is timed: the steps of Python that a payload takes are counted, and twice the payload may
take little more than twice the steps.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from lead_producers.mappings import form, meta, typeform
from lead_producers.mappings.custom_fields import CustomFields
from lead_producers.mappings.typeform_responses import _MARKUP


def steps(act: Callable[[], object]) -> int:
    """How many lines of Python run in an act."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def answers(count: int) -> dict[str, Any]:
    return {"field_data": [{"name": "pergunta", "values": [f"r{n}"]} for n in range(count)]}


def test_many_answers_of_one_name_take_no_more_than_so_many_steps() -> None:
    small, large = (steps(partial(meta, answers(n))) for n in (200, 400))
    assert large < 2.5 * small


def test_names_that_are_numbered_already_take_no_more_either() -> None:
    def add(count: int) -> None:
        fields = CustomFields()
        for number in range(count):
            fields.add(f"a_{number}", number)
        for number in range(count):
            fields.add("a", str(-number))
        assert len(fields.held) == 2 * count

    small, large = (steps(partial(add, n)) for n in (200, 400))
    assert large < 2.5 * small


def test_a_form_of_ten_thousand_fields_loses_none() -> None:
    lead = form({"nome": [f"n{n}" for n in range(10_000)], **{f"c{n}": n for n in range(10_000)}})
    assert len(lead[0].raw["custom"]) == 10_001


@pytest.mark.parametrize("title", ["{{" * 200_000, "{{a" * 200_000, "{" * 400_000])
def test_a_title_of_braces_is_read_in_one_go(title: str) -> None:
    # The pattern cannot pass a brace, so no attempt reads on to the end of the title.
    assert "." not in _MARKUP.pattern
    response = {"definition": {"fields": [{"id": "a", "title": title}]}, "hidden": {"email": "a"}}
    assert typeform({"form_response": response})[0].raw == {"email": "a"}


def test_what_is_recalled_in_a_title_is_left_out_of_it() -> None:
    answer = {"type": "text", "text": "sim", "field": {"id": "a"}}
    fields = [{"id": "a", "title": "{{field:01AB}}, *gostou* {{hidden:x}} daqui?"}]
    response = {"definition": {"fields": fields}, "answers": [answer]}
    assert typeform({"form_response": response})[0].raw == {"custom": {", gostou daqui?": "sim"}}
