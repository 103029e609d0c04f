"""What a changed copy keeps of a photograph's file, for each format that is written."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from fet_core.data.encode import WRITTEN, encode
from fet_core.data.kept import EXIF, ORIENTATION, kept
from fet_core.data.pictures import read_picture
from fet_core.errors import UserError

PHOTO = "data/demo/rafd/Rafd090_08_Caucasian_female_neutral_frontal.jpg"
GPS = 0x8825
PLACE = {1: "N", 2: (52.0, 31.0, 0.0), 29: "2020:02:02"}
TOLD = {0x010F: "Maker", 0x0132: "2020:01:01 10:00:00", 0x8298: "© Jörg"}
INNER = {0x9003: "2020:01:01 09:59:59", 0x829A: 0.01, 0x927C: b"notes of the maker"}


@pytest.fixture
def photo(repository: Path) -> np.ndarray:
    return np.array(Image.open(repository / PHOTO))


@pytest.fixture
def deep(photo: np.ndarray) -> np.ndarray:
    """The photograph with 16 bits, all of which say something."""
    noise = np.random.default_rng(0).integers(-120, 120, photo.shape)
    return np.clip(photo.astype(int) * 257 + noise, 0, 65535).astype(np.uint16)


@pytest.fixture
def fading(photo: np.ndarray) -> np.ndarray:
    """How opaque a picture is that fades out to the left."""
    return np.tile(np.linspace(0, 255, photo.shape[1]).astype(np.uint8), (len(photo), 1))


def exif_of_a_phone() -> Image.Exif:
    exif = Image.Exif()
    for tag, value in TOLD.items():
        exif[tag] = value.encode()
    exif[ORIENTATION], exif[GPS], exif[EXIF] = 6, PLACE, INNER
    return exif


def changed(shown: np.ndarray) -> np.ndarray:
    """A picture that is another one in a square."""
    made = shown.copy()
    made[200:300, 160:320] = made[200:300, 160:320][::-1]
    return made


def as_16_bit(path: Path) -> np.ndarray:
    """What another reader than the library's sees."""
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read.dtype == np.uint16
    return read if read.ndim == 2 else np.dstack([read[..., 2::-1], read[..., 3:]])


