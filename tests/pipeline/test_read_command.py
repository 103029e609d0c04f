"""`fet read`: pose and units of photographs, and what it says to a user's mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
from fet_core.data.mark import origin
from fet_core.errors import UserError
from pipeline.face import read

HAPPY = "data/demo/rafd/Rafd090_28_Caucasian_male_happy_frontal.jpg"
NEUTRAL = "data/demo/rafd/Rafd090_28_Caucasian_male_neutral_frontal.jpg"
SURPRISED = "data/demo/rafd/Rafd090_28_Caucasian_male_surprised_frontal.jpg"


def lines(repository: Path, capsys: pytest.CaptureFixture[str], *names: str) -> list[dict]:
    read([repository / name for name in names], as_json=True)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_units_are_those_of_the_expression(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    happy, rest, surprised = lines(repository, capsys, HAPPY, NEUTRAL, SURPRISED)
    assert happy["units"]["mouthSmileLeft"] > rest["units"]["mouthSmileLeft"] + 0.1
    assert surprised["units"]["jawOpen"] > rest["units"]["jawOpen"] + 0.05
    for one in (happy, rest, surprised):
        assert max(abs(one[name]) for name in ("yaw", "pitch", "roll")) < 15
        assert one["error"] < 0.05
        assert one["face"] == 1
        assert all(0 <= value <= 1.3 for value in one["units"].values())


def test_a_table_names_the_strongest_first(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read([repository / HAPPY])
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{repository / HAPPY}, face 1: yaw ")
    values = [float(row.split()[1]) for row in rows]
    assert values == sorted(values, reverse=True)
    assert min(values) >= 0.1


def test_pictures_that_cannot_be_read(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no picture"):
        read([tmp_path / "none.png"])
    Image.fromarray(np.full((90, 90), 128, np.uint8)).save(tmp_path / "flat.png")
    with pytest.raises(UserError, match=r"no face was found in .*flat\.png"):
        read([repository / HAPPY, tmp_path / "flat.png"])
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(UserError, match="is not a PNG"):
        read([tmp_path / "text.png"])


def test_the_fit_is_drawn_over_the_photograph(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "drawn.png"
    read([repository / HAPPY], draw=out)
    made, own = np.array(Image.open(out)), np.array(Image.open(repository / HAPPY))
    assert made.shape == own.shape
    changed = (made != own).any(axis=2)
    assert 0.01 < changed.mean() < 0.2
    assert not changed[:40].any()
    with pytest.raises(UserError, match="draws over one photograph"):
        read([repository / HAPPY, repository / NEUTRAL], draw=out)
    with pytest.raises(UserError, match="is there already; choose another with --draw"):
        read([repository / HAPPY], draw=out)
    read([repository / HAPPY], draw=out, force=True)
    assert origin(out).program is None
    copy = tmp_path / "own.png"
    Image.open(repository / HAPPY).save(copy)
    with pytest.raises(UserError, match="would overwrite"):
        read([copy], draw=copy)
