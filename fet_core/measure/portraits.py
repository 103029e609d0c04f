"""How near a whole picture with another expression comes to a true one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.geometry.align import alignment, apply_picture, apply_points
from fet_core.geometry.embed import Embedder
from fet_core.geometry.eye import Eye
from fet_core.geometry.landmarks import eye_distance
from fet_core.ssim import ssim

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
Numbers = dict[str, float]

SIDE, EYES, HEIGHT = 256, 0.3, 0.35
"""Faces are compared at 256×256, their eyes 0.3 of that apart."""

_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
_WIDER = 0.03
"""A truth counts for the opening that is reached where its mouth is so much wider open, and for the
width where its mouth is so much wider or narrower, in eye distances."""


@dataclass(frozen=True)
class Case:
    """A source, a target and what should come of them, each [H, W] or [H, W, 3] uint8.

    Attributes:
        source: whose expression is taken.
        target: whose picture is changed.
        truth: the target's person with the source's expression.
        posed: whether the truth shows the target's very pose, light and frame.
    """

    source: Picture
    target: Picture
    truth: Picture
    posed: bool


Make = Callable[[Picture, Picture], Picture]


class Yardstick:
    """Reads pictures and measures them against a truth. Not to be shared between threads."""

    def __init__(self) -> None:
        self._eye, self._embedder = Eye("dlib"), Embedder()

    def points(self, picture: Picture) -> Floats | None:
        """The landmarks [68, 2] of the only face, None where not just one is found."""
        found = self._eye.find(picture)
        return self._eye.read(picture, found[0]) if len(found) == 1 else None

    def measure(self, case: Case, methods: Mapping[str, Make]) -> dict[str, Numbers]:
        """The numbers of each method for one case; empty where a face cannot be read in the case.

        `lost` is 1 where a method refuses the case, or no face is found in its picture.
        """
        target, truth = self.points(case.target), self.points(case.truth)
        if target is None or truth is None or self.points(case.source) is None:
            return {}
        found = {}
        for name, make in methods.items():
            try:
                made = make(case.source, case.target)
            except UserError:
                found[name] = {"lost": 1.0}
                continue
            points = self.points(made)
            if points is None:
                found[name] = {"lost": 1.0}
                continue
            found[name] = self._numbers(case, made, points, target, truth)
        return found

    def _numbers(
        self, case: Case, made: Picture, points: Floats, target: Floats, truth: Floats
    ) -> Numbers:
        numbers = pointed(points, target, truth)
        numbers["id_distance"] = self._distance(made, points, case.target, target)
        there = alignment(truth, SIDE, EYES, HEIGHT)
        here = there if case.posed else alignment(points, SIDE, EYES, HEIGHT)
        off = np.linalg.norm(apply_points(here, points) - apply_points(there, truth), axis=1)
        numbers |= {"akd": float(off.mean()), "nme": float(off.mean() / (EYES * SIDE))}
        start = here if case.posed else alignment(target, SIDE, EYES, HEIGHT)
        one, other = (
            apply_picture(matrix, picture, SIDE).astype(np.float64) / 255
            for matrix, picture in ((start, made), (there, case.truth))
        )
        if one.ndim != other.ndim:
            one, other = (np.atleast_3d(each).mean(axis=2) for each in (one, other))
        a, b = (
            torch.from_numpy(np.atleast_3d(each).transpose(2, 0, 1).copy())[None]
            for each in (one, other)
        )
        numbers["ssim"] = float(ssim(a, b, 1.0))
        numbers["psnr"] = float(-10 * np.log10(max(((one - other) ** 2).mean(), 1e-10)))
        numbers["id_truth"] = self._distance(made, points, case.truth, truth)
        return numbers

    def _distance(self, one: Picture, p: Floats, other: Picture, q: Floats) -> float:
        a, b = self._embedder.embed(one, p), self._embedder.embed(other, q)
        return float(np.linalg.norm(a - b))


def level(points: Floats) -> Floats:
    """Inner points [51, 2] about the eyes' middle, level, in eye distances."""
    return np.asarray(apply_points(alignment(points, 1, 1.0, 0.5), points)[17:], np.float64)


