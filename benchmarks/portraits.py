"""How near `fet transfer` comes to the truth on photographs of real people.

    python benchmarks/portraits.py --photos path/to/london

They are those of the London Set's people whom `fet learn-face` keeps apart. *Two people*: a target
and the smile (or the rest) of somebody else give the picture, the target's own other photograph is
the truth. *One person*: that photograph is the source too. All are whole pictures, as a user has
them; the face is cut out at 256×256 to be compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from fet_core import Transfer
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.fusion import fusion_of
from fet_core.face3d.shape import move
from fet_core.face3d.way import InSpace
from fet_core.files import write_json
from fet_core.geometry.eye import portrait_eye
from fet_core.measure.portraits import (
    Case,
    Make,
    Numbers,
    Yardstick,
    compare,
    only,
    pointed,
    summary,
    updated,
)
from fet_core.nets.plus_file import SHIPPED
from fet_core.portrait import open_picture
from fet_core.progress import track
from fet_core.synthesis.lessons import people_of

OTHERS = (1, 7)
"""How far away in the list the people stand who give a target its expression."""


def photographed(root: Path, others: tuple[int, ...]) -> Iterator[Case]:
    """Both directions; 0 for a target's own expression."""
    pairs = [[open_picture(path) for path in pair] for pair in people_of(root, apart=True)]
    for number, own in enumerate(pairs):
        for step in others:
            theirs = pairs[(number + step) % len(pairs)]
            for to in (0, 1):
                yield Case(theirs[to], own[1 - to], own[to], posed=False)


def points_alone(cases: Iterable[Case]) -> dict[str, Numbers]:
    """J_gen before any picture is made of it: by Φ in space, and as `fet transfer` takes it."""
    eye = portrait_eye("dlib")
    space, fusion = InSpace(eye), fusion_of("dlib")
    rows: dict[str, list[Numbers]] = {}
    for case in cases:
        theirs, own, truth = (
            Face(name, picture, eye.read(picture, eye.find(picture)[0]))
            for name, picture in vars(case).items()
            if name != "posed"
        )
        there, here = shape_of(theirs), shape_of(own)
        ways = {
            "unchanged": own.points,
            "Φ in space": move(here, fusion(there.frontal, here.frontal))[0],
            "as `fet transfer` takes it": space.wanted(theirs, own, 1.0),
        }
        for name, points in ways.items():
            rows.setdefault(name, []).append(pointed(points, own.points, truth.points))
    return {name: summary(each) for name, each in rows.items()}


def make_methods() -> dict[str, Make]:
    """The target as it is, the shipped FET+ of before, and `fet transfer`."""
    transfer = Transfer()
    return {
        "unchanged": lambda source, target: target,
        "networks (--model fet-plus-small)": Transfer(SHIPPED, "cpu"),
        "fet transfer": transfer,
        "fet transfer --intensity 1.25": lambda source, target: transfer(source, target, 1.25),
        "fet transfer --eye mesh": Transfer(eye="mesh"),
    }


def main() -> None:
    """Measure all methods on both sets of cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/portraits.json"))
    parser.add_argument("--only", nargs="*", default=[], help="methods; the others' rows stay")
    options = parser.parse_args()
    yardstick, every, found = Yardstick(), make_methods(), {}
    methods = only(every, options.only)
    for name, others in (("two people", OTHERS), ("one person", (0,))):
        cases = list(photographed(options.photos, others))
        found[name] = compare(yardstick, track(cases, name, unit="cases"), methods)
        for method, each in found[name].items():
            print(f"{name}, {method}: {each}")
    result = updated(options.out, found, every)
    result["points"] = points_alone(
        track(list(photographed(options.photos, OTHERS)), "points", unit="cases")
    )
    write_json(options.out, result)


if __name__ == "__main__":
    main()
