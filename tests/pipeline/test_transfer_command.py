"""`fet transfer`: the file that it writes, what it says, and how it refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from test_portrait import HAPPY, NEUTRAL, write_model

from fet_core.data.mark import SOURCE_TYPE, origin
from pipeline.cli import main

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(face: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "plus.safetensors", face)


@pytest.fixture
def pictures(repository: Path, tmp_path: Path) -> Path:
    """A folder with a source, a target, two faces in one picture and none."""
    folder = tmp_path / "my pictures"
    folder.mkdir()
    source, target = (Image.open(repository / name) for name in (HAPPY, NEUTRAL))
    source.resize((680, 1024)).save(folder / "source.png")
    target.save(folder / "target.png")
    target.convert("L").save(folder / "grey.png")
    two = np.concatenate([np.array(source), np.array(target)], axis=1)
    Image.fromarray(two).save(folder / "two.png")
    Image.new("RGB", (200, 100)).save(folder / "empty.png")
    return folder


@pytest.fixture
def fet(model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs `fet transfer … --model …`: exit code, output, error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        words = [str(argument) for argument in arguments]
        chosen = [] if "--model" in words else ["--model", str(model)]
        monkeypatch.setattr(sys, "argv", ["fet", "transfer", *words, "--device", "cpu", *chosen])
        with pytest.raises(SystemExit) as stopped:
            main()
        code = stopped.value.code
        assert isinstance(code, int)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def complaint(fet: Call, pictures: Path) -> Callable[..., str]:
    """The one sentence with which a call ends; nothing is written."""

    def call(*arguments: str | Path) -> str:
        before = {p: p.read_bytes() for p in pictures.parent.rglob("*") if p.is_file()}
        code, out, error = fet(*arguments)
        assert code == 2
        assert out == ""
        assert error.startswith("fet: ")
        assert error.count("\n") == 1
        assert {p: p.read_bytes() for p in pictures.parent.rglob("*") if p.is_file()} == before
        return error

    return call


@pytest.fixture(autouse=True)
def _needs_dlib() -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")


def test_a_png_in_a_new_folder_with_the_target_around_the_face(fet: Call, pictures: Path) -> None:
    out = pictures.parent / "new" / "made.png"
    source, target = pictures / "source.png", pictures / "target.png"
    code, said, error = fet(source, target, "-o", out)
    assert (code, error) == (0, "")
    assert said == f"{out}: {target} with the expression of {source}\n"
    made, old = np.array(Image.open(out)), np.array(Image.open(target))
    assert made.shape == old.shape
    assert (made[:60] == old[:60]).all()
    assert (made[-60:] == old[-60:]).all()
    assert (made != old).any()
    assert [path.name for path in out.parent.iterdir()] == ["made.png"]


@pytest.mark.parametrize("name", ["made.jpg", "made.JPEG"])
def test_a_jpeg_over_an_older_one(
    name: str, fet: Call, complaint: Callable[..., str], pictures: Path
) -> None:
    out = pictures / name
    out.write_bytes(b"older")
    words = (pictures / "source.png", pictures / "target.png", "--out", out)
    error = complaint(*words)
    assert f"{out} is there already; choose another with -o, or write over it with --" in error
    assert fet(*words, "--force")[0] == 0
    with Image.open(out) as made:
        assert (made.format, made.size, made.mode) == ("JPEG", (340, 512), "RGB")


def test_a_grey_target_stays_grey(fet: Call, pictures: Path) -> None:
    out = pictures / "out.png"
    assert fet(pictures / "source.png", pictures / "grey.png", "-o", out)[0] == 0
    with Image.open(out) as made:
        assert (made.mode, made.size) == ("L", (340, 512))


def test_source_target_and_result_beside_each_other(fet: Call, pictures: Path) -> None:
    alone, row = pictures / "alone.png", pictures / "row.png"
    two = (pictures / "source.png", pictures / "target.png")
    fet(*two, "-o", alone)
    code, said, _ = fet(*two, "-o", row, "--compare")
    assert code == 0
    assert said == f"{row}: {two[0]}, {two[1]} and the result side by side\n"
    made, single, old = (np.array(Image.open(p)) for p in (row, alone, two[1]))
    assert made.shape == (512, 3 * 340, 3)
    assert (made[:, 340:680] == old).all()
    assert (made[:, 680:] == single).all()


def test_the_colour_profile_goes_along_where_it_fits(fet: Call, pictures: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, kept in (("target", True), ("grey", False)):
        target, out = pictures / f"{name}-profile.png", pictures / "out.jpg"
        Image.open(pictures / f"{name}.png").save(target, icc_profile=profile)
        words = (pictures / "source.png", target, "-o", out, "--intensity", "0", "--force")
        assert fet(*words)[0] == 0
        with Image.open(out) as made:
            assert (made.info.get("icc_profile") == profile) == kept


def test_a_photograph_of_a_phone(fet: Call, pictures: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8825] = "Maker", 6, {29: "2020:02:02"}
    target, out = pictures / "phone.jpg", pictures / "out.jpg"
    Image.open(pictures / "target.png").rotate(90, expand=True).save(target, exif=exif)
    assert b"2020:02:02" in target.read_bytes()
    assert fet(pictures / "source.png", target, "-o", out)[0] == 0
    assert b"2020:02:02" not in out.read_bytes()
    with Image.open(out) as made:
        assert made.size == (340, 512)
        assert (made.getexif()[0x010F], made.getexif()[0x0112]) == ("Maker", 1)
    assert origin(out).source_type == SOURCE_TYPE


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_and_transparency_around_the_face(suffix: str, fet: Call, pictures: Path) -> None:
    own = np.array(Image.open(pictures / "target.png"))
    own = np.minimum(own[..., ::-1].astype(int) * 257 + 11, 65_535).astype(np.uint16)
    alpha = np.full(own.shape[:2], 65_535, np.uint16)
    alpha[:100] = 30_000
    own = np.dstack([own, alpha])
    target, out = pictures / "deep.png", pictures / f"out{suffix}"
    cv2.imwrite(str(target), own)
    assert fet(pictures / "source.png", target, "-o", out)[0] == 0
    made = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert (made.dtype, made.shape) == (np.uint16, own.shape)
    assert (made[..., 3] == alpha).all()
    assert (made[:60] == own[:60]).all()
    assert (made[-60:] == own[-60:]).all()
    assert (made != own).any()


def test_one_of_two_faces(complaint: Callable[..., str], fet: Call, pictures: Path) -> None:
    source, two, out = pictures / "source.png", pictures / "two.png", pictures / "out.png"
    error = complaint(source, two, "-o", out)
    assert f"2 faces were found in {two} (680×512); choose one with --target-face" in error
    assert "from left to right" in error
    assert "--source-face" in complaint(two, source, "-o", out)
    assert "no face 3 among the 2" in complaint(source, two, "-o", out, "--target-face", "3")
    assert fet(source, two, "-o", out, "--target-face", "2")[0] == 0
    made, old = np.array(Image.open(out)), np.array(Image.open(two))
    assert (made[:, :310] == old[:, :310]).all()
    assert (made[:, 340:] != old[:, 340:]).any()


def test_pictures_that_cannot_be_used(complaint: Callable[..., str], pictures: Path) -> None:
    source, out = pictures / "source.png", pictures / "out.png"
    error = complaint(source, pictures / "empty.png", "-o", out)
    assert f"no face was found in {pictures / 'empty.png'} (200×100)" in error
    assert f"no picture {pictures / 'no.png'}" in complaint(pictures / "no.png", source, "-o", out)
    assert f"fet: {pictures} is a folder" in complaint(pictures, source, "-o", out)
    assert f"fet: {pictures} is a folder" in complaint(pictures, pictures, "-o", pictures / "new")
    (pictures / "lost.png").symlink_to("nowhere.png")
    assert "only a link that leads nowhere" in complaint(pictures / "lost.png", source, "-o", out)
    (pictures / "nothing.png").touch()
    assert "the file is empty" in complaint(pictures / "nothing.png", source, "-o", out)
    assert "/dev/null is a device" in complaint("/dev/null", source, "-o", out)
    (pictures / "half.png").write_bytes(source.read_bytes()[:5000])
    assert "half.png cannot be used" in complaint(source, pictures / "half.png", "-o", out)


@pytest.mark.parametrize("intensity", ["nan", "-1", "2.5", "inf"])
def test_an_intensity_out_of_range(
    intensity: str, complaint: Callable[..., str], pictures: Path
) -> None:
    two = (pictures / "source.png", pictures / "target.png")
    error = complaint(*two, "-o", pictures / "out.png", "--intensity", intensity)
    assert "choose one from 0" in error


def test_a_mouth_that_there_is_not(complaint: Callable[..., str], pictures: Path) -> None:
    two = (pictures / "source.png", pictures / "target.png")
    error = complaint(*two, "-o", pictures / "out.png", "--mouth", "mine")
    assert 'there is no mouth "mine"; choose one of auto, source, bank, target' in error


def test_outputs_that_cannot_be(
    complaint: Callable[..., str], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = (pictures / "source.png", pictures / "target.png")
    for name in ("out.gif", "out", "out.png.txt"):
        assert "does not end in .png, .jpg, .jpeg, .webp, .tif or .tiff" in complaint(
            *two, "-o", pictures / name
        )
    (pictures / "folder.png").mkdir()
    assert "is a folder" in complaint(*two, "-o", pictures / "folder.png")
    assert "would overwrite" in complaint(*two, "-o", two[0])
    (pictures / "link.png").hardlink_to(two[1])
    assert "would overwrite" in complaint(*two, "-o", pictures / "link.png")
    monkeypatch.chdir(pictures)
    assert "would overwrite" in complaint(*two, "-o", "target.png")
    for name in ("out.png", "new/out.png"):
        assert f"{two[0]} is a file, not a folder" in complaint(*two, "-o", two[0] / name)
    assert "/dev/null is a file, not a folder" in complaint(*two, "-o", "/dev/null/x.png")


@pytest.mark.parametrize("length", [300, 5000])
def test_names_that_no_file_can_have(
    length: int, complaint: Callable[..., str], pictures: Path
) -> None:
    source, target, out = (pictures / name for name in ("source.png", "target.png", "out.png"))
    long = "a" * length + ".png"
    for given in ((long, target, "-o", out), (source, long, "-o", out)):
        assert "there is no picture aaa" in complaint(*given)
    for name in (long, f"{'a' * length}/out.png"):
        assert "cannot be written (File name too long)" in complaint(source, target, "-o", name)
    error = complaint(source, target, "-o", out, "--model", long)
    assert f"({length + 4} characters) (File name too long); name a file that" in error
    assert len(error) < 500


def test_as_long_a_name_as_a_file_can_have(fet: Call, pictures: Path) -> None:
    out = pictures / f"{'ä' * 125}.png"
    assert fet(pictures / "source.png", pictures / "target.png", "-o", out)[0] == 0
    assert Image.open(out).size == (340, 512)


def test_what_is_not_installed_or_not_there(
    complaint: Callable[..., str], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = (pictures / "source.png", pictures / "target.png", "-o", pictures / "out.png")
    assert "there is no model at no.safetensors" in complaint(*two, "--model", "no.safetensors")
    error = complaint(*two, "--model", pictures)
    assert f"{pictures} is a folder; name a file that `fet export` has written" in error
    (pictures / "nothing.safetensors").touch()
    assert "is damaged" in complaint(*two, "--model", pictures / "nothing.safetensors")
    monkeypatch.setitem(sys.modules, "dlib", None)
    assert "dlib is not installed; install the package dlib-bin" in complaint(*two)
