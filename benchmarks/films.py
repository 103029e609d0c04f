"""`fet animate` on rendered films whose truth is known, on a still film, and how fast it is.

    python benchmarks/films.py --assets path/to/makehuman

The films: three seconds each of talk, laughter, surprise and grief with blinks, the head swaying
around 0° to 25° of yaw, on the actor's own photograph and on another person's. The truth is
rendered: the target in its own pose and light with the actor's face units. Every fifth picture is
measured. `fet transfer` is called for each picture alone, for comparison.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fet_core import Transfer
from fet_core.animation import Animation, Settings, write_animation
from fet_core.face3d.shape import read_shapes
from fet_core.files import write_json
from fet_core.film.acting import read_acting, wanted
from fet_core.film.reading import Film
from fet_core.film.tracking import Tracker, collected
from fet_core.geometry.eye import Eye, portrait_eye
from fet_core.geometry.landmarks import eye_distance
from fet_core.measure.portraits import Case, Numbers, Yardstick, summary
from fet_core.portrait import open_picture
from fet_core.progress import track
from fet_core.synthesis.crew import Crew
from fet_core.synthesis.films import RATE, Shot, read_shot, shoot, shots

Picture = NDArray[np.uint8]

STEP = 5
"""Of how many pictures one is measured."""

DEMO = Path("data/demo/rafd")
STILL = (
    ("Rafd090_27_Caucasian_female_happy_frontal.jpg", 3.0),
    (
        "Rafd090_28_Caucasian_male_neutral_frontal.jpg",
        6.0,
    ),
)
"""Photographs of which a still film is made, and its noise."""


def write_frames(folder: Path, pictures: NDArray[np.uint8]) -> Film:
    """A film as a folder of frames."""
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number}.png")
    return Film(folder, Fraction(RATE))


def measured(
    shot: Shot, folder: Path, yardstick: Yardstick, transfer: Transfer, processes: int
) -> dict[str, list[Numbers]]:
    """The numbers of each way for every fifth picture of a film."""
    arrays = read_shot(shot)
    film, target = write_frames(folder / shot.path.stem, arrays["driving"]), arrays["target"]
    ways = {"relative": Settings(first=True), "absolute": Settings(first=True, relative=False)}
    made = {
        name: list(Animation(film, target, how, processes).pictures()) for name, how in ways.items()
    }
    found: dict[str, list[Numbers]] = {}
    for number in range(0, len(arrays["driving"]), STEP):
        case = Case(arrays["driving"][number], target, arrays["truth"][number], posed=True)
        methods: dict[str, Any] = {
            "unchanged": lambda _, target: target,
            "picture by picture": transfer,
        }
        for name, pictures in made.items():
            methods[name] = lambda *_, one=pictures[number]: one
        for name, numbers in yardstick.measure(case, methods).items():
            found.setdefault(name, []).append(numbers)
    return found


def still(eye: Eye, path: Path, noise: float) -> dict[str, float]:
    """How far points move from picture to picture of a film in which nothing does.

    One photograph, with noise, light that flickers by 1% and JPEG's losses.
    """
    picture = open_picture(path)
    rng, tracker = np.random.default_rng(0), Tracker(eye, lambda _, faces: faces[0])
    read = []
    for number in range(50):
        one = picture * (1 + 0.01 * np.sin(number / 3)) + rng.normal(0, noise, picture.shape)
        content = cv2.imencode(".jpg", np.clip(one, 0, 255).astype(np.uint8), [1, 75])[1]
        cut = tracker(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8))
        read.append(None if cut is None else eye.read_cut(cut))
    seen = collected([number / RATE for number in range(50)], read, eye=eye.name)
    own = read_shapes(seen.points[:1], eye=eye.name)
    places = np.stack(list(wanted(read_acting(seen), own, 1.0, True, 0.0)))
    unit = eye_distance(seen.points[0])
    read_by, moved_by = (
        np.linalg.norm(np.diff(one, axis=0), axis=2) / unit for one in (seen.points, places)
    )
    return {
        "noise": noise,
        "read_mean": round(float(read_by.mean()), 5),
        "moved_mean": round(float(moved_by.mean()), 5),
        "moved_largest": round(float(moved_by.max()), 5),
    }


def speed(folder: Path, shot: Shot, side: int, processes: int) -> dict[str, float]:
    """Pictures a second of a whole `fet animate`, its start apart, and of `fet transfer`."""
    arrays = read_shot(shot)
    scale = side / max(arrays["target"].shape[:2])
    big = np.stack([cv2.resize(one, None, fx=scale, fy=scale) for one in arrays["driving"]])
    target = np.asarray(cv2.resize(arrays["target"], None, fx=scale, fy=scale), np.uint8)
    long = np.concatenate([big, big[::-1], big, big[::-1]])
    film = write_frames(folder / f"speed-{side}", np.asarray(long, np.uint8))
    transfer = Transfer()
    transfer(big[30], target)
    begin = time.perf_counter()
    for picture in big[::STEP]:
        transfer(picture, target)
    each = (time.perf_counter() - begin) / len(big[::STEP])
    begin = time.perf_counter()
    animation = Animation(film, target, Settings(), processes)
    write_animation(animation, folder / f"{side}.mp4", film)
    whole = time.perf_counter() - begin
    return {
        "pictures": len(long),
        "seconds": round(whole, 2),
        "a_second": round(len(long) / whole, 2),
        "transfers_a_second": round(1 / each, 2),
    }


def main() -> None:
    """Render what is not there yet, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("data/films"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/films.json"))
    parser.add_argument("--speed", action="store_true", help="that alone, anew")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    listed = shots(options.work, options.seed, 3.0)
    with Crew(options.assets, options.processes, texture_limit=1024) as crew:
        for _ in track(crew.run(shoot, listed), "films", total=len(listed)):
            pass
    result: dict[str, Any] = json.loads(options.out.read_text()) if options.speed else {}
    with tempfile.TemporaryDirectory() as place:
        if not options.speed:
            result |= quality(listed, Path(place), options.processes)
            result["still"] = {
                name: still(portrait_eye(), DEMO / name, noise) for name, noise in STILL
            }
        result["speed"] = {
            str(side): speed(Path(place), listed[1], side, options.processes) for side in (256, 720)
        }
    result["machine"] = dict(_machine(options.processes))
    write_json(options.out, result)
    print(result)


def quality(listed: Sequence[Shot], folder: Path, processes: int) -> dict[str, dict[str, Numbers]]:
    """The summary of each way, on the actor's own photograph and on another person's."""
    yardstick, transfer = Yardstick(), Transfer()
    found: dict[str, dict[str, Numbers]] = {}
    for two, protocol in ((False, "self"), (True, "cross")):
        rows: dict[str, list[Numbers]] = {}
        for shot in (one for one in listed if (one.actor != one.target) == two):
            numbers = measured(shot, folder, yardstick, transfer, processes)
            for name, each in numbers.items():
                rows.setdefault(name, []).extend(each)
        found[protocol] = {name: summary(each) for name, each in rows.items()}
    return found


def _machine(processes: int) -> Iterator[tuple[str, Any]]:
    yield "cores", os.cpu_count()
    yield "processes", processes
    yield from ((name, version(name)) for name in ("numpy", "opencv-python-headless", "av"))


if __name__ == "__main__":
    main()
