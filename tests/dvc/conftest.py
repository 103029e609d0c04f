"""The small project after its first run, made once, and a copy of it for each test."""

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
