"""Reading pictures: every mode to 8-bit grey or RGB, and every kind of damage to a reason."""

from __future__ import annotations

import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from fet_core.data.pictures import conversion_needed, describe, examine, read_picture
from fet_core.errors import UserError

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (6, 9), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)


def save(path, image, **options):
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(path, **options)
    return path


def luma(rgb: np.ndarray) -> np.ndarray:
    return np.rint(rgb.astype(float) @ [0.299, 0.587, 0.114])


def needed(path, channels: int) -> str:
    assert describe(path) == describe(path, decode=True) == examine(str(path))
    return conversion_needed(describe(path), channels)


def test_grey_and_colour_as_stored(tmp_path):
    grey, colour = save(tmp_path / "g.png", GREY), save(tmp_path / "c.png", COLOUR)
    assert (read_picture(grey, 1) == GREY).all()
    assert (read_picture(grey, 3) == GREY[..., None]).all()
    assert read_picture(grey, 3).shape == (6, 9, 3)
    assert (read_picture(colour, 3) == COLOUR).all()
    assert np.abs(read_picture(colour, 1) - luma(COLOUR)).max() <= 1
    assert read_picture(colour, 1).dtype == np.uint8
    info = describe(colour)
    assert (info.width, info.height, info.channels, info.mode) == (9, 6, 3, "RGB")
    assert describe(grey).channels == 1
    assert [needed(grey, 1), needed(grey, 3), needed(colour, 3)] == ["", "", ""]
    assert needed(colour, 1) == "colour to grey"


def test_what_is_read_may_be_written_to(tmp_path):
    read_picture(save(tmp_path / "g.png", GREY), 1)[0, 0] = 7


def test_channels_must_be_one_or_three(tmp_path):
    with pytest.raises(ValueError, match="channels is 2"):
        read_picture(save(tmp_path / "g.png", GREY), 2)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey(tmp_path, suffix):
    deep = RNG.integers(0, 65536, (6, 9)).astype(np.uint16)
    deep[0, :3] = 0, 65535, 128 * 257 + 128
    path = save(tmp_path / f"deep.{suffix}", deep)
    assert (read_picture(path, 1) == np.rint(deep / 257)).all()
    assert read_picture(path, 1)[0, :3].tolist() == [0, 255, 128]
    assert (read_picture(path, 3) == np.rint(deep / 257)[..., None]).all()
    assert describe(path).channels == 1
    assert needed(path, 1) == "16-bit to 8-bit"


def test_16_bit_colour_is_told(tmp_path):
    """Pillow reads it as 8-bit RGB without a word."""
    row = b"\0" + struct.pack(">9H", *range(0, 9000, 1000))
    path = tmp_path / "deep.png"
    path.write_bytes(png(3, 1, row, depth=16, kind=2))
    assert read_picture(path, 3).shape == (1, 3, 3)
    assert needed(path, 3) == "16-bit to 8-bit"


@pytest.mark.parametrize(("top", "scale"), [(65535, 257), (255, 1), (70000, 257)])
def test_32_bit_integers(tmp_path, top, scale):
    values = np.array([[0, top // 2, top]], dtype=np.int32)
    path = save(tmp_path / "i.tif", values)
    assert describe(path).mode == "I"
    assert read_picture(path, 1).tolist() == [
        np.clip(np.rint(values / scale), 0, 255)[0].astype(int).tolist()
    ]
    assert needed(path, 1) == "32-bit to 8-bit"


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 100.4, 300.0], [0, 100, 255])],
)
def test_floats(tmp_path, values, expected):
    path = save(tmp_path / "f.tif", np.array([values], dtype=np.float32))
    assert read_picture(path, 1).tolist() == [expected]
    nan = save(tmp_path / "nan.tif", np.array([[np.nan, 1.0]], dtype=np.float32))
    assert read_picture(nan, 1).tolist() == [[0, 255]]
    assert needed(path, 1) == "float to 8-bit"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_floats_none_of_which_is_finite_are_refused(tmp_path, value):
    path = save(tmp_path / "f.tif", np.full((3, 4), value, dtype=np.float32))
    with pytest.raises(UserError, match="none of its values is a finite number"):
        read_picture(path, 1)


