"""A whole, tiny set: files, resuming, the cast's table, the command's mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fet_core.errors import UserError
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.produce import Order, demo_order, full_order, produce

TINY = Order("ckplus", 1, 1, (96, 74), frames=(2, 2))


def table(folder: Path, **changes: Any) -> None:
    content = {"set": "ckplus", "seed": 1, "people": [{"slot": 0, "draw": 0}]} | changes
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ckplus-cast.json").write_text(json.dumps(content))


def test_a_set_is_made_whole_and_only_what_is_missing_is_made_again(
    studio: object, assets: Assets, tmp_path: Path
) -> None:
    table(tmp_path)
    assert produce(TINY, assets.root, tmp_path, processes=1) == 6
    root = tmp_path / "ckplus"
    pictures = sorted((root / "cohn-kanade-images").glob("S005/*/S*.png"))
    assert [path.name for path in pictures[:2]] == [
        "S005_001_00000001.png",
        "S005_001_00000002.png",
    ]
    assert len(list(root.glob("Emotion/S005/*/*_emotion.txt"))) == 3
    assert not list(root.rglob("*.part*"))
    before = {path: path.read_bytes() for path in pictures}
    assert produce(TINY, assets.root, tmp_path, processes=1) == 0
    pictures[3].unlink()
    assert produce(TINY, assets.root, tmp_path, processes=1) == 1
    assert {path: path.read_bytes() for path in pictures} == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 2}, "seed 2"),
        ({"set": "rafd"}, "cast of rafd"),
        ({"people": [{"slot": 0}]}, "not a table"),
    ],
)
def test_a_table_of_something_else_is_refused(
    assets: Assets, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    table(tmp_path, **changes)
    with pytest.raises(UserError, match=words):
        produce(TINY, assets.root, tmp_path, processes=1)


def test_missing_assets_say_where_they_come_from(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="makehumancommunity"):
        produce(TINY, tmp_path / "nowhere", tmp_path, processes=1)


def test_orders_have_the_promised_sizes() -> None:
    assert full_order("rafd", 1).people == 67
    assert full_order("rafd", 1).size == (681, 1024)
    assert full_order("rafd", 1).everything
    assert demo_order("rafd", 1).people >= 24
    assert demo_order("ckplus", 1).people >= 20


def test_the_command_asks_for_what_is_missing() -> None:
    from typer.testing import CliRunner

    from pipeline.synthesize import app

    for arguments in (["rafd", "--out", "x"], ["--out", "x"], ["ckplus", "--assets", "x"]):
        result = CliRunner().invoke(app, arguments)
        assert isinstance(result.exception, UserError)
    assert "makehumancommunity" in CliRunner().invoke(app, ["--help"]).output.replace("\n", "")
