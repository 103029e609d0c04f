"""From scores of triples to the numbers of the tables: means, intervals, differences, KID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fet_core.geometry.landmarks import SAME_PERSON, SIZE
from fet_core.measure.metrics import jackknife_interval, mean, mean_interval, paired_difference
from fet_core.measure.triples import PROTOCOLS
from fet_core.tables import EXPRESSIONS

FEWEST_FOR_KID = 50
"""Different faces on either side below which the kernel inception distance is not told."""

Summary = dict[str, dict[str, float | None]]
Intervals = dict[str, dict[str, list[float] | None]]
Differences = dict[str, dict[str, dict[str, float] | None]]


def summary(scores: pa.Table, truth: pa.Table) -> Summary:
    """Means over the triples of a row.

    Args:
        scores: of the row, with the schema `fet_core.tables.SCORES`.
        truth: of the row `truth` on the same triples.

    Returns:
        by protocol: the numbers of `fet_core.measure.results.METRICS`, None where one is not
        defined.
    """
    found: Summary = {}
    for protocol, part in _protocols(scores).items():
        numbers: dict[str, float | None] = {key: mean(v) for key, v in _values(part).items()}
        distance = _kid(part, truth)
        numbers["kid"] = None if distance is None else distance[0]
        found[protocol] = numbers
    return found


def interval_summary(scores: pa.Table, truth: pa.Table) -> Intervals:
    """95% intervals of the numbers that `summary` gives: [low, high], or None.

    Args:
        scores: as for `summary`.
        truth: as for `summary`.
    """
    found: Intervals = {}
    for protocol, part in _protocols(scores).items():
        people = part["subject"].to_pylist()
        intervals = {key: mean_interval(v, people) for key, v in _values(part).items()}
        distance = _kid(part, truth)
        intervals["kid"] = None
        if distance is not None:
            intervals["kid"] = jackknife_interval(distance[0], list(distance[1].values()))
        found[protocol] = {key: list(i) if i is not None else None for key, i in intervals.items()}
    return found


def differences(ours: pa.Table, theirs: pa.Table, truth: pa.Table) -> Differences:
    """What one row has more than another on the same triples, with 95% intervals.

    A number is compared over the triples on which both rows have it; KID over all different faces.

    Args:
        ours: scores of one row.
        theirs: scores of another, of the same triples in any order.
        truth: of the row `truth`.

    Returns:
        by protocol that both have: {"difference", "low", "high"} of each number, or None.

    Raises:
        ValueError: the tables are of other triples.
    """
    found: Differences = {}
    others = _protocols(theirs)
    for protocol, part in _protocols(ours).items():
        if protocol not in others:
            continue
        other = others[protocol]
        if part["pair_id"].to_pylist() != other["pair_id"].to_pylist():
            raise ValueError("scores of different triples cannot be compared")
        people = part["subject"].to_pylist()
        a, b = _values(part), _values(other)
        compared = {key: paired_difference(a[key], b[key], people) for key in a}
        found[protocol] = {
            key: None if one is None else dict(one._asdict()) for key, one in compared.items()
        }
        found[protocol]["kid"] = _kid_difference(part, other, truth)
    return found


def by_expression(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Means for each expression asked for, as the flat list that `dvc plots` reads.

    Args:
        tables: scores by the name of the row.

    Returns:
        {"model", "protocol", "expression", "ssim", "psnr", "nme", "read": share read as asked
        for, "n"}, expressions in the order of the vocabulary.
    """
    found = []
    for model, table in tables.items():
        for protocol, part in _protocols(table).items():
            values = _values(part)
            asked = np.array(part["expression"].to_pylist())
            for expression in EXPRESSIONS:
                here = asked == expression
                if here.any():
                    found.append(
                        {"model": model, "protocol": protocol, "expression": expression}
                        | {key: mean(values[key][here]) for key in ("ssim", "psnr", "nme")}
                        | {"read": mean(values["expression"][here]), "n": int(here.sum())}
                    )
    return found


def _protocols(scores: pa.Table) -> dict[str, pa.Table]:
    """The rows of each protocol, ordered by triple."""
    parts = {
        name: scores.filter(pc.equal(scores["protocol"], name)).sort_by("pair_id")
        for name in PROTOCOLS
    }
    return {name: part for name, part in parts.items() if part.num_rows}


def _values(part: pa.Table) -> dict[str, NDArray[np.float64]]:
    """What each triple adds to the mean of each number, NaN where it does not count."""
    numbers = {
        key: np.array(part[key].to_pylist(), dtype=np.float64)
        for key in ("ssim", "psnr", "identity", "nme")
    }
    measurable, found = (np.array(part[key].to_pylist(), bool) for key in ("measurable", "found"))
    right = np.array(part["read"].to_pylist()) == np.array(part["expression"].to_pylist())
    return {
        "ssim": numbers["ssim"],
        "psnr": numbers["psnr"],
        "identity": numbers["identity"],
        "accepted": np.where(measurable, numbers["identity"] <= SAME_PERSON, np.nan),
        "nme": numbers["nme"],
        "no_face": (~found).astype(np.float64),
        "expression": np.where(measurable, right, np.nan),
    }


def _embeddings(part: pa.Table) -> tuple[NDArray[np.float32], list[str]]:
    """Those of the faces found, each person's different ones [F, 128], and whose they are."""
    there = part.filter(part["embedding"].is_valid())
    flat = there["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, SIZE)
    subjects = there["subject"].to_pylist()
    # Triples share pictures, and a picture that counts twice would be paired with itself.
    own = {name: np.unique(flat[[s == name for s in subjects]], axis=0) for name in set(subjects)}
    names = sorted(own)
    found = np.concatenate([flat[:0], *(own[name] for name in names)])
    return found, [name for name in names for _ in own[name]]


def _kid(part: pa.Table, truth: pa.Table) -> tuple[float, dict[str, float]] | None:
    """KID to the truths, and without each person; None with too few different faces."""
    # The truth is the same in all protocols.
    made, real = _embeddings(part), _embeddings(next(iter(_protocols(truth).values())))
    if min(len(made[0]), len(real[0])) < FEWEST_FOR_KID:
        return None
    return kid_by_person(*made, *real)


def _kid_difference(ours: pa.Table, theirs: pa.Table, truth: pa.Table) -> dict[str, float] | None:
    a, b = _kid(ours, truth), _kid(theirs, truth)
    if a is None or b is None:
        return None
    difference = a[0] - b[0]
    # Somebody without a face on a row and on the truth changes nothing by being left out.
    names = sorted(set(a[1]) | set(b[1]))
    without = [a[1].get(name, a[0]) - b[1].get(name, b[0]) for name in names]
    interval = jackknife_interval(difference, without)
    return interval and {"difference": difference, "low": interval.low, "high": interval.high}


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
