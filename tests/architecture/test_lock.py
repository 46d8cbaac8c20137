"""The lock belongs to pyproject.toml, and installs from whatever index a machine uses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
RUN = "ops/lock/update makes the lock anew"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> dict[str, str]:
    """Each package's requirement line in a lock, with its version and marker, hashes left out."""
    text = (ROOT / "ops" / "lock" / f"{lock}.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9._-]+)(==[^\\\n]+)", text, re.MULTILINE)
    return {name: rest.strip() for name, rest in found}


def wanted(*extras: str) -> list[Requirement]:
    optional = PROJECT["project"]["optional-dependencies"]
    words = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    words += [word for extra in extras for word in optional[extra]]
    return [r for r in map(Requirement, words) if r.name != PROJECT["project"]["name"]]


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("runtime", ("worker", "ops", "embedded")),
        ("dev", ("worker", "ops", "embedded", "dev")),
    ],
)
def test_the_lock_holds_each_dependency_in_a_version_that_is_allowed(
    lock: str, extras: tuple[str, ...]
) -> None:
    pinned = pins(lock)
    for requirement in wanted(*extras):
        assert requirement.name in pinned, RUN
        version = pinned[requirement.name].removeprefix("==").split(";")[0].strip()
        assert requirement.specifier.contains(version), RUN


def test_the_dev_lock_holds_all_of_the_runtime_lock() -> None:
    assert pins("runtime").items() <= pins("dev").items(), RUN


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_each_pin_has_a_hash_and_none_names_an_index(lock: str) -> None:
    text = (ROOT / "ops" / "lock" / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    entries = re.findall(r"^\S+==(?:.*\\\n)+.*$", text, re.MULTILINE)
    assert len(entries) == len(pins(lock))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_a_backend_app_gets_redis_alone() -> None:
    assert [Requirement(word).name for word in PROJECT["project"]["dependencies"]] == ["redis"]
