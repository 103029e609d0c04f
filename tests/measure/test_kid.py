"""The kernel inception distance against a double loop, and where its value is known."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.measure.summaries import kid, kid_by_person


def slow(a: np.ndarray, b: np.ndarray) -> float:
    """Binkowski 2018, term by term."""

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((np.dot(x, y) / len(x) + 1) ** 3)

    n, m = len(a), len(b)
    inner_a = sum(kernel(a[i], a[j]) for i in range(n) for j in range(n) if i != j)
    inner_b = sum(kernel(b[i], b[j]) for i in range(m) for j in range(m) if i != j)
    outer = sum(kernel(x, y) for x in a for y in b)
    return inner_a / (n * (n - 1)) + inner_b / (m * (m - 1)) - 2 * outer / (n * m)


def draw(count: int, seed: int, dimensions: int = 128) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, dimensions))


def test_it_is_the_double_loop() -> None:
    a, b = draw(23, 0, 16), draw(17, 1, 16) + 0.3
    assert kid(a, b) == pytest.approx(slow(a, b), abs=1e-10)
    assert kid(a.astype(np.float32), b.astype(np.float32)) == pytest.approx(slow(a, b), rel=1e-4)
    assert kid(b, a) == pytest.approx(kid(a, b))


def test_two_halves_of_one_distribution_are_near_nothing() -> None:
    """Unbiased: the mean over draws is 0, some are below; a shifted half is far away."""
    found = [kid(draw(60, 2 * n), draw(60, 2 * n + 1)) for n in range(40)]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error
    assert min(found) < 0 < max(found)
    assert kid(draw(60, 0), draw(60, 1) + 0.5) > 10 * np.std(found)


def test_a_picture_that_counts_twice_raises_it() -> None:
    """Why every picture may be there once only: it would be paired with itself."""
    a, b = draw(40, 0), draw(40, 1)
    assert kid(np.repeat(a, 2, axis=0), np.repeat(b, 2, axis=0)) > kid(a, b) + 0.01


def test_two_points_by_hand() -> None:
    """All of a at 0 and all of b at 1 in one dimension: 1 + 2³ - 2·1."""
    assert kid(np.zeros((3, 1)), np.ones((4, 1))) == pytest.approx(1 + 8 - 2)


def test_without_a_person_is_as_if_they_had_never_been() -> None:
    a, b = draw(12, 3, 8), draw(15, 4, 8)
    people_a = [f"p{number % 3}" for number in range(12)]
    people_b = [f"p{number % 4}" for number in range(15)]
    whole, without = kid_by_person(a, people_a, b, people_b)
    assert whole == pytest.approx(slow(a, b))
    assert list(without) == ["p0", "p1", "p2", "p3"]
    for name, value in without.items():
        left = [x for x, person in zip(a, people_a, strict=True) if person != name]
        right = [x for x, person in zip(b, people_b, strict=True) if person != name]
        assert value == pytest.approx(slow(np.array(left), np.array(right)))


def test_too_few_pictures_are_not_a_number() -> None:
    a = draw(3, 5)
    _, without = kid_by_person(a, ["x", "x", "y"], a, ["x", "y", "y"])
    assert np.isnan(list(without.values())).all()
    assert np.isnan(kid(a[:1], a))