def written(path: Path, made: np.ndarray, of: Path, mark: bool = True) -> Path:
    path.write_bytes(encode(made, path.suffix, kept(of), mark))
    return path


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_transparency_survives_and_colours_below_it(
    suffix: str, photo: np.ndarray, fading: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(np.dstack([photo, fading])).save(path)
    shown = read_picture(path, 3)
    made = changed(shown)
    out = written(tmp_path / f"out{suffix}", made, path)
    with Image.open(out) as image:
        assert image.mode == "RGBA"
        found = np.array(image)
    assert (found[..., 3] == fading).all()
    there = (made != shown).any(axis=2)
    assert (found[..., :3] == photo)[~there].all()
    # Seen over white it is what was made, but for what is too dark to show through.
    apart = np.abs(read_picture(out, 3).astype(int) - made)[there]
    assert there.any()
    assert (apart <= 2).mean() > 0.95


def test_a_jpeg_of_a_transparent_picture_lies_over_white(
    photo: np.ndarray, fading: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(np.dstack([photo, fading])).save(path)
    shown = read_picture(path, 3)
    found = read_picture(written(tmp_path / "out.jpg", shown, path), 3)
    assert np.abs(found.astype(int) - shown).mean() < 2


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("kind", ["colour", "grey", "transparent"])
def test_16_bits_survive(
    kind: str, suffix: str, deep: np.ndarray, fading: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    stored = {
        "colour": deep[..., ::-1],
        "grey": deep[..., 1],
        "transparent": np.dstack([deep[..., ::-1], fading.astype(np.uint16) * 257]),
    }[kind]
    cv2.imwrite(str(path), stored)
    shown = read_picture(path, 1 if kind == "grey" else 3)
    made = changed(shown)
    own = as_16_bit(path)
    found = as_16_bit(written(tmp_path / f"out{suffix}", made, path))
    assert found.shape == own.shape
    there = (made != shown) if kind == "grey" else (made != shown).any(axis=2)
    assert there.any()
    assert (found == own)[~there].all()
    if kind != "transparent":
        apart = found[there].astype(int) - made[there].astype(int) * 257
        assert np.abs(apart).max() <= 2 * 257
    with Image.open(tmp_path / f"out{suffix}") as image:
        image.load()  # another reader takes it too
        assert image.size == shown.shape[1::-1]


def test_a_16_bit_tiff_keeps_them_and_a_jpeg_of_it_has_8(deep: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    cv2.imwrite(str(path), deep[..., ::-1])
    shown = read_picture(path, 3)
    assert (as_16_bit(written(tmp_path / "out.tif", shown, path)) == deep).all()
    for name in ("out.jpg", "out.webp"):
        found = read_picture(written(tmp_path / name, shown, path), 3)
        assert np.abs(found.astype(int) - shown).mean() < 2


def test_a_16_bit_picture_on_its_side_is_upright(deep: np.ndarray, tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "photo.tif"
    tags = [(ORIENTATION, 3, 1, 6, True), (50000, 3, 1, 7, True)]
    tifffile.imwrite(path, np.rot90(deep, 1), photometric="rgb", extratags=tags)
    found = as_16_bit(written(tmp_path / "out.png", read_picture(path, 3), path))
    assert (found == deep).all()


def test_nothing_is_said_of_tags_that_nobody_knows(
    deep: np.ndarray, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import tifffile

    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, deep, photometric="rgb", extratags=[(50000, 3, 1, 7, True)])
    assert kept(path).own is not None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", WRITTEN)
def test_exif_survives_without_place_and_thumbnail(
    suffix: str, photo: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(np.rot90(photo, 1)).save(path, exif=exif_of_a_phone(), dpi=(240, 240))
    assert b"2020:02:02" in path.read_bytes()
    shown = read_picture(path, 3)
    out = written(tmp_path / f"out{suffix}", shown, path)
    content = out.read_bytes()
    assert b"2020:02:02" not in content
    assert b"notes of the maker" not in content
    assert "© Jörg".encode() in content
    with Image.open(out) as image:
        assert image.size == photo.shape[1::-1]
        exif = image.getexif()
        assert exif.get(ORIENTATION, 1) == 1
        assert exif[0x010F] == "Maker"
        assert exif[0x0131].startswith("FET ")
        assert exif.get_ifd(GPS) == {}
        inner = exif.get_ifd(EXIF)
        assert inner[0x9003] == "2020:01:01 09:59:59"
        assert inner[0x829A] == pytest.approx(0.01)
        assert (inner[0xA002], inner[0xA003]) == image.size
        if suffix != ".webp":
            assert image.info["dpi"] == pytest.approx((240, 240), abs=0.01)


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("of", [8, 16])
def test_the_profile_survives(
    of: int, suffix: str, photo: np.ndarray, deep: np.ndarray, tmp_path: Path
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path, icc_profile=profile)
    if of == 16:
        first = kept(path)
        plain = tmp_path / "deep.png"
        cv2.imwrite(str(plain), deep[..., ::-1])
        shown = read_picture(plain, 3)
        like = kept(plain)
        path.write_bytes(
            encode(shown, ".png", type(like)(first.profile, {}, None, shown, like.own))
        )
        assert (as_16_bit(path) == deep).all()
    out = written(tmp_path / f"out{suffix}", read_picture(path, 3), path)
    with Image.open(out) as image:
        assert image.info["icc_profile"] == profile


def test_odd_exif_costs_no_picture(photo: np.ndarray, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sound = np.frombuffer(exif_of_a_phone().tobytes(), np.uint8)
    path, small = tmp_path / "photo.jpg", Image.fromarray(photo[:20, :30])
    for _ in range(60):
        odd = sound.copy()
        odd[rng.integers(6, len(odd), 8)] = rng.integers(0, 256, 8)
        small.save(path, exif=odd.tobytes())
        shown = read_picture(path, 3)
        for suffix in WRITTEN:
            out = written(tmp_path / f"out{suffix}", shown, path)
            assert read_picture(out, 3).shape == shown.shape


def test_exif_that_is_too_long_for_a_jpeg(photo: np.ndarray, tmp_path: Path) -> None:
    exif = exif_of_a_phone()
    exif[EXIF] = INNER | {0x9286: b"x" * 70_000}
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path, exif=exif)
    with Image.open(written(tmp_path / "out.jpg", photo, path)) as image:
        assert image.getexif()[0x0131].startswith("FET ")


def test_exif_that_is_no_exif(photo: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(photo).save(path, exif=b"Exif\0\0MM\0*\0\0\0\x08" + b"\xff" * 50)
    assert kept(path).exif == {}


@pytest.mark.parametrize("dpi", [(float("inf"), 72), (0, 0), (1e9, 1e9), ("x", 1), None, (1,)])
def test_a_resolution_that_is_none(dpi: Any) -> None:
    from fet_core.data.kept import _dpi

    image = Image.new("L", (2, 2))
    image.info["dpi"] = dpi
    assert _dpi(image) is None


def test_what_a_format_has_no_room_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"17000×2 pixels cannot be a WEBP .*ends in \.png"):
        encode(np.zeros((2, 17000, 3), np.uint8), ".webp")


def test_a_picture_of_its_own_keeps_nothing_and_is_not_marked(photo: np.ndarray) -> None:
    for suffix in WRITTEN:
        content = encode(photo, suffix)
        assert b"FET" not in content
        assert Image.open(io.BytesIO(content)).size == photo.shape[1::-1]
