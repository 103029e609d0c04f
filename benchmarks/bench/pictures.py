"""As many photographs as are wanted: demo faces, each a little turned, shifted and lit otherwise.

In shape and names they are those of RaFD (681×1024, colour) and of CK+ (640×490, grey), so that the
readers of those sets take them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fet_core.tables import EXPRESSIONS

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
COLOUR, GREY = (681, 1024), (640, 490)
_CAMERAS = ("090", "045", "135", "000", "180")
_GAZES = ("frontal", "left", "right")
_PEAK = 2


def demo_faces() -> list[Path]:
    """The frontal photographs of the demo."""
    return sorted(DEMO.glob("rafd/Rafd090_*.jpg"))


def varied(picture: NDArray[np.uint8], size: tuple[int, int], number: int) -> NDArray[np.uint8]:
    """A photograph at a size [width, height], changed a little, and otherwise for each number.

    A photograph that is too high for the shape loses the same above the hair and below the chin.
    """
    rng = np.random.default_rng(number)
    width, height = size
    turn, zoom, x, y, gain, lift = rng.uniform(-1, 1, 6)
    scale = width / picture.shape[1] * (1 + 0.03 * zoom)
    middle = (picture.shape[1] / 2, picture.shape[0] * 0.48)
    matrix = cv2.getRotationMatrix2D(middle, 3 * turn, scale)
    matrix[:, 2] += (
        width / 2 - middle[0] + 0.02 * width * x,
        height / 2 - middle[1] + 0.02 * height * y,
    )
    moved = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.clip(moved * (1 + 0.08 * gain) + 8 * lift, 0, 255).astype(np.uint8)


def rafd_names(count: int) -> Iterator[str]:
    """So many names in RaFD's manner, of as few people as they need, eight at the least."""
    kinds = [
        (camera, expression, gaze)
        for camera in _CAMERAS
        for gaze in _GAZES
        for expression in EXPRESSIONS
    ]
    people = max(-(-count // len(kinds)), 8)
    for number in range(count):
        (camera, expression, gaze), person = kinds[number // people], number % people + 1
        yield f"Rafd{camera}_{person:02d}_Caucasian_male_{expression}_{gaze}.jpg"


def write_colour(folder: Path, count: int) -> Path:
    """Write so many photographs in colour; those that are there already stay.

    Returns:
        the folder, a root for the reader rafd.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faces = demo_faces()
    for number, name in enumerate(rafd_names(count)):
        if not (folder / name).exists():
            picture = np.array(Image.open(faces[number * 7 % len(faces)]).convert("RGB"))
            made = Image.fromarray(varied(picture, COLOUR, number))
            made.save(folder / name, quality=92)
    return folder


def write_grey(folder: Path, count: int) -> Path:
    """Write so many grey photographs, three to a sequence; those that are there already stay.

    Returns:
        the folder, a root for the reader ckplus with two frames for a peak.
    """
    faces = demo_faces()
    for number in range(count):
        sequence, frame = divmod(number, 1 + _PEAK)
        person, part = f"S{sequence + 1:03d}", "001"
        place = folder / "cohn-kanade-images" / person / part
        name = f"{person}_{part}_{frame + 1:08d}"
        if not (place / f"{name}.png").exists():
            place.mkdir(parents=True, exist_ok=True)
            picture = np.array(Image.open(faces[number * 7 % len(faces)]).convert("L"))
            Image.fromarray(varied(picture, GREY, number)).save(place / f"{name}.png")
        if frame == 1:
            label = folder / "Emotion" / person / part
            label.mkdir(parents=True, exist_ok=True)
            peak = f"{person}_{part}_{1 + _PEAK:08d}_emotion.txt"
            (label / peak).write_text(f"   {sequence % 7 + 1}.0000000e+00\n", encoding="utf-8")
    return folder
