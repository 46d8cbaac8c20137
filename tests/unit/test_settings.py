"""The settings' values: defaults, limits, and all mistakes told at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.errors import SettingsError
from lead_worker.settings import DAY_SECONDS, TABLE, Settings, is_loopback, load

TOKEN = "tok-3f9a.secret_word"
PASSWORD = "p4ssw0rd"


def mistakes(environ: dict[str, str], *, deliver: bool = False) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ, deliver=deliver)
    return str(caught.value).splitlines()


def mistake(name: str, value: str) -> str:
    (line,) = mistakes({name: value})
    return line


def test_nothing_set_means_the_defaults() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.namespace == "leads"
    assert (settings.deadline_seconds, settings.lease_seconds) == (10.0, 30.0)
    assert (settings.concurrency, settings.max_attempts) == (16, 20)
    assert settings.max_age_seconds == 3 * DAY_SECONDS


def test_the_defaults_fit_together() -> None:
    load({"LEADS_API_TOKEN": TOKEN}, deliver=True)


def test_each_field_has_its_row_and_each_row_its_meaning() -> None:
    assert [row.field for row in TABLE] == list(dict.fromkeys(row.field for row in TABLE))
    assert {row.field for row in TABLE} == {field.name for field in fields(Settings)}
    assert all(row.meaning for row in TABLE)


LIMITS = [
    ("LEADS_CONCURRENCY", 1, 256),
    ("LEADS_MAX_ATTEMPTS", 1, 1000),
    ("LEADS_MAX_AGE_SECONDS", 1, 3650 * DAY_SECONDS),
    ("LEADS_BACKOFF_BASE_SECONDS", 0.001, 3600),
    ("LEADS_BACKOFF_CAP_SECONDS", 5, 7 * DAY_SECONDS),
    ("LEADS_RETRY_AFTER_CAP_SECONDS", 1, 7 * DAY_SECONDS),
    ("LEADS_CONNECT_TIMEOUT_SECONDS", 0.05, 10),
    ("LEADS_DEADLINE_SECONDS", 3, 29),
    ("LEADS_IDLE_SECONDS", 0, 300),
    ("LEADS_MAX_ANSWER_BYTES", 1024, 67_108_864),
    ("LEADS_LEASE_SECONDS", 11, 3600),
    ("LEADS_KEEP_DELIVERED_DAYS", 0.01, 3650),
    ("LEADS_KEEP_DEAD_DAYS", 0.01, 3650),
    ("LEADS_KEEP_DISCARDED_DAYS", 0.01, 3650),
    ("LEADS_KEEP_ERASED_DAYS", 0.01, 3650),
]
ROWS = {row.name: row for row in TABLE}


@pytest.mark.parametrize(("name", "low", "high"), LIMITS)
def test_a_number_is_taken_between_its_limits_and_they_with_it(
    name: str, low: float, high: float
) -> None:
    for value in (low, high):
        assert getattr(load({name: f"{value:.12g}"}), ROWS[name].field) == value
    # Where another setting is the limit, the line begins with that one's name.
    for value in (low / 2 - 1, high * 2):
        line = mistake(name, f"{value:.12g}")
        assert name in line
        assert ": expected " in line


@pytest.mark.parametrize("name", [name for name, *_ in LIMITS])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "ten", "1,5", "0x10", "1e400", "-1"])
def test_what_is_no_number_is_refused_and_shown(name: str, value: str) -> None:
    line = mistake(name, value)
    assert line.startswith(f"{name}: expected a ")
    assert line.endswith(f"found {value!r}")


@pytest.mark.parametrize("value", ["16.0", "1_0", "+5", "٣", "9" * 5000])
def test_a_whole_number_is_digits_alone(value: str) -> None:
    assert mistake("LEADS_CONCURRENCY", value).startswith("LEADS_CONCURRENCY: expected a whole")


CHOICES = {
    "LEADS_UNKNOWN_FIELDS": ("reject", "custom", "drop"),
    "LEADS_ON_UNKNOWN_OUTCOME": ("reconcile", "retry", "park"),
    "LEADS_UTM_KEYS": ("bare", "prefixed"),
    "LEADS_CUSTOM_VALUES": ("text", "json"),
}


@pytest.mark.parametrize(("name", "words"), CHOICES.items())
def test_a_choice_is_one_of_its_words(name: str, words: tuple[str, ...]) -> None:
    for word in words:
        assert getattr(load({name: word}), ROWS[name].field) == word
    assert mistake(name, "Reject!") == (
        f"{name}: expected one of {', '.join(words)}, found 'Reject!'"
    )


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("no", False)])
def test_yes_and_no_are_words(word: str, value: bool) -> None:
    assert load({"LEADS_ALLOW_API_CHANGE": word}).allow_api_change is value
    assert "yes, no" in mistake("LEADS_ALLOW_API_CHANGE", "true")


def test_a_blank_value_counts_as_not_set_and_space_around_one_is_none_of_it() -> None:
    settings = load({"LEADS_NAMESPACE": "  ", "LEADS_CONCURRENCY": " 8\n", "LEADS_NAMESPCE": ""})
    assert (settings.namespace, settings.concurrency) == ("leads", 8)


@pytest.mark.parametrize("value", ["leads", "a.b-c_9", "x" * 64])
def test_a_namespace_may_be(value: str) -> None:
    assert load({"LEADS_NAMESPACE": value}).namespace == value


@pytest.mark.parametrize("value", ["a b", "{a}", "a:b", "x" * 65, "ä", "a\nb"])
def test_a_namespace_must_not_be(value: str) -> None:
    assert mistake("LEADS_NAMESPACE", value).startswith("LEADS_NAMESPACE: expected 1 to 64")


@pytest.mark.parametrize("value", ["br", "BRA", "B1", "Ü"])
def test_a_region_is_two_capitals(value: str) -> None:
    assert mistake("LEADS_PHONE_REGION", value).startswith("LEADS_PHONE_REGION: expected a two")


@pytest.mark.parametrize("value", ["XX", "UK"])
def test_a_region_is_one_that_has_phone_numbers(value: str) -> None:
    assert "a region that has phone numbers" in mistake("LEADS_PHONE_REGION", value)
    assert load({"LEADS_PHONE_REGION": "GB"}).phone_region == "GB"


@pytest.mark.parametrize(
    "value",
    ["https://api.example/rest", "http://127.0.0.1:8000", "http://localhost/x", "http://[::1]:9"],
)
def test_the_apis_address_may_be(value: str) -> None:
    assert load({"LEADS_API_URL": value + "/"}).api_url == value


@pytest.mark.parametrize(
    "value",
    [
        "api.example/rest",
        "ftp://api.example",
        "https://",
        "http://api.example/rest",
        "http://localhost.example/rest",
        "http://0.0.0.0/rest",
        f"https://ana:{PASSWORD}@api.example/rest",
        f"https://api.example/rest?token={PASSWORD}",
        f"https://api.example/rest#{PASSWORD}",
        "https://api.example:http/rest",
        "https://[::1/rest",
    ],
)
def test_the_apis_address_must_not_be(value: str) -> None:
    line = mistake("LEADS_API_URL", value)
    assert line.startswith("LEADS_API_URL: ")
    assert PASSWORD not in line


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.8.9.1", True), ("::1", True), ("10.0.0.1", False), ("a.b", False)],
)
def test_loopback_is_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "value",
    ["redis://h", "rediss://u:p@h:6380/1", "unix:///run/redis.sock?db=0", "redis://[::1]:6379"],
)
def test_redis_may_be_at(value: str) -> None:
    assert load({"LEADS_REDIS_URL": value}).redis_url == value


def test_a_ca_bundle_must_be_there(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    line = mistake("LEADS_API_CA_BUNDLE", str(bundle))
    assert line.endswith(f"expected an existing file, found none at {str(bundle)!r}")
    bundle.touch()
    assert load({"LEADS_API_CA_BUNDLE": str(bundle)}).api_ca_bundle == str(bundle)


def test_what_does_not_fit_together_is_told() -> None:
    assert mistakes(
        {
            "LEADS_LEASE_SECONDS": "10",
            "LEADS_CONNECT_TIMEOUT_SECONDS": "11",
            "LEADS_BACKOFF_BASE_SECONDS": "60",
            "LEADS_BACKOFF_CAP_SECONDS": "30",
        }
    ) == [
        "LEADS_LEASE_SECONDS: expected at least LEADS_DEADLINE_SECONDS + 1 = 11, found 10",
        "LEADS_CONNECT_TIMEOUT_SECONDS: expected at most LEADS_DEADLINE_SECONDS = 10, found 11",
        "LEADS_BACKOFF_BASE_SECONDS: expected at most LEADS_BACKOFF_CAP_SECONDS = 30, found 60",
    ]


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(
        {
            "LEADS_NAMESPCE": "x",
            "LEADS_CONCURRENCY": "many",
            "LEADS_REDIS_URL": "http://h",
            "LEADS_API_TOKEN_FILE": "/no/such/file",
            "LEADS_BACKOFF_BASE_SECONDS": "60",
            "LEADS_BACKOFF_CAP_SECONDS": "30",
        },
        deliver=True,
    )
    assert [line.split(":")[0] for line in found] == [
        "LEADS_NAMESPCE",
        "LEADS_REDIS_URL",
        "LEADS_API_TOKEN_FILE",
        "LEADS_CONCURRENCY",
        "LEADS_BACKOFF_BASE_SECONDS",
    ]


def test_a_bad_value_is_not_blamed_on_what_it_should_fit_to() -> None:
    environ = {"LEADS_DEADLINE_SECONDS": "forty", "LEADS_CONNECT_TIMEOUT_SECONDS": "30"}
    assert [line.split(":")[0] for line in mistakes(environ)] == ["LEADS_DEADLINE_SECONDS"]


@given(st.dictionaries(st.sampled_from([row.name for row in TABLE]), st.text(max_size=30)))
def test_whatever_is_set_is_taken_or_refused_in_words(environ: dict[str, str]) -> None:
    with suppress(SettingsError):
        load(environ)


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({"LEADS_RATE_PER_MINUTE": "60", "LEADS_RATE_BURST": "31"}, "LEADS_RATE_BURST"),
        ({"LEADS_RATE_PER_MINUTE": "1", "LEADS_RATE_BURST": "2"}, "LEADS_RATE_BURST"),
        ({"LEADS_FIRST_LOOK_SECONDS": "121"}, "LEADS_FIRST_LOOK_SECONDS"),
    ],
)
def test_what_the_governor_cannot_work_with_is_refused(given: dict[str, str], about: str) -> None:
    with pytest.raises(SettingsError, match=f"^{about}: expected at most"):
        load(given)


def test_a_burst_without_a_rate_means_nothing_and_is_no_mistake() -> None:
    assert load({"LEADS_RATE_BURST": "5"}).rate_burst == 5
