"""THIRD_PARTY.md names what the lock files bring, each with a licence."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from import_graph import ROOT

PAGE = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci/licences.py"), run_name="licences")


def test_every_lock_file_is_in_it(script: dict[str, Any]) -> None:
    assert set(script["LOCKS"]) == {path.name for path in ROOT.glob("requirements*.lock")}
    assert PAGE.startswith(script["HEAD"])


def test_the_packages_and_versions_are_those_of_the_lock_files(script: dict[str, Any]) -> None:
    """Where this fails: `python .ci/licences.py` in an environment with all parts."""
    rows = re.findall(r"^\| ([\w.-]+) \| (\d[\w.+-]*) \| (.+) \|$", PAGE, re.M)
    wanted = [package for lock in script["LOCKS"] for package in script["packages"](lock)]
    assert [row[:2] for row in rows] == wanted
    assert all(len(row[2]) > 2 for row in rows)


def test_licences_are_what_the_packages_say(script: dict[str, Any]) -> None:
    for name in ("numpy", "opencv-python-headless", "dlib-bin", "rich"):
        assert f"| {script['licence'](name)} |" in PAGE
    with pytest.raises(SystemExit, match="nobody-has-this is not installed"):
        script["licence"]("nobody-has-this")
