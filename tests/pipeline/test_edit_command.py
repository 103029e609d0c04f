"""`fet edit`: what it lists and writes, and what it says to a user's mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
from fet_core.data.mark import SOURCE_TYPE, origin
from fet_core.errors import UserError
from pipeline.face import edit

WOMAN = "data/demo/rafd/Rafd090_08_Caucasian_female_neutral_frontal.jpg"


def test_the_list_names_all_units_and_expressions(capsys: pytest.CaptureFixture[str]) -> None:
    edit(listed=True)
    said = capsys.readouterr().out
    assert "jawOpen" in said
    assert "Expressions: neutral, happy" in said


def test_a_picture_with_units_and_an_expression(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    photo = repository / WOMAN
    edit(photo, ["jawOpen=0.4", " browInnerUp = 0.6"], "happy", 0.8, out, compare=True)
    both = np.array(Image.open(out))
    own = np.array(Image.open(photo))
    assert both.shape == (own.shape[0], 2 * own.shape[1], 3)
    assert np.array_equal(both[:, : own.shape[1]], own)
    assert (both[:, own.shape[1] :] != own).any()
    said = capsys.readouterr().out
    assert said == f"{out}: {photo} with happy, jawOpen 0.4, browInnerUp 0.6\n"
    assert origin(out).source_type == SOURCE_TYPE


def test_a_picture_keeps_what_its_file_has_and_is_marked(repository: Path, tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    with Image.open(repository / WOMAN) as image:
        image.putalpha(200)
        image.save(photo, dpi=(300, 300))
    edit(photo, ["jawOpen=0.4"], out=out)
    with Image.open(out) as made:
        assert made.mode == "RGBA"
        assert made.getchannel("A").getextrema() == (200, 200)
        assert made.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert origin(out).source_type == SOURCE_TYPE
    before = out.read_bytes()
    with pytest.raises(UserError, match="is there already; choose another with -o, or write over"):
        edit(photo, ["jawOpen=0.2"], out=out)
    assert out.read_bytes() == before
    edit(photo, ["jawOpen=0.2"], out=out, force=True)
    assert out.read_bytes() != before
    with pytest.raises(UserError, match="would overwrite the picture"):
        edit(photo, ["jawOpen=0.2"], out=photo, force=True)


def test_mistakes_end_in_a_sentence(repository: Path, tmp_path: Path) -> None:
    photo, out = repository / WOMAN, tmp_path / "out.png"
    with pytest.raises(UserError, match="the intensity is an expression's"):
        edit(photo, ["jawOpen=0.4"], intensity=0.5, out=out)
    with pytest.raises(UserError, match="no expression Happy; did you mean happy"):
        edit(photo, None, "Happy", out=out)
    with pytest.raises(UserError, match=f"{tmp_path} is a folder; name a file in it, as "):
        edit(photo, ["jawOpen=0.4"], out=tmp_path)
    with pytest.raises(UserError, match="name a photograph and with -o what to write"):
        edit(photo, ["jawOpen=0.4"])
    with pytest.raises(UserError, match=r'"jawOpen" is no UNIT=VALUE; write it as jawOpen=0\.3'):
        edit(photo, ["jawOpen"], out=out)
    with pytest.raises(UserError, match="nothing is to be changed"):
        edit(photo, out=out)
    copy = tmp_path / "own.png"
    Image.open(photo).save(copy)
    with pytest.raises(UserError, match="would overwrite the picture"):
        edit(copy, ["jawOpen=0.4"], out=copy)
    assert not out.exists()
