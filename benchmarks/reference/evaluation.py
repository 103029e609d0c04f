"""A method's pictures measured in a loop: each with its truth, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from reference.similarity import scores

SIDE = 256


def measure(
    made: np.ndarray, truths: np.ndarray, finder: Any, embedder: Any
) -> list[dict[str, float | None]]:
    """SSIM, PSNR, distance of embeddings and of landmarks of each pair.

    Args:
        made: [N, S, S, C] uint8.
        truths: the same.
        finder: a `FaceFinder`, for dlib's detector and predictor.
        embedder: an `Embedder`.
    """
    rows = []
    for one, other in zip(made, truths, strict=True):
        if one.shape[2] == 1:
            one, other = np.repeat(one, 3, axis=2), np.repeat(other, 3, axis=2)
        (similarity, ratio), *_ = scores(one[None], other[None])
        row: dict[str, float | None] = {"ssim": similarity, "psnr": ratio}
        row |= {"identity": None, "nme": None}
        seen = []
        for picture in (one, other):
            large = np.array(
                Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            )
            boxes = finder.boxes(large, (1.0, 2.0))
            if boxes:
                box = max(boxes, key=lambda box: box.area)
                points = finder.points(large, box.as_list())
                seen.append((points, embedder.embed(large, points)))
        if len(seen) == 2:
            (points, code), (wanted, goal) = seen
            eyes = wanted[36:42].mean(axis=0) - wanted[42:48].mean(axis=0)
            row["identity"] = float(np.linalg.norm(code - goal))
            apart = np.linalg.norm(points - wanted, axis=1).mean()
            row["nme"] = float(apart / np.linalg.norm(eyes))
        rows.append(row)
    return rows
