"""The settings' names and secrets: near misses are errors, and no text shows what is secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from lead_worker.errors import SettingsError
from lead_worker.settings import Secret, Settings, load

TOKEN = "tok-3f9a.secret_word"
PASSWORD = "p4ssw0rd"


def mistakes(environ: dict[str, str], *, deliver: bool = False) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ, deliver=deliver)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LEADS_NAMESPCE", "LEADS_NAMESPACE"),
        ("LEAD_API_TOKEN", "LEADS_API_TOKEN"),
        ("LEADS_MAX_ATTEMPT", "LEADS_MAX_ATTEMPTS"),
        ("LEDAS_API_TOKEN", "LEADS_API_TOKEN"),
        ("LEADS_APITOKEN", "LEADS_API_TOKEN"),
        ("LEADS_KEEP_DELIVERD_DAYS", "LEADS_KEEP_DELIVERED_DAYS"),
        ("LEADS_API_TOKENFILE", "LEADS_API_TOKEN_FILE"),
        ("SENTRY_DNS", "SENTRY_DSN"),
    ],
)
def test_a_near_miss_of_a_name_is_an_error_and_its_value_is_not_shown(
    name: str, meant: str
) -> None:
    assert mistakes({name: PASSWORD}) == [f"{name}: no such setting; did you mean {meant}?"]


KUBERNETES = [
    "SERVICE_HOST",
    "SERVICE_PORT",
    "SERVICE_PORT_HTTP",
    "SERVICE_PORT_REDIS",
    "PORT",
    "PORT_6379_TCP",
    "PORT_6379_TCP_ADDR",
    "PORT_6379_TCP_PORT",
    "PORT_6379_TCP_PROTO",
]


@pytest.mark.parametrize("service", ["LEADS", "LEADS_API", "LEADS_REDIS", "LEADS_WORKER", "LEAD"])
def test_what_kubernetes_injects_for_a_service_is_no_near_miss(service: str) -> None:
    environ = {f"{service}_{rest}": "tcp://10.0.0.1:6379" for rest in KUBERNETES}
    assert load(environ) == Settings()


def test_what_other_programs_read_is_no_near_miss() -> None:
    names = ("SENTRY_RELEASE", "SENTRY_DEBUG", "REDIS_URL", "API_TOKEN", "PATH", "LEADS", "LEADS_")
    assert load(dict.fromkeys(names, "x")) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEADS_REDIS_URL", f"http://:{PASSWORD}@h"),
        ("LEADS_REDIS_URL", f"redis://:{PASSWORD}/x@h:6379"),
        ("LEADS_REDIS_URL", f"redis://:{PASSWORD}@h:port"),
        ("LEADS_REDIS_URL", f"redis://:{PASSWORD}@[h"),
        ("LEADS_REDIS_URL", f"redis://:{PASSWORD}\u2100@h"),  # urlsplit's error shows this one
        ("LEADS_REDIS_URL", f"unix://:{PASSWORD}@"),
        ("LEADS_API_TOKEN", f"Bearer {PASSWORD}"),
        ("LEADS_API_TOKEN", f"{PASSWORD}é"),
        ("LEADS_API_TOKEN_FILE", PASSWORD),
        ("LEADS_API_PROXY", f"socks5://ana:{PASSWORD}@proxy"),
        ("LEADS_API_PROXY", f"http://ana:{PASSWORD}\u2100@proxy"),
        ("LEADS_API_PROXY", f"http://ana:{PASSWORD}#@proxy:99999999"),
        ("SENTRY_DSN", f"{PASSWORD}@sentry.example/1"),
        ("SENTRY_DSN", f"https://{PASSWORD}\u2100@sentry.example/1"),
        ("SENTRY_DSN", f"https://{PASSWORD}@sentry.example/{PASSWORD}"),
        ("SENTRY_DSN", f"https://{PASSWORD}@sentry.example"),
        ("SENTRY_DSN", f"https://key@sentry.example:{PASSWORD}/1"),
        ("SENTRY_DSN", f"ftp://{PASSWORD}@sentry.example/1"),
        ("LEADS_NAMESPACE", f"{PASSWORD}!"),
    ],
)
def test_no_error_holds_a_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({name: value})
    assert str(caught.value).startswith(f"{name}: ")
    shown: BaseException | None = caught.value
    while shown is not None:  # as a traceback would show them
        assert PASSWORD not in str(shown)
        shown = None if shown.__suppress_context__ else shown.__context__


def test_no_repr_holds_a_secret() -> None:
    settings = load(
        {
            "LEADS_REDIS_URL": f"redis://:{PASSWORD}@h",
            "LEADS_API_TOKEN": TOKEN,
            "LEADS_API_PROXY": f"http://ana:{PASSWORD}@proxy:3128",
            "SENTRY_DSN": f"https://{PASSWORD}@sentry.example/1",
        }
    )
    assert settings.api_token == TOKEN
    shown = repr(settings) + str(settings) + f"{settings}"
    assert PASSWORD not in shown
    assert TOKEN not in shown


def test_a_secret_alone_does_not_show_itself_either() -> None:
    assert repr(Secret(TOKEN)) == f"{Secret(TOKEN)!r}" == ascii(Secret(TOKEN)) == "Secret(***)"
    assert repr([Secret("")]) == "[Secret()]"


def test_a_process_that_delivers_needs_a_token() -> None:
    assert mistakes({}, deliver=True) == [
        "LEADS_API_TOKEN: not set; set it, or LEADS_API_TOKEN_FILE, to the API's Bearer token"
    ]


@pytest.mark.parametrize("text", [TOKEN, f"{TOKEN}\n", f" {TOKEN}\r\n\n"])
def test_a_token_comes_from_a_file_without_the_newline_at_its_end(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "token"
    path.write_text(text, encoding="utf-8")
    settings = load({"LEADS_API_TOKEN_FILE": str(path)}, deliver=True)
    assert settings.api_token == TOKEN
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    "content", [b"", b"\n", f"{TOKEN}\n{TOKEN}\n".encode(), f"Bearer {TOKEN}".encode(), b"\xff\xfe"]
)
def test_a_token_file_holds_one_word(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    (line,) = mistakes({"LEADS_API_TOKEN_FILE": str(path)}, deliver=True)
    assert line == f"LEADS_API_TOKEN_FILE: cannot use {str(path)!r}: expected one word of ASCII"


def test_a_token_file_must_be_there_and_be_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        (line,) = mistakes({"LEADS_API_TOKEN_FILE": str(path)}, deliver=True)
        assert line.startswith("LEADS_API_TOKEN_FILE: expected the path of an existing file")


def test_a_token_file_that_cannot_be_read_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.touch()

    def refuse(self: Path, **_: object) -> str:  # the user that runs tests may read anything
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refuse)
    (line,) = mistakes({"LEADS_API_TOKEN_FILE": str(path)})
    assert line == f"LEADS_API_TOKEN_FILE: cannot use {str(path)!r}: Permission denied"


def test_a_token_and_a_token_file_are_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("another", encoding="utf-8")
    environ = {"LEADS_API_TOKEN": TOKEN, "LEADS_API_TOKEN_FILE": str(path)}
    assert mistakes(environ, deliver=True) == [
        "LEADS_API_TOKEN and LEADS_API_TOKEN_FILE: both are set; set only one"
    ]
