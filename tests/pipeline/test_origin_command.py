"""`fet origin`: what it says of made pictures and of others, and of what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fet_core.data.encode import WRITTEN, encode
from fet_core.data.mark import SOURCE_TYPE, program
from fet_core.errors import UserError
from pipeline.origin import origin

NOISE = np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for suffix in WRITTEN:
        (tmp_path / f"made{suffix}").write_bytes(encode(NOISE, suffix, mark=True))
    Image.fromarray(NOISE).save(tmp_path / "own.png")
    Image.fromarray(NOISE).save(tmp_path / "theirs.jpg", xmp=b'<a b:DigitalSourceType="x/y"/>')
    return tmp_path


def test_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    origin([folder])
    made = sorted(f"{folder}/made{suffix}: made by {program()}" for suffix in WRITTEN)
    assert capsys.readouterr().out.splitlines() == [
        *made,
        f"{folder}/own.png: no mark found",
        f"{folder}/theirs.jpg: no mark of FET, but another program's: x/y",
    ]


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    origin([folder / "made.jpg", folder / "own.png"], as_json=True)
    made, own = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert made == {
        "picture": f"{folder}/made.jpg",
        "made_by": program(),
        "digital_source_type": SOURCE_TYPE,
    }
    assert own == {
        "picture": f"{folder}/own.png",
        "made_by": None,
        "digital_source_type": None,
    }


def test_files_that_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(UserError, match=r"bad\.png cannot be used.*\nfet: 1 of 2 pictures failed"):
        origin([folder / "bad.png", folder / "own.png"])
    assert capsys.readouterr().out == f"{folder}/own.png: no mark found\n"
    with pytest.raises(UserError, match="there is no picture"):
        origin([folder / "none.png"])
