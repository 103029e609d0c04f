"""Measuring a rendered set: are the faces found, and is everybody one and the same person?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.progress import bar
from fet_core.synthesis.likeness import Likeness, distances

# What a set has to reach.
FOUND_AT_LEAST = 0.99
BETWEEN, BETWEEN_SHARE_AT_LEAST = 0.5, 0.95
WITHIN_BELOW = 0.6
_BATCH = 24


@dataclass(frozen=True)
class Seen:
    """One picture as dlib saw it: who, how many faces, and the [128] embedding of just one."""

    path: str
    person: str
    faces: int
    embedding: NDArray[np.float64] | None


def frontal_pictures(root: Path, style: str) -> list[tuple[str, str]]:
    """(path below `root`, person) of the pictures taken from the front with a frontal gaze.

    Raises:
        UserError: there are none.
    """
    found: list[tuple[str, str]] = []
    if style == "rafd":
        for path in sorted(root.glob("Rafd090_*_frontal.jpg")):
            found.append((path.name, path.name.split("_")[1]))
    else:
        for path in sorted((root / "cohn-kanade-images").glob("S*/*/S*.png")):
            found.append((path.relative_to(root).as_posix(), path.parts[-3]))
    if not found:
        raise UserError(
            f"{root} holds no frontal pictures of a set like {style}; "
            "make it with `fet synthesize make`"
        )
    return found


def look(root: Path, pictures: list[tuple[str, str]]) -> list[Seen]:
    """See some pictures with dlib; a worker's share of `measure`."""
    import cv2

    likeness = Likeness()
    result = []
    for name, person in pictures:
        image = cv2.imread(str(root / name), cv2.IMREAD_COLOR)
        if image is None:
            raise UserError(f"{root / name} is not a picture; delete it and render it again")
        rgb = np.ascontiguousarray(image[..., ::-1])
        faces, embedding = likeness.embed(np.asarray(rgb, np.uint8))
        result.append(Seen(name, person, faces, embedding))
    return result


def measure(root: Path, style: str, processes: int = 2) -> dict[str, Any]:
    """Measure one set.

    Args:
        root: folder of the set.
        style: `rafd` or `ckplus`.
        processes: how many detectors work side by side.

    Returns:
        counts, the share of pictures with exactly one face, distances of embeddings within and
        between people, and `passed`: whether the promises at the top of this module hold.
    """
    pictures = frontal_pictures(root, style)
    batches = [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]
    seen: list[Seen] = []
    # Spawned, because a detector must not be shared between processes either.
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        bar(f"checking {style}", len(pictures), unit="pictures") as advance,
    ):
        for part in pool.map(look, [root] * len(batches), batches):
            seen.extend(part)
            advance(len(part))
    return summary(seen)


def summary(seen: list[Seen]) -> dict[str, Any]:
    """Figures of a set from what was seen; see `measure`."""
    single = [item for item in seen if item.embedding is not None]
    people: dict[str, list[NDArray[np.float64]]] = {}
    for item in single:
        if item.embedding is not None:
            people.setdefault(item.person, []).append(item.embedding)
    stacks = {person: np.array(rows) for person, rows in sorted(people.items())}
    inside = np.concatenate([_pairs(rows) for rows in stacks.values()] or [np.zeros(0)])
    across = np.concatenate(
        [distances(stacks[a], stacks[b]).ravel() for a, b in combinations(stacks, 2)]
        or [np.zeros(0)]
    )
    share = len(single) / len(seen)
    apart = float((across > BETWEEN).mean()) if len(across) else 0.0
    worst = float(inside.max()) if len(inside) else 0.0
    return {
        "people": len({item.person for item in seen}),
        "frontal_pictures": len(seen),
        "exactly_one_face": round(share, 4),
        "not_one_face": [item.path for item in seen if item.faces != 1],
        "within": _figures(inside) | {"below_0.6": _share(inside < WITHIN_BELOW)},
        "between": _figures(across) | {"above_0.5": _share(across > BETWEEN),
                                       "above_0.6": _share(across > 0.6)},
        "passed": bool(
            share >= FOUND_AT_LEAST and apart >= BETWEEN_SHARE_AT_LEAST and worst < WITHIN_BELOW
        ),
    }  # fmt: skip


def _pairs(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    first, second = np.triu_indices(len(rows), 1)
    return distances(rows, rows)[first, second]


def _share(mask: NDArray[np.bool_]) -> float:
    return round(float(mask.mean()), 4) if len(mask) else 0.0


def _figures(values: NDArray[np.float64]) -> dict[str, float]:
    if not len(values):
        return {"pairs": 0}
    return {
        "pairs": len(values),
        "mean": round(float(values.mean()), 4),
        "least": round(float(values.min()), 4),
        "most": round(float(values.max()), 4),
    }
