"""The small project after its first run, without and with the full table; a copy a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import DEMO, Project, make_project


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first `dvc repro`, all committed."""
    if not DEMO.is_dir():
        pytest.skip("data/demo/rafd is not there")
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(base: Project, tmp_path: Path) -> Project:
    """A copy of the base project."""
    return base.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def full_base(base: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The base project after a `dvc repro -P`, which makes the full table too, all committed."""
    project = base.copy(tmp_path_factory.mktemp("full") / "project")
    project.dvc("repro", "-P")
    project.commit("full table")
    return project


@pytest.fixture
def full(full_base: Project, tmp_path: Path) -> Project:
    """A copy of the project with the full table."""
    return full_base.copy(tmp_path / "copy")
