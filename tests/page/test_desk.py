"""What the page does with pictures: bounds, sentences without paths, and files to take away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
from fet_core.data.mark import SOURCE_TYPE, origin
from fet_core.errors import UserError
from fet_core.face3d.edit import unit_names
from fet_core.portrait import Transfer
from pipeline.page import desk as desk_module
from pipeline.page.desk import Desk

RAFD = Path(__file__).parents[2] / "data/demo/rafd"
HAPPY = RAFD / "Rafd090_28_Caucasian_male_happy_frontal.jpg"
NEUTRAL = RAFD / "Rafd090_08_Caucasian_female_neutral_frontal.jpg"


@pytest.fixture(scope="module")
def transfer() -> Transfer:
    return Transfer()


@pytest.fixture
def desk(transfer: Transfer, tmp_path: Path) -> Desk:
    folder = tmp_path / "made"
    folder.mkdir()
    return Desk(transfer, folder)


def test_a_transfer_has_its_file_and_numbers(desk: Desk, transfer: Transfer) -> None:
    made = desk.transferred(HAPPY, NEUTRAL, 1.0, None, None, "auto")
    assert made.before == NEUTRAL
    assert made.after.name == f"{NEUTRAL.stem}-made.jpg"
    assert origin(made.after).source_type == SOURCE_TYPE
    with Image.open(made.after) as image:
        assert image.size == made.size
        stored = np.asarray(image).astype(int)
    assert np.abs(stored - transfer(HAPPY, NEUTRAL)).mean() < 1
    assert list(made.faces) == ["source", "target", "result"]
    assert all(set(face.units) == set(unit_names()) for face in made.faces.values())
    smile = [made.faces[name].units["mouthSmileLeft"] for name in ("target", "result")]
    assert smile[0] + 0.1 < smile[1]


def test_an_edit_of_a_png_loses_nothing(desk: Desk, transfer: Transfer, tmp_path: Path) -> None:
    photo = tmp_path / "photo.PNG"
    Image.open(NEUTRAL).save(photo)
    made = desk.edited(photo, {"jawOpen": 0.8}, None, 1.0, None)
    assert made.after.suffix == ".png"
    assert np.array_equal(Image.open(made.after), transfer.edit(photo, {"jawOpen": 0.8}))
    assert made.faces["result"].units["jawOpen"] > made.faces["photograph"].units["jawOpen"] + 0.1


def test_an_intensity_without_an_expression_counts_for_nothing(desk: Desk) -> None:
    made = [desk.edited(NEUTRAL, {"jawOpen": 0.5}, None, far, None).after for far in (0.5, 1.0)]
    assert made[0].read_bytes() == made[1].read_bytes()


def test_two_pictures_never_get_one_place(desk: Desk) -> None:
    made = [desk.edited(NEUTRAL, {}, name, 1.0, None).after for name in ("happy", "sad")]
    assert made[0] != made[1]
    assert made[0].read_bytes() != made[1].read_bytes()


def test_a_large_picture_is_refused_before_it_is_decoded(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide, heavy = tmp_path / "wide.png", tmp_path / "heavy.jpg"
    Image.new("1", (8000, 6000)).save(wide)
    heavy.write_bytes(HAPPY.read_bytes() + bytes(desk_module.MAX_UPLOAD))

    def decoded(path: Path) -> None:
        raise AssertionError(f"{path} was decoded")

    monkeypatch.setattr(desk_module, "open_picture", decoded)
    with pytest.raises(UserError, match=r"^wide\.png has 8000×6000 pixels; make it smaller"):
        desk.read(wide, None)
    with pytest.raises(UserError, match=r"^heavy\.jpg has 10 MB; make it smaller"):
        desk.read(heavy, None)


def test_mistakes_are_told_in_the_page_s_words(desk: Desk, tmp_path: Path) -> None:
    broken, two, other = tmp_path / "broken.jpg", tmp_path / "two.png", tmp_path / "scan.tif"
    broken.write_bytes(HAPPY.read_bytes()[:9000])
    both = [np.asarray(Image.open(path)) for path in (HAPPY, NEUTRAL)]
    Image.fromarray(np.concatenate(both, axis=1)).save(two)
    Image.open(HAPPY).save(other)
    with pytest.raises(UserError, match=r"^the picture broken\.jpg cannot be used \(it is trunc"):
        desk.read(broken, None)
    with pytest.raises(
        UserError, match=r"were found in the source .*; choose one by its number on"
    ):
        desk.transferred(two, NEUTRAL, 1.0, None, None, "auto")
    with pytest.raises(
        UserError,
        match=r"no face 3 among the 2 found in the photograph .*; choose by its number on",
    ):
        desk.edited(two, {"jawOpen": 0.4}, None, 1.0, 3)
    with pytest.raises(UserError, match=r"browsers do not show scan\.tif; save it as PNG or JPEG"):
        desk.read(other, None)
    with pytest.raises(UserError, match="there is no target yet; upload a picture"):
        desk.transferred(HAPPY, None, 1.0, None, None, "auto")
    with pytest.raises(UserError, match="the photograph was deleted, as it was old; upload it"):
        desk.read(tmp_path / "gone.png", None)


def test_one_of_several_faces_is_read_before_and_after(desk: Desk, tmp_path: Path) -> None:
    two = tmp_path / "two.png"
    both = [np.asarray(Image.open(path)) for path in (HAPPY, NEUTRAL)]
    Image.fromarray(np.concatenate(both, axis=1)).save(two)
    made = desk.edited(two, {"jawOpen": 0.6}, None, 1.0, 2)
    assert list(made.faces) == ["photograph", "result"]
    assert made.faces["photograph"] == desk.read(two, 2)
    assert made.faces["result"].units["jawOpen"] > 0.3
