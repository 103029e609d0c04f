"""How much of an expression arrives between two moments of films of real people.

    python benchmarks/reenactment.py FILM...

Source and target are two moments of one person, a third and a half of the film apart, and the
truth is the source itself in another pose: points are compared with the eyes laid onto each
other, read by dlib and by the mesh. What the poses make differ counts as an error.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core import Transfer
from fet_core.errors import UserError
from fet_core.face3d.face import Face
from fet_core.face3d.way import InSpace
from fet_core.files import write_json
from fet_core.film.reading import Film
from fet_core.geometry.embed import Embedder
from fet_core.geometry.eye import Eye, portrait_eye
from fet_core.measure.portraits import Make, Numbers, pointed, summary
from fet_core.portrait import Picture
from fet_core.progress import track

Floats = NDArray[np.float64]
Points = tuple[Floats, Floats]

EYES = ("dlib", "mesh")
MOMENTS = 24
"""Of each film, evenly over it."""


class Reader:
    """Reads a picture with both eyes."""

    def __init__(self) -> None:
        self._eyes, self._embedder = [Eye(name) for name in EYES], Embedder()

    def __call__(self, picture: Picture) -> Points | None:
        """[68, 2] by each eye; None where one of them does not see just one face."""
        found = [(eye, eye.find(picture)) for eye in self._eyes]
        if any(len(faces) != 1 for _, faces in found):
            return None
        one, other = (eye.read(picture, faces[0]) for eye, faces in found)
        return one, other

    def distance(self, one: Picture, here: Floats, other: Picture, there: Floats) -> float:
        """Of two faces' embeddings."""
        a, b = self._embedder.embed(one, here), self._embedder.embed(other, there)
        return float(np.linalg.norm(a - b))


def moments(path: Path, read: Reader) -> list[tuple[Picture, Points]]:
    """Pictures of a film in which both eyes see one face."""
    film = Film(path)
    chosen = set(np.linspace(0, max(film.count - 1, 0), MOMENTS).astype(int).tolist())
    found = []
    for number, frame in enumerate(film):
        if number in chosen and frame.picture is not None:
            points = read(frame.picture)
            if points is not None:
                found.append((frame.picture, points))
    return found


def cases(shown: list[tuple[Picture, Points]]) -> Iterator[tuple[int, int]]:
    """Numbers of source and target."""
    count = len(shown)
    for source in range(count):
        for step in (count // 3 + 1, count // 2 + 1):
            if step % count:
                yield source, (source + step) % count


def measured(
    read: Reader, shown: list[tuple[Picture, Points]], methods: Mapping[str, Make]
) -> dict[str, dict[str, list[Numbers]]]:
    """Of each eye and method the numbers of all cases of one film."""
    rows: dict[str, dict[str, list[Numbers]]] = {
        eye: {name: [] for name in methods} for eye in EYES
    }
    for source, target in track(list(cases(shown)), "cases", unit="cases"):
        (theirs, truth), (own, before) = shown[source], shown[target]
        for name, make in methods.items():
            try:
                made: Picture | None = make(theirs, own)
            except UserError:
                made = None
            points = None if made is None else read(made)
            for number, eye in enumerate(EYES):
                found: Numbers = {"lost": 1.0}
                if made is not None and points is not None:
                    found = pointed(points[number], before[number], truth[number])
                    found["id_distance"] = read.distance(made, points[0], own, before[0])
                rows[eye][name].append(found)
    return rows


def points_alone(shown: list[tuple[Picture, Points]]) -> dict[str, list[Numbers]]:
    """J_gen before any picture is made of it, of all cases of one film; read by its own eye."""
    eye = portrait_eye("dlib")
    space = InSpace(eye)
    seen = [(picture, eye.read(picture, eye.find(picture)[0])) for picture, _ in shown]
    rows: dict[str, list[Numbers]] = {"unchanged": [], "as `fet transfer` takes it": []}
    for source, target in cases(shown):
        (theirs, truth), (own, before) = seen[source], seen[target]
        wanted = space.wanted(Face("", theirs, truth), Face("", own, before), 1.0)
        for name, points in zip(rows, (before, wanted), strict=True):
            rows[name].append(pointed(points, before, truth))
    return rows


def main() -> None:
    """Measure all methods on all films together, and `fet transfer` on each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/reenactment.json"))
    parser.add_argument("--points", action="store_true", help="these alone; the rest stays")
    options = parser.parse_args()
    transfer, read = Transfer(), Reader()
    methods: dict[str, Make] = {
        "unchanged": lambda source, target: target,
        "fet transfer": transfer,
        "fet transfer --intensity 1.25": lambda source, target: transfer(source, target, 1.25),
        "fet transfer --eye mesh": Transfer(eye="mesh"),
    }
    every: dict[str, dict[str, list[Numbers]]] = {eye: {} for eye in EYES}
    alone: dict[str, list[Numbers]] = {}
    films = {}
    for path in options.films:
        shown = moments(path, read)
        if len(shown) < 2:
            raise UserError(f"{path} shows one face in fewer than two pictures; name another film")
        for name, numbers in points_alone(shown).items():
            alone.setdefault(name, []).extend(numbers)
        if options.points:
            continue
        found = measured(read, shown, methods)
        films[path.name] = {
            "moments": len(shown),
            "fet transfer": summary(found["dlib"]["fet transfer"]),
        }
        for eye, rows in found.items():
            for name, numbers in rows.items():
                every[eye].setdefault(name, []).extend(numbers)
    points = {name: summary(numbers) for name, numbers in alone.items()}
    if options.points:
        print(points)
        before = json.loads(options.out.read_text("utf-8"))
        write_json(options.out, before | {"points": points})
        return
    result: dict[str, object] = {
        eye: {name: summary(numbers) for name, numbers in rows.items()}
        for eye, rows in every.items()
    }
    for eye in EYES:
        print(eye, result[eye])
    write_json(options.out, result | {"points": points, "films": films})


if __name__ == "__main__":
    main()