def lengths(points: Floats) -> Numbers:
    """How far a mouth is open and wide, and how far eyes are open, in eye distances."""

    def apart(one: int, other: int) -> float:
        return float(np.linalg.norm(points[one] - points[other])) / eye_distance(points)

    return {
        "opening": apart(62, 66),
        "width": apart(48, 54),
        "lids": float(np.mean([apart(*pair) for pair in _LIDS])),
    }


def pointed(points: Floats, target: Floats, truth: Floats) -> Numbers:
    """What landmarks [68, 2] alone tell of a face beside its truth's; each in any pose.

    Args:
        points: of what was made.
        target: of what it was made from.
        truth: of what it should be.
    """
    numbers = {"lost": 0.0, "expression_error": float(np.abs(level(points) - level(truth)).mean())}
    one, other = (apply_points(alignment(each, 1, 1.0, 0.5), each) for each in (points, truth))
    numbers["nme"] = float(np.linalg.norm(one - other, axis=1).mean())
    shown, own, wanted = (lengths(each) for each in (points, target, truth))
    numbers |= {f"{name}_error": abs(shown[name] - wanted[name]) for name in shown}
    if wanted["opening"] > own["opening"] + _WIDER:
        numbers["gap"] = wanted["opening"] - own["opening"]
        numbers["opened"] = shown["opening"] - own["opening"]
    stretch = wanted["width"] - own["width"]
    if abs(stretch) > _WIDER:
        numbers["stretch"] = abs(stretch)
        numbers["stretched"] = float(np.sign(stretch)) * (shown["width"] - own["width"])
    return numbers


KEYS = (
    "ssim", "psnr", "akd", "nme", "expression_error", "opening_error", "width_error", "lids_error",
    "id_distance", "id_truth",
)  # fmt: skip


def summary(rows: Sequence[Numbers]) -> Numbers:
    """Means over the cases in which a face was found, and how much of far motion was reached."""
    seen = [row for row in rows if not row["lost"]]
    found = {"cases": float(len(rows)), "lost": float(len(rows) - len(seen))}
    for key in KEYS:
        if seen and key in seen[0]:
            found[key] = round(float(np.mean([row[key] for row in seen])), 4)
    for name, wanted, shown in ("opening", "gap", "opened"), ("width", "stretch", "stretched"):
        far = [row for row in seen if wanted in row]
        if far:
            reached = sum(row[shown] for row in far) / sum(row[wanted] for row in far)
            found |= {f"{name}_cases": float(len(far)), f"{name}_reached": round(reached, 3)}
    return found


def only(methods: Mapping[str, Make], names: Sequence[str]) -> dict[str, Make]:
    """Those methods that are named; all where none is."""
    unknown = sorted(set(names) - set(methods))
    if unknown:
        raise UserError(f'there is no method "{unknown[0]}"; choose of {", ".join(methods)}')
    return {name: make for name, make in methods.items() if name in (names or methods)}


def updated(
    path: Path, found: Mapping[str, Mapping[str, Numbers]], methods: Iterable[str]
) -> dict[str, dict[str, Numbers]]:
    """What a file says of all methods, in their order, after some were measured again."""
    before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    rows = {part: before.get(part, {}) | dict(each) for part, each in found.items()}
    order = list(methods)
    return {
        part: {name: each[name] for name in order if name in each} for part, each in rows.items()
    }


def compare(
    yardstick: Yardstick, cases: Iterable[Case], methods: Mapping[str, Make]
) -> dict[str, Numbers]:
    """The summary of each method over cases."""
    rows: dict[str, list[Numbers]] = {method: [] for method in methods}
    for case in cases:
        for method, numbers in yardstick.measure(case, methods).items():
            rows[method].append(numbers)
    return {method: summary(each) for method, each in rows.items()}
