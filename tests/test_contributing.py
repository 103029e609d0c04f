"""CONTRIBUTING.md, CITATION.cff and the hooks say what is there."""

from __future__ import annotations

import re
import tomllib

import pytest
from import_graph import ROOT

from fet_core.paramsfile import read_yaml

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:fet_core|pipeline|studies|docs|metrics)/[\w/.-]*)`", TEXT)))


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_name_is_in_the_file_that_it_is_said_to_be_in() -> None:
    found = re.findall(r"`(fet_core/[\w/]+\.py)` \(`(\w+)`\)", TEXT)
    found += [
        (file, name) for name, file in re.findall(r"`(\w+)` of `(fet_core/[\w/]+\.py)`", TEXT)
    ]
    assert len(found) >= 4
    for file, name in found:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^(class |def |){name}\b", source, re.M), (file, name)


def test_the_rooms_are_the_folders() -> None:
    told = set(re.findall(r"^ {6}(\w+)/ ", TEXT, re.M))
    folders = {path.parent.name for path in (ROOT / "fet_core").glob("*/__init__.py")}
    assert told == folders - {"synthesis"}


def test_the_citation_and_the_hooks_are_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = read_yaml(ROOT / "CITATION.cff")
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    (hooks,) = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    pinned = re.search(r"^ruff==(.+)$", (ROOT / "requirements.lock").read_text("utf-8"), re.M)
    assert pinned is not None
    assert hooks["rev"] == f"v{pinned[1]}"
