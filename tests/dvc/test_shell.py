"""A params file is no program: whatever its words are, the real dvc runs nothing of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from small_project import TOP, Project

WORDS = (
    "x; touch pwned; :",
    "$(touch pwned)",
    "`touch pwned`",
    "a | tee pwned",
    "a && touch pwned",
)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Both pipelines as they are, but for the notes, which are there: nothing has run yet."""
    yaml = YAML()
    stages = yaml.load(TOP / "dvc.yaml")
    del stages["stages"]["probe"]
    yaml.dump(stages, tmp_path / "dvc.yaml")
    (tmp_path / "comparison").mkdir()
    shutil.copy(TOP / "comparison" / "dvc.yaml", tmp_path / "comparison" / "dvc.yaml")
    shutil.copytree(TOP / "probes", tmp_path / "probes")
    shutil.copy(TOP / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.setenv("PYTHONPATH", f"{TOP}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    project = Project(tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / ".dvc").mkdir()
    shutil.copy(TOP / ".dvc" / "config", tmp_path / ".dvc" / "config")
    project.git("init", "-q")
    return project


def rewrite(project: Project, change: Any) -> None:
    yaml, path = YAML(), project.folder / "params.yaml"
    document = yaml.load(path)
    change(document)
    yaml.dump(document, path)


def told_by_repro(project: Project) -> str:
    """What `dvc repro` says, which fails and runs nothing of the params."""
    process = project.start("dvc", "repro")
    said, _ = process.communicate()
    assert process.returncode != 0, said
    assert "Traceback" not in said
    assert [path for path in project.folder.rglob("pwned") if path.is_file()] == [], said
    return said


@pytest.mark.parametrize("word", WORDS)
def test_the_name_of_the_first_data_set(bare: Project, word: str) -> None:
    def change(document: Any) -> None:
        others = document["datasets"]
        document["datasets"] = {word: {"root": "raw", "reader": "rafd"}} | others

    rewrite(bare, change)
    said = f'fet: params.yaml: a data set cannot be called "{word}"; use letters, digits'
    assert said in told_by_repro(bare)


def test_a_section_that_there_is_not(bare: Project) -> None:
    def change(document: Any) -> None:
        document["datasets"] = {"mine": {"root": "raw", "reader": "rafd"}}
        document["tables"] = {"datasets": list(WORDS)}

    rewrite(bare, change)
    assert 'fet: params.yaml: there is no parameter "tables"' in told_by_repro(bare)


def test_a_raw_folder(bare: Project) -> None:
    """DVC looks for it before any command does."""
    word = WORDS[1]

    def change(document: Any) -> None:
        document["datasets"] = {"mine": {"root": word, "reader": "rafd"}}

    rewrite(bare, change)
    assert word in told_by_repro(bare)
