"""Intervals over people against a slow bootstrap, and corner cases."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.measure.metrics import mean, mean_interval, paired_difference

NAN = float("nan")


def crowd(seed: int = 0, people: int = 9) -> tuple[np.ndarray, list[str]]:
    """Values of people with one to seven pictures each, alike within a person."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 8, people)
    values = [rng.normal(rng.normal(0.7, 0.1), 0.02, size) for size in sizes]
    names = [f"p{number}" for number, size in enumerate(sizes) for _ in range(size)]
    return np.concatenate(values), names


def slow_bootstrap(values: np.ndarray, people: list[str], draws: int) -> tuple[float, float]:
    rng = np.random.default_rng(99)
    names = sorted(set(people))
    by_name = {name: values[np.array(people) == name] for name in names}
    means = []
    for _ in range(draws):
        drawn = rng.choice(len(names), len(names))
        means.append(np.concatenate([by_name[names[number]] for number in drawn]).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def test_the_interval_of_a_constant_is_a_point() -> None:
    _, people = crowd()
    found = mean_interval(np.full(len(people), 0.3), people)
    assert found == pytest.approx((0.3, 0.3), abs=1e-12)


def test_it_is_what_a_slow_bootstrap_gives() -> None:
    values, people = crowd()
    found = mean_interval(values, people, resamples=20_000)
    wanted = slow_bootstrap(values, people, 20_000)
    width = wanted[1] - wanted[0]
    assert found == pytest.approx(wanted, abs=0.03 * width)
    assert found.low < values.mean() < found.high


def test_many_people_of_one_picture_give_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    people = [f"p{number}" for number in range(400)]
    found = mean_interval(values, people, resamples=20_000)
    half = 1.96 * values.std() / np.sqrt(400)
    assert found == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_pictures_of_one_person_are_no_new_evidence() -> None:
    """Each picture ten times: the same interval, not one three times narrower."""
    values, people = crowd()
    once, tenfold = (
        mean_interval(np.repeat(values, times), list(np.repeat(people, times))) for times in (1, 10)
    )
    assert tenfold == pytest.approx(once, abs=1e-12)


def test_missing_values_do_not_count() -> None:
    values, people = crowd()
    more = np.concatenate([values, [NAN, NAN]])
    assert mean_interval(more, [*people, people[0], people[3]]) == mean_interval(values, people)
    assert mean(more) == pytest.approx(values.mean())
    assert mean(np.array([NAN])) is None
    assert mean(np.array([])) is None


def test_fewer_than_two_people_have_no_interval() -> None:
    assert mean_interval(np.array([1.0, 2.0]), ["a", "a"]) is None
    assert mean_interval(np.array([1.0, NAN]), ["a", "b"]) is None
    assert mean_interval(np.array([]), []) is None
    assert paired_difference(np.array([1.0, NAN]), np.array([0.0, 1.0]), ["a", "b"]) is None


def test_the_same_seed_draws_the_same_people() -> None:
    values, people = crowd()
    assert mean_interval(values, people) == mean_interval(values, people)
    assert mean_interval(values, people, seed=1) != mean_interval(values, people)
    order = np.random.default_rng(3).permutation(len(values))
    shuffled = mean_interval(values[order], [people[number] for number in order])
    assert shuffled == pytest.approx(mean_interval(values, people), abs=1e-12)


def test_a_difference_with_itself_is_nothing() -> None:
    values, people = crowd()
    assert paired_difference(values, values, people) == (0.0, 0.0, 0.0)


def test_pairing_takes_out_what_both_share() -> None:
    """A shift of all values is known exactly, however far the people are apart."""
    values, people = crowd()
    assert paired_difference(values + 0.01, values, people) == pytest.approx((0.01,) * 3)
    other = np.random.default_rng(5).normal(0, 0.01, len(values))
    found = paired_difference(values + other, values, people, resamples=20_000)
    assert found is not None
    assert found.difference == pytest.approx(other.mean())
    assert found[1:] == pytest.approx(slow_bootstrap(other, people, 20_000), abs=3e-4)


def test_only_places_with_both_values_are_compared() -> None:
    ours = np.array([1.0, 2.0, NAN, 4.0])
    theirs = np.array([0.5, NAN, 3.0, 3.5])
    found = paired_difference(ours, theirs, ["a", "a", "b", "b"])
    assert found == pytest.approx((0.5, 0.5, 0.5))
