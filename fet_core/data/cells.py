"""Rows of samples by person and expression, in tables that are looked up for a batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cells:
    """Rows sorted by (album, expression), so that each such cell is one run of `rows`.

    An album is what one person's target and truth (or source and reference) are taken from: the
    pictures of that person, camera and gaze, of one flip, and of one sequence where that counts.
    """

    rows: np.ndarray  # int64 [N], row numbers in samples
    start: np.ndarray  # int64 [albums, 8], into rows
    count: np.ndarray  # int64 [albums, 8]


@dataclass(frozen=True)
class Sources:
    """Possible sources for each (view, expression, target expression), sorted by person.

    A person's own pictures are one run of that list, so that leaving them out is to jump over it.
    """

    rows: np.ndarray  # int64 [M]
    start: np.ndarray  # int64 [views, 8, 8], into rows
    count: np.ndarray  # int64 [views, 8, 8]
    own_start: np.ndarray  # int64 [views, 8, 8, subjects], counted from start
    own_count: np.ndarray  # int64 [views, 8, 8, subjects]

    def pick(
        self,
        u: np.ndarray,
        view: np.ndarray,
        shown: np.ndarray,
        other: np.ndarray,
        subject: np.ndarray,
    ) -> np.ndarray:
        own = self.own_count[view, shown, other, subject]
        nth, _ = pick(u, self.count[view, shown, other] - own)
        nth = nth + np.where(nth >= self.own_start[view, shown, other, subject], own, 0)
        return self.rows[self.start[view, shown, other] + nth]

    def alone(
        self, view: np.ndarray, shown: np.ndarray, other: np.ndarray, subject: np.ndarray
    ) -> np.ndarray:
        """bool [B]: whether there is nobody else to pick; what `pick` gives there means nothing."""
        own = self.own_count[view, shown, other, subject]
        return np.asarray(self.count[view, shown, other] == own)


def pick(u: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A number below `count` from u in [0, 1), and what is left of u, again in [0, 1)."""
    scaled = u * count
    nth = np.minimum(scaled.astype(np.int64), count - 1)
    return nth, np.clip(scaled - nth, 0.0, np.nextafter(1.0, 0.0))