@pytest.mark.parametrize("most", [1.02, 40.0])
def test_a_float_beyond_1_does_not_turn_the_rest_black(tmp_path, most):
    values = np.tile(np.float32([0.0, 0.25, 0.5, 1.0]), (25, 1))
    values[0, 0] = most
    path = save(tmp_path / "f.tif", values)
    assert read_picture(path, 1)[1].tolist() == [0, 64, 128, 255]
    assert read_picture(path, 1)[0, 0] == 255


def test_floats_of_another_scale_are_refused(tmp_path):
    path = save(tmp_path / "f.tif", np.array([[0.0, 30000.0, 65535.0]], dtype=np.float32))
    said = "its floating-point values go to 65535, neither from 0 to 1 nor from 0 to 255"
    assert examine(str(path)) == said
    with pytest.raises(UserError, match=said):
        read_picture(path, 1)


def test_an_integer_beyond_255_does_not_turn_the_rest_black(tmp_path):
    path = save(tmp_path / "i.tif", np.array([[0, 100, 200, 300]], dtype=np.int32))
    assert read_picture(path, 1).tolist() == [[0, 100, 200, 255]]


def test_one_bit(tmp_path):
    path = save(tmp_path / "b.png", Image.fromarray(GREY > 127))
    assert (read_picture(path, 1) == np.where(GREY > 127, 255, 0)).all()
    assert needed(path, 1) == "1-bit to 8-bit"
    assert describe(path).channels == 1


def test_transparency_is_laid_over_white(tmp_path):
    alpha = np.full((6, 9, 1), 255, np.uint8)
    alpha[:, :3], alpha[:, 3:5] = 0, 128
    path = save(tmp_path / "a.png", np.concatenate([COLOUR, alpha], axis=2))
    read = read_picture(path, 3)
    assert (read[:, :3] == 255).all()
    assert (read[:, 5:] == COLOUR[:, 5:]).all()
    half = COLOUR[:, 3:5] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(read[:, 3:5] - half).max() <= 1
    assert describe(path).channels == 3
    assert needed(path, 3) == "alpha over white"
    assert needed(path, 1) == "alpha over white; colour to grey"

    grey = save(tmp_path / "la.png", np.concatenate([GREY[..., None], alpha], axis=2))
    assert (read_picture(grey, 1)[:, :3] == 255).all()
    assert (read_picture(grey, 1)[:, 5:] == GREY[:, 5:]).all()
    assert describe(grey).channels == 1
    assert needed(grey, 1) == "alpha over white"


def test_palette_with_and_without_transparency(tmp_path):
    image = Image.fromarray(COLOUR).quantize(16)
    path = save(tmp_path / "p.png", image)
    assert describe(path).mode == "P"
    assert describe(path).channels == 3
    assert (read_picture(path, 3) == np.asarray(image.convert("RGB"))).all()
    assert needed(path, 3) == "palette to RGB"
    assert needed(path, 1) == "palette to RGB; colour to grey"

    clear = save(tmp_path / "t.png", image, transparency=int(np.asarray(image)[0, 0]))
    assert read_picture(clear, 3)[0, 0].tolist() == [255, 255, 255]
    assert needed(clear, 3) == "alpha over white; palette to RGB"


def test_cmyk(tmp_path):
    path = save(tmp_path / "k.jpg", Image.fromarray(COLOUR).convert("CMYK"), quality=95)
    assert read_picture(path, 3).shape == (6, 9, 3)
    assert describe(path).channels == 3
    assert needed(path, 3) == "CMYK to RGB"


