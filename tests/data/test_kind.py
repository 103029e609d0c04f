"""kind.json: what is written is read again, and a value of another type is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fet_core.data.readers import Kind
from fet_core.errors import UserError

GOOD = {"reader": "rafd", "neutral_only": False}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    for kind in (Kind("ckplus", True), Kind("merged", False), Kind("folder", False)):
        kind.write(tmp_path / "kind.json")
        assert Kind.read(tmp_path / "kind.json") == kind


def test_pictures_of_ones_own_stay_private_among_others() -> None:
    rafd, own, merged = Kind("rafd", False), Kind("folder", False), Kind("merged", False)
    assert [kind.private for kind in (rafd, own, merged)] == [False, True, False]
    assert Kind.merged([rafd, Kind("ckplus", True)]) == merged
    assert Kind.merged([rafd, own]).private
    assert Kind.merged([Kind.merged([own, own]), rafd]).private


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("neutral_only", "false", 'has "false" as "neutral_only" where true or false is expected'),
        ("neutral_only", 0, 'has 0 as "neutral_only"'),
        ("neutral_only", None, 'has empty as "neutral_only"'),
        ("reader", 3, 'has 3 as "reader" where a text is expected'),
    ],
)
def test_a_value_of_another_type(tmp_path: Path, name: str, value: Any, said: str) -> None:
    path = tmp_path / "augment" / "kind.json"
    path.parent.mkdir()
    path.write_text(json.dumps(GOOD | {name: value}))
    with pytest.raises(UserError) as error:
        Kind.read(path)
    assert said in str(error.value)
    assert str(error.value).endswith("; run `fet augment` again")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"reader": "rafd"}', "3"])
def test_a_damaged_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "kind.json").write_text(text)
    with pytest.raises(UserError, match=r"kind\.json is damaged"):
        Kind.read(tmp_path / "kind.json")
