"""How near `fet transfer` comes to the truth: photographs of real people, and rendered faces.

    python benchmarks/portraits.py --photos path/to/london --known data/known

The photographs are those of the London Set's people whom `fet learn-face` keeps apart; a target and
the smile (or the rest) of somebody else give the picture, the target's own other photograph is the
truth. The rendered faces are `fet learn-face`'s own that it keeps apart: turned heads and wide open
mouths, one person's two faces. All are whole pictures, as a
user has them; the face is cut out at 256×256 to be compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fet_core import Transfer
from fet_core.errors import UserError
from fet_core.face3d.eye import Eye
from fet_core.face3d.mouth import opening
from fet_core.files import write_json
from fet_core.geometry.align import alignment, apply_picture, apply_points
from fet_core.geometry.landmarks import Embedder
from fet_core.nets.weights import SHIPPED
from fet_core.portrait import Picture, open_picture
from fet_core.progress import track
from fet_core.ssim import ssim
from fet_core.synthesis.known import Sitting, read_album
from fet_core.synthesis.lessons import people_of

SIDE = 256
OTHERS = (1, 7)
"""How far away in the list the people stand who give a target its expression."""

NEAR = 12.0
"""Degrees by which the heads of source and target may differ, where the source is the truth."""

Case = tuple[Picture, Picture, Picture]
"""Source, target, truth."""


def photographed(root: Path) -> Iterator[Case]:
    """Both directions, each target with the expression of two others."""
    pairs = [[open_picture(path) for path in pair] for pair in people_of(root, apart=True)]
    for number, own in enumerate(pairs):
        for step in OTHERS:
            theirs = pairs[(number + step) % len(pairs)]
            for to in (0, 1):
                yield theirs[to], own[1 - to], own[to]


def rendered(folder: Path, people: range) -> Iterator[Case]:
    """Two pictures of one person in nearly the same pose: the source is the truth."""
    for number in people:
        album = read_album(Sitting(folder, 7, number, 12))
        held = np.array([(shot.yaw, shot.pitch, shot.roll) for shot in album.shots])
        for one in range(0, len(held), 2):
            far = np.abs(held - held[one]).max(axis=1)
            far[one] = np.inf
            other = int(far.argmin())
            if far[other] < NEAR:
                yield album.pictures[one], album.pictures[other], album.pictures[one]


def expression(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inner points about the eyes' middle, level, in eye distances."""
    matrix = alignment(points, 1, 1.0, 0.5)
    return apply_points(matrix, points)[17:]


class Yardstick:
    """Reads pictures and measures them against a truth."""

    def __init__(self) -> None:
        self._eye, self._embedder = Eye(), Embedder()

    def points(self, picture: Picture) -> NDArray[np.float64] | None:
        """The landmarks of the only face, None where not just one is found."""
        found = self._eye.find(picture)
        return self._eye.read(picture, found[0]) if len(found) == 1 else None

    def measure(self, made: Picture, case: Case, pixels: bool) -> dict[str, float] | None:
        """Numbers of one result; `pixels` where the truth has the target's pose."""
        source, target, truth = (self.points(one) for one in case)
        found = self.points(made)
        if source is None or target is None or truth is None:
            return None
        if found is None:
            return {"lost": 1.0}
        numbers = {
            "lost": 0.0,
            "expression_error": float(np.abs(expression(found) - expression(truth)).mean()),
            "id_distance": self._distance(made, found, case[1], target),
        }
        if not pixels:
            openings = (opening(found), opening(truth), opening(target))
            numbers |= dict(
                zip(("opening", "opening_truth", "opening_target"), openings, strict=True)
            )
        if pixels:
            matrix = alignment(truth, SIDE, 0.3, 0.35)
            cuts = [apply_picture(alignment(target, SIDE, 0.3, 0.35), made, SIDE)]
            cuts.append(apply_picture(matrix, case[2], SIDE))
            one, other = (cut.astype(np.float64) / 255 for cut in cuts)
            a, b = (torch.from_numpy(cut.transpose(2, 0, 1))[None] for cut in (one, other))
            numbers["ssim"] = float(ssim(a, b, 1.0))
            numbers["psnr"] = float(-10 * np.log10(max(((one - other) ** 2).mean(), 1e-10)))
            nme = np.linalg.norm(
                apply_points(alignment(found, SIDE, 0.3, 0.35), found)
                - apply_points(matrix, truth),
                axis=1,
            ).mean() / (0.3 * SIDE)
            numbers["nme"] = float(nme)
            numbers["id_truth"] = self._distance(made, found, case[2], truth)
        return numbers

    def _distance(self, one: Picture, p: Any, other: Picture, q: Any) -> float:
        a, b = self._embedder.embed(one, p), self._embedder.embed(other, q)
        return float(np.linalg.norm(a - b))


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means over the cases in which a face was found.

    How much of the way to the truth's open mouth was reached, where the source is the truth.
    """
    seen = [row for row in rows if not row["lost"]]
    found = {"cases": float(len(rows)), "lost": float(len(rows) - len(seen))}
    for key in ("expression_error", "id_distance", "id_truth", "ssim", "psnr", "nme"):
        if seen and key in seen[0]:
            found[key] = round(float(np.mean([row[key] for row in seen])), 4)
    opened = [
        row
        for row in seen
        if "opening" in row and row["opening_truth"] > row["opening_target"] + 0.02
    ]
    if opened:
        found["opening_reached"] = round(
            float(
                np.sum([row["opening"] - row["opening_target"] for row in opened])
                / np.sum([row["opening_truth"] - row["opening_target"] for row in opened])
            ),
            3,
        )
    return found


def main() -> None:
    """Measure the target as it is, the shipped FET+ of before, and `fet transfer`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--known", type=Path, default=Path("data/known"))
    parser.add_argument("--people", type=int, default=70)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/portraits.json"))
    options = parser.parse_args()
    apart = range(options.people * 4 // 5, options.people)
    sets = {"rendered, one person": (rendered(options.known, apart), False)}
    if options.photos is not None:
        sets["London, two people"] = (photographed(options.photos), True)
    transfer = Transfer()
    methods: dict[str, Callable[[Picture, Picture], Picture]] = {
        "unchanged": lambda source, target: target,
        "networks (--model fet-plus-small)": Transfer(SHIPPED, "cpu"),
        "fet transfer": transfer,
        "fet transfer --intensity 1.25": lambda source, target: transfer(source, target, 1.25),
    }
    yardstick, found = Yardstick(), {}
    for name, (cases, pixels) in sets.items():
        rows: dict[str, list[dict[str, float]]] = {method: [] for method in methods}
        for case in track(list(cases), name, unit="cases"):
            for method, made in methods.items():
                try:
                    picture = made(case[0], case[1])
                except UserError:
                    rows[method].append({"lost": 1.0})
                    continue
                numbers = yardstick.measure(picture, case, pixels)
                if numbers is not None:
                    rows[method].append(numbers)
        found[name] = {method: summary(each) for method, each in rows.items()}
        for method, each in found[name].items():
            print(f"{name}, {method}: {each}")
    write_json(options.out, found)


if __name__ == "__main__":
    main()