@pytest.mark.parametrize("kind", ["jpg", "png", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, kind, orientation):
    """Each orientation turned back gives the same upright picture."""
    upright = np.zeros((16, 32), np.uint8)
    upright[:8, :8], upright[8:, :8] = 250, 120
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind == "jpg" else {}
    path = save(tmp_path / f"o.{kind}", np.ascontiguousarray(stored), exif=exif, **options)
    assert np.abs(read_picture(path, 1).astype(int) - upright).max() <= 8
    info = describe(path)
    assert (info.width, info.height) == (32, 16)
    assert needed(path, 1) == ("" if orientation == 1 else "turned upright")


def test_broken_exif_leaves_the_picture_as_it_is(tmp_path):
    path = save(tmp_path / "x.jpg", COLOUR, exif=b"Exif\0\0II*\0\xff\xff\xff\xff", quality=95)
    assert read_picture(path, 3).shape == (6, 9, 3)
    assert needed(path, 3) == ""


def test_unicode_and_spaces_in_the_path(tmp_path):
    folder = tmp_path / "Zoë's фото"
    folder.mkdir()
    assert (read_picture(save(folder / "é è.png", GREY), 1) == GREY).all()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, raw: bytes, depth: int = 8, kind: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def damaged() -> dict[str, tuple[bytes, str]]:
    """File content -> what its reason says."""
    return {
        "empty.png": (b"", "the file is empty"),
        "text.png": (b"not a picture at all", "not a PNG, JPEG or TIFF picture"),
        "postscript.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a PNG"),
        "header.png": (b"\x89PNG\r\n\x1a\n", ""),
        "bomb.png": (png(60000, 60000, b""), "too large"),
        "large.png": (png(12000, 11000, b""), "too large: 12000×11000"),
        "flat.png": (png(0, 5, b""), ""),
        "short.png": (png(100, 100, b"\0" * 50), "truncated or damaged"),
    }


@pytest.mark.parametrize("name", damaged())
def test_damage_is_a_reason(tmp_path, name):
    content, reason = damaged()[name]
    path = tmp_path / name
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = examine(str(path))
    assert isinstance(found, str)
    assert found
    assert reason in found
    assert "\n" not in found
    with pytest.raises(UserError, match=name) as caught:
        read_picture(path, 1)
    assert found in str(caught.value)
    with pytest.raises(UserError, match=name):
        describe(path, decode=True)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_truncated_pictures(tmp_path, kind, share):
    whole = save(tmp_path / f"w.{kind}", RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(data[: int(len(data) * share)])
    assert isinstance(examine(str(whole)), type(describe(whole)))
    assert isinstance(examine(str(cut)), str)
    with pytest.raises(UserError, match=r"cut\."):
        read_picture(cut, 3)


def test_noise_never_escapes_as_another_exception(tmp_path):
    """Bytes of whole pictures flipped at random: a description or a reason, nothing else."""
    path = tmp_path / "n"
    for kind in ("png", "jpg", "tif", "gif", "bmp", "webp"):
        data = save(tmp_path / f"w.{kind}", COLOUR).read_bytes()
        for seed in range(40):
            broken = bytearray(data)
            for place in np.random.default_rng(seed).integers(0, len(data), 4):
                broken[place] ^= 0xFF
            path.write_bytes(broken)
            assert examine(str(path))


@pytest.mark.parametrize("level", [0, 6])
def test_a_changed_byte_of_a_png_is_always_noticed(tmp_path, level):
    """Pillow does not look at the checksums of the pixels."""
    whole = save(tmp_path / "w.png", COLOUR, compress_level=level).read_bytes()
    start = whole.index(b"IDAT")
    path = tmp_path / "n.png"
    for place in range(start + 4, whole.index(b"IEND") - 4):
        for mask in (1, 0x80):
            broken = bytearray(whole)
            broken[place] ^= mask
            path.write_bytes(broken)
            assert "damaged" in str(examine(str(path))), place
    with pytest.raises(UserError, match=r"it is damaged: the checksum of its part IDAT is wrong"):
        read_picture(path, 3)


def test_a_folder_and_a_missing_file_are_reasons(tmp_path):
    assert "cannot be opened: Is a directory" in str(examine(str(tmp_path)))
    assert "cannot be opened: No such file" in str(examine(str(tmp_path / "gone.png")))
