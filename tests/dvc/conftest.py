"""The small project after its first run, without and with the full table; a copy a test."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from small_project import DEMO, Project, make_project


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first `dvc repro`, all committed.

    Making it takes minutes. Where FET_SMALL_PROJECT names a folder it is kept there, for the next
    run of tests of the same tree.
    """
    if not DEMO.is_dir():
        pytest.skip("data/demo/rafd is not there")
    folder, named = tmp_path_factory.mktemp("project"), os.environ.get("FET_SMALL_PROJECT")
    if named is None:
        return make_project(folder)
    kept = Path(named)
    if not kept.is_dir():
        made = make_project(folder).copy(kept.with_name(f"{kept.name}-{folder.parent.name}"))
        with suppress(OSError):  # another worker was first
            made.folder.rename(kept)
    return Project(kept).copy(folder / "copy")


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
