"""What an installation holds: every folder of the library and of the command, and their data."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from import_graph import ROOT


def folders(top: str, installed: str) -> dict[str, Path]:
    """The folders with files at or below one of the repository, by their names as packages.

    What `fet probe` looks at is of use in a clone alone.
    """
    found = {}
    for folder in [ROOT / top, *(ROOT / top).rglob("*")]:
        if folder.name in ("__pycache__", "probe_faces") or not folder.is_dir():
            continue
        if any(path.is_file() for path in folder.iterdir()):
            parts = folder.relative_to(ROOT / top).parts
            found[".".join((installed, *parts))] = folder
    return found


@pytest.fixture(scope="module")
def setuptools() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["tool"]["setuptools"])


PACKAGES = folders("fet_core", "fet_core") | folders("pipeline", "fet_cli")


def test_every_folder_is_installed_and_pipeline_under_its_own_name(
    setuptools: dict[str, Any],
) -> None:
    assert sorted(setuptools["packages"]) == sorted(PACKAGES)
    assert setuptools["package-dir"] == {"fet_cli": "pipeline"}


@pytest.mark.parametrize(("package", "folder"), PACKAGES.items())
def test_every_file_of_a_package_is_installed(
    package: str, folder: Path, setuptools: dict[str, Any]
) -> None:
    patterns = setuptools["package-data"].get(package, [])
    installed = {path for pattern in ["*.py", *patterns] for path in folder.glob(pattern)}
    hidden = {path for path in folder.iterdir() if path.name.startswith(".")}
    assert {path for path in folder.iterdir() if path.is_file()} - installed - hidden == set()
