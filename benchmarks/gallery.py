"""The picture of docs/transfer.md: `fet transfer` on demo faces, straight and tilted.

python benchmarks/gallery.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fet_core import Transfer
from fet_core.face3d.eye import Eye
from fet_core.files import atomic_path
from fet_core.geometry.align import alignment, apply_picture
from fet_core.portrait import Picture, open_picture

OUT = Path("docs/pictures/transfer.jpg")
DEMO = Path("data/demo/rafd")
SOURCES = (
    "28_Caucasian_male_happy",
    "08_Caucasian_female_surprised",
    "22_Moroccan_male_disgusted",
    "27_Caucasian_female_sad",
    "05_Caucasian_male_angry",
)
TARGETS = (
    ("14_Caucasian_female_neutral", 0.0),
    ("12_Caucasian_male_neutral", 25.0),
    ("08_Caucasian_female_neutral", -25.0),
    ("15_Moroccan_male_neutral", 0.0),
)
SIDE = 220


def tilted(picture: Picture, degrees: float) -> Picture:
    """A picture turned about its middle."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    made = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)


def main() -> None:
    """Write docs/pictures/transfer.jpg: sources along the top, targets down the side."""
    transfer, eye = Transfer(), Eye()

    def find(name: str) -> Path:
        (path,) = DEMO.glob(f"Rafd090_{name}_frontal.jpg")
        return path

    def cut(picture: Picture, like: Picture) -> Picture:
        points = eye.read(like, eye.find(like)[0])
        matrix = alignment(points, SIDE, 0.27, 0.4)
        # Only the size and place: a tilted head stays tilted.
        scale = float(np.sqrt(np.linalg.det(matrix[:, :2])))
        middle = points[27:].mean(axis=0)
        matrix = np.array([[scale, 0, 0], [0, scale, 0]], dtype=np.float64)
        matrix[:, 2] = SIDE / 2 - scale * middle
        return apply_picture(matrix, picture, SIDE)

    sources = [open_picture(find(name)) for name in SOURCES]
    empty = np.full((SIDE, SIDE, 3), 255, np.uint8)
    rows = [np.concatenate([empty, *(cut(one, one) for one in sources)], axis=1)]
    for name, degrees in TARGETS:
        target = tilted(open_picture(find(name)), degrees)
        row = [cut(target, target), *(cut(transfer(one, target), target) for one in sources)]
        rows.append(np.concatenate(row, axis=1))
    with atomic_path(OUT) as temporary:
        Image.fromarray(np.concatenate(rows)).save(temporary, quality=88)


if __name__ == "__main__":
    main()
