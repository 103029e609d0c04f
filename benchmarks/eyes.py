"""Two ways to dlib's 68 points on rendered faces whose points are known, by how far they turn.

    python benchmarks/eyes.py --assets path/to/makehuman --known data/known

dlib's own detector and its box, and the upright cut of `fet_core.geometry.eye`. The anchors of the
points are learned from other people than those on whom both are measured. Then how far the units
that are read in one face change when nothing but its yaw does.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.face3d.model import load_model
from fet_core.face3d.shape import read_shapes
from fet_core.files import write_json
from fet_core.geometry.align import mean_points
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import FaceFinder
from fet_core.progress import track
from fet_core.synthesis import anatomy
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.face_model import learn_anchors
from fet_core.synthesis.known import (
    Shot,
    Sitting,
    draw_person,
    draw_units,
    front,
    read_album,
    take,
)
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.lessons import kept, read_points
from fet_core.synthesis.studio import Studio

BINS = ((0, 15), (15, 30), (30, 46))
READINGS = 12
EYES = 0.215 * 288
YAWS = (-45, -30, -15, 0, 15, 30, 45)


def by_dlib(finder: FaceFinder, picture: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """The points by dlib's own detector; None where it finds not just one face."""
    boxes = finder.boxes(picture, (1.0, 2.0))
    if len(boxes) != 1:
        return None
    return mean_points(finder, picture, boxes[0].as_list(), READINGS).astype(np.float64)


def over_yaw(assets: Assets, eye: Eye, people: range, seed: int) -> dict[str, object]:
    """How far the units of one face, in one light, are from those that are read at yaw 0."""
    studio, names = Studio(assets, texture_limit=1024), load_model().names
    spread: dict[int, list[NDArray[np.float64]]] = {yaw: [] for yaw in YAWS}
    for number in track(people, "over yaw", unit="people"):
        wares = draw_person(studio, seed, number)
        for units in ({}, draw_units(generator(seed, "shot", number, 500))):
            read = {}
            for yaw in YAWS:
                shot = Shot(units, float(yaw), 0.0, 0.0, size=288)
                picture = take(studio, wares, shot, generator(seed, "shot", number, 501)).picture
                (points,) = read_points(eye, picture[None])
                if points is not None:
                    read[yaw] = np.clip(read_shapes(points[None]).fit.units[0], 0, 1)
            for yaw, found in read.items():
                if 0 in read:
                    spread[yaw].append(np.abs(found - read[0]))
    result: dict[str, object] = {}
    for yaw, rows in spread.items():
        if yaw:
            table = np.stack(rows)
            result[f"yaw {yaw}"] = {
                "faces": len(rows),
                "mean change": round(float(table.mean()), 4),
                "share within 0.1": round(float((table <= 0.1).mean()), 3),
                "worst units": {
                    names[i]: round(float(table[:, i].mean()), 3)
                    for i in np.argsort(-table.mean(axis=0))[:4]
                },
            }
    return result


def main() -> None:
    """Measure both on the people whom `fet learn-face` keeps apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--known", type=Path, default=Path("data/known"))
    parser.add_argument("--people", type=int, default=70)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/eyes.json"))
    options = parser.parse_args()
    assets, eye, finder = Assets.open(options.assets), Eye(), FaceFinder()
    albums = [read_album(Sitting(options.known, 7, number, 12)) for number in range(options.people)]
    readings = [read_points(eye, one.pictures) for one in track(albums, "reading", unit="people")]
    learned, theirs = kept(albums, readings)
    anchors, _ = learn_anchors(assets, learned, theirs)
    base = assets.base()
    shares = anchors[:, front(anatomy.body_part(base).vertices(base.vertices, base.vertices))]
    rows: list[tuple[float, dict[str, float | None]]] = []
    seconds = {"dlib": 0.0, "upright": 0.0}
    apart = albums[len(learned) :]
    for album in track(apart, "both ways", unit="people"):
        for number, picture in enumerate(album.pictures):
            truth = shares @ album.places[number]
            start = time.perf_counter()
            one = by_dlib(finder, picture)
            middle = time.perf_counter()
            found = eye.find(picture)
            other = eye.read(picture, found[0]) if len(found) == 1 else None
            seconds["dlib"] += middle - start
            seconds["upright"] += time.perf_counter() - middle
            errors: dict[str, float | None] = {}
            for name, points in (("dlib", one), ("upright", other)):
                off = None if points is None else np.linalg.norm(points - truth, axis=1)[17:]
                errors[name] = None if off is None else float(off.mean()) / EYES
            rows.append((abs(album.shots[number].yaw), errors))
    result: dict[str, object] = {"pictures": len(rows)}
    for low, high in BINS:
        inside = [errors for yaw, errors in rows if low <= yaw < high]
        both = [one for one in inside if None not in one.values()]
        result[f"yaw {low} to {high}"] = {
            name: {
                "found": round(float(np.mean([one[name] is not None for one in inside])), 3),
                "error where both found": round(float(np.mean([one[name] for one in both])), 4),
            }
            for name in seconds
        }
    result["ratio of time, upright over dlib"] = round(seconds["upright"] / seconds["dlib"], 2)
    result["units of one face against those at yaw 0"] = over_yaw(assets, eye, range(56, 64), 7)
    write_json(options.out, result)
    print(options.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
