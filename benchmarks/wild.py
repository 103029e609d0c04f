"""`fet transfer` on the set `wild`, and what each of its parts brings.

    python benchmarks/wild.py --assets path/to/makehuman

Moments of rendered clips: any yaw up to 45°, talk, laughter, screams, blinks, light, blur, noise.
*self*: source and target are two moments of one person; *cross*: of two people. The truth is
rendered: the target's person, pose, light and picture with the source's face units.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core import Transfer
from fet_core.errors import UserError
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.painter import Painter
from fet_core.face3d.shape import move
from fet_core.face3d.warp import moved
from fet_core.face3d.way import InSpace
from fet_core.files import write_json
from fet_core.geometry.align import alignment, apply_points
from fet_core.geometry.eye import portrait_eye
from fet_core.measure.portraits import Case, Make, Yardstick, compare, only, updated
from fet_core.nets.plus_file import SHIPPED
from fet_core.portrait import Picture
from fet_core.progress import track
from fet_core.synthesis.crew import Crew
from fet_core.synthesis.wild import Scene, pairs, perform, read_scene

Floats = NDArray[np.float64]


def cases(scenes: list[Scene]) -> Iterator[tuple[str, Case]]:
    """All cases with their protocol."""
    shown = [read_scene(scene) for scene in scenes]
    for number, own in enumerate(shown):
        other = shown[(number + 1) % len(shown)]
        for place, (source, target) in enumerate(pairs()):
            for protocol, giver in (("self", own), ("cross", other)):
                truth = own[protocol][place]
                picture = own["moments"][target]
                yield protocol, Case(giver["moments"][source], picture, truth, posed=True)


class Parts:
    """`fet transfer` with parts left out."""

    def __init__(self) -> None:
        self._eye = portrait_eye()
        self._space, self._painter = InSpace(self._eye), Painter(self._eye)

    def _face(self, picture: Picture, again: bool = True) -> Face:
        found = self._eye.find(picture)
        if len(found) != 1:
            raise UserError("not just one face was found")
        points = self._eye.read(picture, found[0])
        return Face("a picture", picture, points, found[0] if again else None)

    def literal_in_the_plane(self, source: Picture, target: Picture) -> Picture:
        """The source's landmarks, its eyes laid onto the target's: no pose, no Φ."""
        theirs, own = self._face(source), self._face(target)
        there, here = (alignment(face.points, 1, 1.0, 0.5) for face in (theirs, own))
        back = np.linalg.inv(np.concatenate([here, [[0, 0, 1]]]))[:2]
        wanted = np.asarray(apply_points(back, apply_points(there, theirs.points)), np.float64)
        return self._painter(own, wanted, theirs)

    def literal_in_space(self, source: Picture, target: Picture) -> Picture:
        """The difference of both frontal shapes as it is: no Φ."""
        theirs, own = self._face(source), self._face(target)
        one, other = shape_of(theirs), shape_of(own)
        return self._painter(own, move(other, one.frontal - other.frontal)[0], theirs)

    def without_mouth(self, source: Picture, target: Picture) -> Picture:
        """The target's own pixels alone."""
        theirs, own = self._face(source), self._face(target)
        return moved(own.picture, own.points, self._space.wanted(theirs, own, 1.0))

    def without_correction(self, source: Picture, target: Picture) -> Picture:
        """What is made is not read again."""
        theirs, own = self._face(source), self._face(target, again=False)
        return self._space(theirs, own, 1.0)


def make_methods() -> dict[str, Make]:
    """The target as it is, the shipped FET+ of before, `fet transfer`, and less of it."""
    transfer, parts = Transfer(), Parts()
    return {
        "unchanged": lambda source, target: target,
        "networks (--model fet-plus-small)": Transfer(SHIPPED, "cpu"),
        "fet transfer": transfer,
        "fet transfer --intensity 1.25": lambda source, target: transfer(source, target, 1.25),
        "fet transfer --eye mesh": Transfer(eye="mesh"),
        "literal, in the plane": parts.literal_in_the_plane,
        "literal, in space": parts.literal_in_space,
        "no mouth from the source": parts.without_mouth,
        "no correction": parts.without_correction,
    }


def main() -> None:
    """Render what is not there yet, and measure all methods."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("data/wild"))
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/wild.json"))
    parser.add_argument("--only", nargs="*", default=[], help="methods; the others' rows stay")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    count = options.people
    scenes = [Scene(options.work, options.seed, number, count) for number in range(count)]
    with Crew(options.assets, options.processes, texture_limit=1024) as crew:
        for _ in track(crew.run(perform, scenes), "clips", total=count, unit="people"):
            pass
    listed, yardstick, every = list(cases(scenes)), Yardstick(), make_methods()
    methods = only(every, options.only)
    found = {}
    for protocol in ("self", "cross"):
        chosen = [case for name, case in listed if name == protocol]
        found[protocol] = compare(yardstick, track(chosen, protocol, unit="cases"), methods)
        for method, each in found[protocol].items():
            print(f"{protocol}, {method}: {each}")
    write_json(options.out, updated(options.out, found, every))


if __name__ == "__main__":
    main()
