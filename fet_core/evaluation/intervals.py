"""95% intervals of what is measured on people: bootstrap and jackknife over people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

_LEVEL = 0.95


class Interval(NamedTuple):
    """Both ends of a 95% interval."""

    low: float
    high: float


class Difference(NamedTuple):
    """A mean difference and both ends of its 95% interval."""

    difference: float
    low: float
    high: float


def mean(values: NDArray[np.float64]) -> float | None:
    """The mean of [N] values, NaN left out; None where nothing is left."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def mean_interval(
    values: NDArray[np.float64],
    people: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> Interval | None:
    """Percentile bootstrap of a mean over pictures, with whole people drawn (Efron 1979).

    Pictures of one person are alike, so that drawing pictures would give too narrow an interval.

    Args:
        values: [N]; NaN does not count.
        people: [N], who each value belongs to.
        resamples: how many times as many people as there are are drawn with replacement.
        seed: of the draws; the same people are drawn for all metrics of the same triples.

    Returns:
        the interval, or None where fewer than two people have values.
    """
    names, person = np.unique(np.asarray(people), return_inverse=True)
    there = ~np.isnan(values)
    if len(np.unique(person[there])) < 2:
        return None
    sums = np.bincount(person[there], weights=values[there], minlength=len(names))
    counts = np.bincount(person[there], minlength=len(names))
    drawn = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=resamples
    )
    total = drawn @ counts
    means = (drawn @ sums)[total > 0] / total[total > 0]
    low, high = np.percentile(means, [50 * (1 - _LEVEL), 50 * (1 + _LEVEL)])
    return Interval(float(low), float(high))


def paired_difference(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    people: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> Difference | None:
    """The mean of `ours - theirs` over the places where both are there, with its bootstrap.

    Args:
        ours: [N]; NaN does not count.
        theirs: [N], of the same triples.
        people: [N], who each place belongs to.
        resamples: as in `mean_interval`.
        seed: as in `mean_interval`.

    Returns:
        None where fewer than two people have both values.
    """
    difference = ours - theirs
    interval = mean_interval(difference, people, resamples, seed)
    if interval is None:
        return None
    return Difference(float(np.nanmean(difference)), *interval)


def jackknife_interval(estimate: float, without: Sequence[float]) -> Interval | None:
    """Delete-one-person jackknife (Tukey 1958): the estimate ± Student's t times its error.

    Args:
        estimate: from all people.
        without: [P], the estimate without each of the people.

    Returns:
        None with fewer than two people, or where an estimate without one is not defined.
    """
    count, estimates = len(without), np.asarray(without)
    if count < 2 or np.isnan(estimates).any() or np.isnan(estimate):
        return None
    variance = (count - 1) / count * np.square(estimates - estimates.mean()).sum()
    half = float(student.ppf(0.5 + _LEVEL / 2, count - 1) * np.sqrt(variance))
    return Interval(estimate - half, estimate + half)
