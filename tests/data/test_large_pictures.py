"""What a large picture takes in memory while it is read and while its face is moved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from import_graph import ROOT
from PIL import Image
from pydantic import ValidationError

from fet_core.data.pictures import LARGEST, MAX_BYTES, examine, read_picture
from fet_core.face3d import warp
from fet_core.face3d.warp import moved
from fet_core.params import DatasetParams

WIDTH, HEIGHT = 6000, 4000

READ = """
import resource, sys
from pathlib import Path
import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin, JpegImagePlugin
from fet_core.data.pictures import examine, read_picture
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
assert not isinstance(examine(sys.argv[1]), str)
seen = peak()
read_picture(Path(sys.argv[1]), 3)
print((seen - before) * 1024, (peak() - before) * 1024)
"""


def taken(code: str, *arguments: str) -> list[int]:
    """What a child prints of its memory."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.parametrize(
    ("name", "kind", "stored"),
    [
        ("deep.png", np.uint16, 2),
        ("float.tif", np.float32, 4),
        ("colour.jpg", np.uint8, 4),
    ],
)
def test_reading_holds_no_second_whole_picture(
    name: str, kind: type, stored: int, tmp_path: Path
) -> None:
    shape = (HEIGHT, WIDTH, 3) if name.endswith("jpg") else (HEIGHT, WIDTH)
    ramp = np.arange(WIDTH, dtype=np.float32).reshape(1, WIDTH, *[1] * (len(shape) - 2)) / WIDTH
    top = 1.0 if kind is np.float32 else np.iinfo(kind).max
    values = np.broadcast_to((ramp * top).astype(kind), shape)
    options = {"compress_level": 1} if name.endswith("png") else {}
    Image.fromarray(np.ascontiguousarray(values)).save(tmp_path / name, **options)
    looked_at, read = taken(READ, str(tmp_path / name))
    pixels, room = WIDTH * HEIGHT, 180 << 20
    assert looked_at < pixels * stored + room
    assert read < pixels * (stored + 3) + room


MOVE = """
import resource
import numpy as np
from fet_core.face3d.warp import moved
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
picture = np.ones((4000, 3000, 3), np.uint8)
points = np.random.default_rng(0).uniform(1000, 2000, (68, 2))
moved(picture[:200, :200], points / 15, points / 15 + 1)
before = peak()
moved(picture, points, points + np.linspace(-9, 9, 136).reshape(68, 2))
print((peak() - before) * 1024)
"""


def test_moving_takes_less_than_ten_bytes_a_pixel() -> None:
    [used] = taken(MOVE)
    assert used < 12_000_000 * 10 + (60 << 20)


@pytest.mark.parametrize("grey", [False, True])
def test_strips_are_what_the_whole_is(
    grey: bool, face: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (310, 407) if grey else (310, 407, 3), dtype=np.uint8)
    points = face.astype(np.float64) * 3 + (60, 20)
    wanted = points + rng.normal(0, 2, points.shape)
    for eye in (slice(36, 42), slice(42, 48)):
        wanted[eye, 1] = wanted[eye, 1].mean()
    whole = moved(picture, points, wanted)
    monkeypatch.setattr(warp, "_AT_ONCE", 1)
    assert np.array_equal(moved(picture, points, wanted), whole)
    assert not np.array_equal(whole, picture)


@pytest.mark.parametrize(
    ("mode", "each"), [("L", 3), ("RGB", 3), ("I;16", 3), ("RGBA", 4), ("F", 4), ("CMYK", 4)]
)
def test_the_limit_counts_decoded_bytes(mode: str, each: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.new(mode, (40, 25)).save(path)
    limit = 40 * 25 * each
    assert read_picture(path, 1, limit).shape == (25, 40)
    assert str(examine(str(path), limit - 1)).startswith("it is too large: 40×25 pixels, decoded ")


def test_the_limits_in_pixels() -> None:
    assert MAX_BYTES == 3 * 120_000_000
    assert Image.MAX_IMAGE_PIXELS is not None
    told = {"root": "x", "reader": "rafd", "picture_mb": LARGEST // 1_000_000}
    assert DatasetParams.model_validate(told).max_bytes == LARGEST
    with pytest.raises(ValidationError):
        DatasetParams.model_validate(told | {"picture_mb": LARGEST // 1_000_000 + 1})
    assert LARGEST <= 3 * 2 * Image.MAX_IMAGE_PIXELS < LARGEST + 1_000_000
