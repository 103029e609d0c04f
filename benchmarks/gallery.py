"""The pictures of docs/transfer.md: `fet transfer` and `fet edit` on demo faces.

python benchmarks/gallery.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fet_core import Transfer
from fet_core.face3d.edit import EXPRESSIONS
from fet_core.files import atomic_path
from fet_core.film.reading import Film
from fet_core.geometry.align import alignment, apply_picture
from fet_core.geometry.eye import Eye
from fet_core.nets.plus_file import SHIPPED
from fet_core.portrait import Picture, open_picture

OUT = Path("docs/pictures")
DEMO = Path("data/demo/rafd")
FILMS = Path("data/demo/films")
SOURCES = (
    "28_Caucasian_male_happy",
    "08_Caucasian_female_surprised",
    "22_Moroccan_male_disgusted",
    "27_Caucasian_female_sad",
    "05_Caucasian_male_angry",
)
MORE = "14_Caucasian_female_contemptuous"
TARGETS = (
    ("14_Caucasian_female_neutral", 0.0),
    ("12_Caucasian_male_neutral", 25.0),
    ("08_Caucasian_female_neutral", -25.0),
    ("15_Moroccan_male_neutral", 0.0),
)
SIDE, SMALL, MARGIN = 220, 150, 100
UNITS = (
    "mouthSmile", "jawOpen", "browInnerUp", "browDown", "eyeBlink", "mouthFunnel", "noseSneer",
    "mouthFrown",
)  # fmt: skip
EVERY = (
    "neutral", "happy", "sad", "surprised", "angry", "fearful", "disgusted", "contemptuous",
)  # fmt: skip
ACTRESS = "08_Caucasian_female"
MOUTHS = (
    ("28_Caucasian_male_happy", "14_Caucasian_female_neutral"),
    ("27_Caucasian_female_surprised", "15_Moroccan_male_neutral"),
    ("08_Caucasian_female_fearful", "28_Caucasian_male_neutral"),
    ("22_Moroccan_male_disgusted", "08_Caucasian_female_happy"),
    ("14_Caucasian_female_happy", "05_Caucasian_male_surprised"),
    ("08_Caucasian_female_neutral", "22_Moroccan_male_happy"),
)
TINY, CLOSE = 110, 2.2
FACES = (
    "14_Caucasian_female_neutral",
    "08_Caucasian_female_neutral",
    "15_Moroccan_male_neutral",
)


def tilted(picture: Picture, degrees: float) -> Picture:
    """A picture turned about its middle."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    made = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)


def padded(picture: Picture) -> Picture:
    """A picture with a white margin, for a face that stands at its edge."""
    sides = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    return np.pad(picture, sides[: picture.ndim], constant_values=255)


def find(name: str) -> Path:
    """The file of a demo face."""
    (path,) = DEMO.glob(f"Rafd090_{name}_frontal.jpg")
    return path


def first_pictures() -> Iterator[Picture]:
    """The first picture of each of the demo's films."""
    for path in sorted(FILMS.glob("*.mp4")):
        yield next(frame.picture for frame in Film(path) if frame.picture is not None)


class Frame:
    """Cuts a face out of pictures; a tilted head stays tilted.

    Args:
        picture: in which the face is found.
        eye: finds it.
        side: of what is cut out, in pixels.
        close: how much nearer than the whole face, to the mouth.
    """

    def __init__(self, picture: Picture, eye: Eye, side: int, close: float = 1.0) -> None:
        points = eye.read(picture, eye.find(picture)[0])
        scale = close * float(np.sqrt(np.linalg.det(alignment(points, side, 0.27, 0.4)[:, :2])))
        middle = points[27 if close == 1 else 48 :].mean(axis=0)
        self._matrix = np.array([[scale, 0, 0], [0, scale, 0]], dtype=np.float64)
        self._matrix[:, 2] = side / 2 - scale * middle
        self._side = side

    def __call__(self, picture: Picture) -> Picture:
        """The face [S, S, 3]."""
        return apply_picture(self._matrix, picture, self._side)


def transferred(transfer: Transfer, eye: Eye) -> Picture:
    """Sources along the top, targets down the side."""
    sources = [open_picture(find(name)) for name in SOURCES]
    empty = np.full((SIDE, SIDE, 3), 255, np.uint8)
    rows = [np.concatenate([empty, *(Frame(one, eye, SIDE)(one) for one in sources)], axis=1)]
    for name, degrees in TARGETS:
        target = tilted(open_picture(find(name)), degrees)
        cut = Frame(target, eye, SIDE)
        rows.append(
            np.concatenate([cut(target), *(cut(transfer(one, target)) for one in sources)], axis=1)
        )
    return np.concatenate(rows)


