from __future__ import annotations

from typing import Any

import pytest

from tests.unit.schema_cases import SECRET, errors, sent


class TestAgentId:
    def test_agent_id_is_accepted_for_agentid(self) -> None:
        assert sent({"agent_id": " a "}) == {"agentId": "a"}

    @pytest.mark.parametrize(
        "raw",
        [
            {"agentId": "a", "agent_id": "a"},
            {"agentId": "a ", "agent_id": " a"},
            {"agentId": None, "agent_id": "a"},
            {"agentId": "", "agent_id": "a"},
            {"agentId": "a", "agent_id": None},
            {"agentId": "a"},
        ],
    )
    def test_both_may_be_there_if_they_do_not_disagree(self, raw: dict[str, Any]) -> None:
        assert sent(raw) == {"agentId": "a"}

    def test_a_number_agrees_with_the_text_of_it(self) -> None:
        assert sent({"agentId": 7, "agent_id": "7"}) == {"agentId": "7"}

    @pytest.mark.parametrize("other", ["b", 7])
    def test_two_that_differ_are_an_error(self, other: Any) -> None:
        assert list(errors({"agentId": other, "agent_id": "a"})) == ["agent_id"]


class TestEmail:
    @pytest.mark.parametrize(
        ("given", "as_sent"),
        [
            ("maria@example.com", "maria@example.com"),
            (" maria+tag@example.com ", "maria+tag@example.com"),
            ("Maria.Silva@Example.COM", "Maria.Silva@example.com"),
            ("SALES@example.com", "sales@example.com"),
            ("ana@padaria-são-joão.com.br", "ana@xn--padaria-so-joo-yhbe.com.br"),
            ("joão@example.com", "joão@example.com"),
        ],
    )
    def test_a_valid_address_is_sent_in_its_ascii_form(self, given: str, as_sent: str) -> None:
        assert sent({"email": given}) == {"email": as_sent}

    @pytest.mark.parametrize(
        "wrong",
        [
            SECRET,
            "maria@",
            "@example.com",
            "maria@localhost",
            "maria@example",
            "maria@example.123",
            "maria@-example.com",
            "maria@ab--c.com",
            "maria@foo.test",
            "maria..silva@example.com",
            ".maria@example.com",
            "maria@example..com",
            "maria silva@example.com",
            "maria@example.com, ana@example.com",
            "Maria <maria@example.com>",
            "<maria@example.com>",
            '"maria"@example.com',
            "maria@[127.0.0.1]",
            "m" * 250 + "@example.com",
            "m@" + "e" * 64 + ".com",
            "@" * 100_000,
            42,
        ],
    )
    def test_what_is_not_one_address_is_an_error_that_does_not_quote_it(self, wrong: Any) -> None:
        assert errors({"email": wrong}) == {
            "email": "expected one e-mail address without a name, such as maria@example.com"
        }


class TestPhone:
    def test_a_phone_is_normalised_in_the_region_of_the_rules(self) -> None:
        assert sent({"phone": "(11) 98765-4321"}) == {"phone": "+5511987654321"}
        assert sent({"phone": "(212) 555-0123"}, phone_region="US") == {"phone": "+12125550123"}

    @pytest.mark.parametrize("number", [11987654321, 5511987654321, 11987654321.0])
    def test_a_phone_may_be_a_number(self, number: float) -> None:
        assert sent({"phone": number}) == {"phone": "+5511987654321"}

    @pytest.mark.parametrize(
        ("phone", "as_sent"),
        [
            (" ask Maria ", "ask Maria"),
            (123, "123"),
            (-1.5, "-1.5"),
            (["11 98765-4321"], '["11 98765-4321"]'),
            ({"ddd": "11"}, '{"ddd":"11"}'),
            ("9" * 10_000, "9" * 10_000),
        ],
    )
    def test_a_lead_is_never_refused_for_its_phone(self, phone: Any, as_sent: str) -> None:
        assert sent({"phone": phone}) == {"phone": as_sent}

    @pytest.mark.parametrize("phone", [True, False, [], {}])
    def test_what_holds_no_phone_is_left_out(self, phone: Any) -> None:
        assert sent({"name": "Maria", "phone": phone}) == {"name": "Maria"}


class TestCapture:
    @pytest.mark.parametrize("capture", ["completed", "partial", " partial "])
    def test_completed_and_partial_are_sent(self, capture: str) -> None:
        assert sent({"capture": capture}) == {"capture": capture.strip()}

    @pytest.mark.parametrize("capture", ["Completed", SECRET, 1, True, [], {}])
    def test_anything_else_is_an_error(self, capture: Any) -> None:
        assert errors({"capture": capture}) == {"capture": 'expected "completed" or "partial"'}
