"""Kernel inception distance between the faces of results and truths, with each person left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]


def kid(a: Features, b: Features) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel (x·y/d + 1)³ (Binkowski 2018).

    Args:
        a: [N, d], N at least 2, no picture twice: pairs of one picture with itself do not count.
        b: [M, d], M at least 2, likewise.

    Returns:
        about 0 (also a little below) for two draws from one distribution.
    """
    return kid_by_person(a, ["one"] * len(a), b, ["one"] * len(b))[0]


def kid_by_person(
    a: Features, people_a: Sequence[str], b: Features, people_b: Sequence[str]
) -> tuple[float, dict[str, float]]:
    """`kid`, and what it would be without each person, from one pass over all pairs.

    Args:
        a: [N, d], no picture twice.
        people_a: [N], who is on each picture.
        b: [M, d], likewise.
        people_b: [M].

    Returns:
        the distance, and by person the distance without them; NaN where fewer than two pictures
        are left on a side.
    """
    names = sorted(set(people_a) | set(people_b))
    where = {name: number for number, name in enumerate(names)}
    of_a, of_b = (np.array([where[name] for name in p], np.int64) for p in (people_a, people_b))
    within = [_sums(x, of, x, of, len(names)) for x, of in ((a, of_a), (b, of_b))]
    across = _sums(a, of_a, b, of_b, len(names))
    own = [
        np.bincount(of, weights=_kernel_with_itself(x), minlength=len(names))
        for x, of in ((a, of_a), (b, of_b))
    ]
    counts = [np.bincount(of, minlength=len(names)) for of in (of_a, of_b)]

    def from_sums(keep: NDArray[np.float64]) -> NDArray[np.float64]:
        """For people kept as [K, P] of 0 and 1."""
        n, m = (keep @ count for count in counts)
        inner = [
            np.einsum("kp,pq,kq->k", keep, table, keep) - keep @ alone
            for table, alone in zip(within, own, strict=True)
        ]
        outer = np.einsum("kp,pq,kq->k", keep, across, keep)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = inner[0] / (n * (n - 1)) + inner[1] / (m * (m - 1)) - 2 * outer / (n * m)
        return np.where((n >= 2) & (m >= 2), value, np.nan)

    everybody = np.ones((1, len(names)))
    without = from_sums(1 - np.eye(len(names))).tolist()
    return float(from_sums(everybody)[0]), dict(zip(names, without, strict=True))


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)


def _kernel_with_itself(x: Features) -> NDArray[np.float64]:
    return np.asarray((np.square(np.asarray(x, np.float64)).sum(axis=1) / x.shape[1] + 1) ** 3)


def _sums(
    x: Features, of_x: NDArray[np.int64], y: Features, of_y: NDArray[np.int64], people: int
) -> NDArray[np.float64]:
    """Kernel sums [P, P] over the pictures of each person in x with those of each in y."""
    left, right = np.asarray(x, np.float64), np.asarray(y, np.float64)
    table = np.zeros((people, people))
    # Person by person, so that no table of all pictures with all is ever held.
    for person in range(people):
        total = _kernel(left[of_x == person], right).sum(axis=0)
        table[person] = np.bincount(of_y, weights=total, minlength=people)
    return table
