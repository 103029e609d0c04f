"""The mean of 24 readings of a face, beside one predictor call after the other by the usual script.

python benchmarks/bench_readings.py [--faces 40] [--rounds 5]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from bench.pictures import COLOUR, GREY, demo_faces, varied
from bench.runs import in_turn, report
from PIL import Image
from reference.readings import mean_of_readings, shaken

from fet_core.geometry.align import mean_points
from fet_core.geometry.landmarks import PREDICTOR, FaceFinder, eye_distance, weights_folder

CASES = {"640×490, grey": (GREY, "L"), "681×1024, colour": (COLOUR, "RGB")}


def faces(count: int, size: tuple[int, int], mode: str) -> list[tuple[np.ndarray, list[int]]]:
    """Photographs of one face each, and its box."""
    finder, listed, made = FaceFinder(), demo_faces(), []
    for number in range(count):
        opened = Image.open(listed[number * 7 % len(listed)]).convert(mode)
        picture = varied(np.array(opened), size, number)
        found = finder.boxes(picture, (0.5, 1.0))
        if len(found) == 1:
            made.append((picture, found[0].as_list()))
    return made


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure both, and how far the means are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--boxes", type=int, default=12)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    predictor = dlib.shape_predictor(str(weights_folder() / PREDICTOR))
    finder = FaceFinder()
    entries: dict[str, Any] = {}
    for case, (size, mode) in CASES.items():
        given = faces(options.faces, size, mode)

        def reference(given: list[Any] = given) -> list[np.ndarray]:
            return [
                mean_of_readings(predictor, one, shaken(box, options.boxes)) for one, box in given
            ]

        def ours(given: list[Any] = given) -> list[np.ndarray]:
            return [mean_points(finder, one, box, options.boxes) for one, box in given]

        apart = [
            float(np.linalg.norm(own - theirs, axis=1).mean() / eye_distance(theirs))
            for own, theirs in zip(ours(), reference(), strict=True)
        ]
        units = (len(given), len(given))
        entries[case] = in_turn(reference, ours, options.rounds, case, each=units, warm=False) | {
            "target": "≥ 5",
            "faces": len(given),
            "apart_by_other_boxes": round(float(np.mean(apart)), 4),
        }
    report(
        "readings",
        "The mean of readings of several boxes, seconds a face, beside one call after another",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
