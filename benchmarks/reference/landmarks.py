"""The usual way from a folder of photographs to aligned faces with 68 landmarks, with dlib alone.

    python benchmarks/reference/landmarks.py FOLDER OUT.npz

One process, picture after picture: the detector at twice the size, a chip of the face, the detector
again on the chip, the landmarks there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from PIL import Image

from fet_core.geometry.landmarks import PREDICTOR, weights_folder

CHIP = 256


def find(path: Path, detector: Any, predictor: Any) -> tuple[Any, Any] | None:
    """Chip and landmarks [68, 2] of the first face, in the photograph's pixels; None without one.

    They are those of the photograph itself, found on the way: the chip has none to compare.
    """
    photograph = np.array(Image.open(path))
    boxes = detector(photograph, 1)
    if len(boxes) == 0:
        return None
    shape = predictor(photograph, boxes[0])
    colour = photograph if photograph.ndim == 3 else np.stack([photograph] * 3, axis=2)
    chip = dlib.get_face_chip(colour, shape, size=CHIP)
    again = detector(chip, 1)
    box = again[0] if len(again) else dlib.rectangle(0, 0, CHIP - 1, CHIP - 1)
    on_chip = predictor(chip, box)
    marks = [(on_chip.part(i).x, on_chip.part(i).y) for i in range(68)]
    own = [(shape.part(i).x, shape.part(i).y) for i in range(68)]
    return (chip, marks), own


def main() -> None:
    """Print the seconds of the loop alone; what is found goes to a file."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(weights_folder() / PREDICTOR))
    names, landmarks, chips = [], [], []
    began = time.perf_counter()
    for path in sorted(folder.rglob("*.[jp][pn]g")):
        found = find(path, detector, predictor)
        if found is not None:
            (chip, _), own = found
            names.append(path.stem)
            chips.append(chip)
            landmarks.append(own)
    seconds = time.perf_counter() - began
    np.savez(out, names=names, points=np.array(landmarks, np.float32), faces=np.array(chips))
    print(seconds)


if __name__ == "__main__":
    main()