def scenes(transfer: Transfer, eye: Eye) -> Picture:
    """Faces of the demo's films, each somewhere else, and another person's expressions on them."""
    sources = [open_picture(find(name)) for name in (*SOURCES, MORE)]
    empty = np.full((SMALL, SMALL, 3), 255, np.uint8)
    rows = [np.concatenate([empty, *(Frame(one, eye, SMALL)(one) for one in sources)], axis=1)]
    for target in first_pictures():
        cut = Frame(padded(target), eye, SMALL)
        made = [target, *(transfer(one, target) for one in sources)]
        rows.append(np.concatenate([cut(padded(one)) for one in made], axis=1))
    return np.concatenate(rows)


def everyone(transfer: Transfer, eye: Eye) -> Picture:
    """All expressions of one face along the top, ten targets down the side."""
    sources = [open_picture(find(f"{ACTRESS}_{one}")) for one in EVERY]
    shown = [padded(tilted(open_picture(find(name)), degrees)) for name, degrees in TARGETS]
    shown += [padded(open_picture(find(name))) for name in (MOUTHS[3][0], MOUTHS[4][1])]
    shown += [padded(one) for one in first_pictures()]
    empty = np.full((TINY, TINY, 3), 255, np.uint8)
    rows = [np.concatenate([empty, *(Frame(one, eye, TINY)(one) for one in sources)], axis=1)]
    for target in shown:
        cut = Frame(target, eye, TINY)
        made = [target, *(transfer(one, target) for one in sources)]
        rows.append(np.concatenate([cut(one) for one in made], axis=1))
    return np.concatenate(rows)


def mouths(transfer: Transfer, eye: Eye) -> Picture:
    """Mouths in large: the source's, the target's, by the networks of before, and now."""
    networks = Transfer(SHIPPED, "cpu")
    rows = []
    for names in MOUTHS:
        source, target = (open_picture(find(name)) for name in names)
        made = (target, networks(source, target), transfer(source, target))
        cuts = [Frame(source, eye, SIDE, CLOSE)(source)]
        around = Frame(target, eye, SIDE, CLOSE)
        rows.append(np.concatenate([*cuts, *(around(one) for one in made)], axis=1))
    half = len(rows) // 2
    return np.concatenate([np.concatenate(rows[:half]), np.concatenate(rows[half:])], axis=1)


def wrong(transfer: Transfer, eye: Eye) -> Picture:
    """What looks wrong: the photograph, and what was made of it, side by side."""
    calm = open_picture(find(FACES[0]))
    shut = transfer.edit(calm, {"eyeBlinkLeft": 1, "eyeBlinkRight": 1})
    happy = open_picture(find("05_Caucasian_male_happy"))
    wide = open_picture(find(MOUTHS[4][1]))
    pairs = (
        (calm, shut),
        (shut, transfer(happy, shut)),
        (happy, transfer(calm, happy)),
        (wide, transfer(open_picture(find(MOUTHS[4][0])), wide)),
    )
    rows = [
        np.concatenate([Frame(one, eye, SIDE)(picture) for picture in (one, made)], axis=1)
        for one, made in pairs
    ]
    half_way = len(rows) // 2
    return np.concatenate(
        [np.concatenate(rows[:half_way]), np.concatenate(rows[half_way:])], axis=1
    )


def units(transfer: Transfer, eye: Eye) -> Picture:
    """One face with each of some units from 0 to 1."""
    photo = open_picture(find(FACES[0]))
    cut = Frame(photo, eye, SMALL)
    return np.concatenate(
        [
            np.concatenate(
                [cut(transfer.edit(photo, {unit: value})) for value in (0, 0.25, 0.5, 0.75, 1)],
                axis=1,
            )
            for unit in UNITS
        ]
    )


def expressions(transfer: Transfer, eye: Eye) -> Picture:
    """Some faces as they are, and with each expression."""
    rows = []
    for name in FACES:
        photo = open_picture(find(name))
        cut = Frame(photo, eye, SMALL)
        made = [cut(transfer.edit(photo, expression=one)) for one in EXPRESSIONS]
        rows.append(np.concatenate([cut(photo), *made], axis=1))
    return np.concatenate(rows)


def main() -> None:
    """Write all pictures into docs/pictures."""
    transfer, eye = Transfer(), Eye()
    for name, make in (
        ("transfer", transferred),
        ("scenes", scenes),
        ("expressions", everyone),
        ("mouths", mouths),
        ("wrong", wrong),
        ("edit-units", units),
        ("edit-expressions", expressions),
    ):
        with atomic_path(OUT / f"{name}.jpg") as temporary:
            Image.fromarray(make(transfer, eye)).save(temporary, quality=88)


if __name__ == "__main__":
    main()
