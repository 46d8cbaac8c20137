from __future__ import annotations

from typing import Any

import pytest
from lead_producers.mappings import google_ads

from tests.unit.mappings.samples import complaint, mapped, only, sample


def test_columns_fill_the_fields_and_the_rest_is_custom() -> None:
    raw = only(mapped("google-ads")).raw
    assert {name: raw[name] for name in ("name", "email", "phone", "company")} == {
        "name": "Lívia Teixeira",
        "email": "livia@example.com",
        "phone": "+5521900000404",
        "company": "Teixeira Odontologia",
    }
    assert raw["custom"]["work_email"] == "contato@teixeira.example.com"
    assert raw["custom"]["job_title"] == "Dentista"
    assert raw["custom"]["Quantas cadeiras tem a clínica?"] == "4"


def test_the_ad_is_known_by_its_ids_and_the_click_by_gclid() -> None:
    custom = only(mapped("google-ads")).raw["custom"]
    assert custom["gclid"] == "Cj0KCQ-livia"
    assert custom["campaign_id"] == 281489216452814
    assert custom["lead_submit_time"] == "2026-06-26T12:30:00Z"
    assert "api_version" not in custom


def test_the_key_is_the_lead_id() -> None:
    assert only(mapped("google-ads")).key == "google-ads:EAIaIQobChMI-real-lead-0001"
    assert only(google_ads(sample("google-ads") | {"lead_id": None})).key is None


def test_first_and_last_name_make_a_name() -> None:
    columns = [
        {"column_id": "FIRST_NAME", "string_value": "Lívia"},
        {"column_id": "LAST_NAME", "string_value": "Teixeira"},
    ]
    assert only(google_ads({"user_column_data": columns})).raw == {"name": "Lívia Teixeira"}


def test_a_numbered_question_goes_by_its_words_where_google_sends_them() -> None:
    columns = [
        {"column_id": "QUESTION_1", "column_name": "Qual o seu WhatsApp?", "string_value": "1"},
        {"column_id": "QUESTION_2", "column_name": "Quantas cadeiras?", "string_value": "4"},
        {"column_id": "QUESTION_3", "string_value": "sim"},
    ]
    assert only(google_ads({"user_column_data": columns})).raw == {
        "phone": "1",
        "custom": {"Quantas cadeiras?": "4", "question_3": "sim"},
    }


def test_an_email_at_work_that_comes_first_gives_way_to_ones_own() -> None:
    columns = [
        {"column_id": "WORK_EMAIL", "string_value": "work@example.com"},
        {"column_id": "EMAIL", "string_value": "own@example.com"},
    ]
    assert only(google_ads({"user_column_data": columns})).raw == {
        "email": "own@example.com",
        "custom": {"work_email": "work@example.com"},
    }


@pytest.mark.parametrize("answer", ["", None, "  "])
def test_an_answer_that_is_empty_is_left_out(answer: Any) -> None:
    payload = sample("google-ads")
    payload["user_column_data"][0]["string_value"] = answer
    assert "name" not in only(google_ads(payload)).raw


@pytest.mark.parametrize(
    ("columns", "path"),
    [
        (None, "user_column_data"),
        ([], "user_column_data"),
        (["Lívia"], "user_column_data[0]"),
    ],
)
def test_without_columns_it_says_where_they_should_be(columns: Any, path: str) -> None:
    payload = sample("google-ads") | {"user_column_data": columns}
    error = complaint("google-ads", payload)
    assert error.path == path
    assert payload["google_key"] not in str(error)
    assert "Lívia" not in str(error)
