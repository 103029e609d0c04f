"""Choosing people: with made-up embeddings, without rendering."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fet_core.errors import UserError
from fet_core.synthesis.casting import _MOST_DRAWS, APART, Audition, Impression, _Search
from fet_core.synthesis.layouts import rafd_members


class Stage:
    """Stands in for the crew: where a place's draw stands on a line is its embedding."""

    def __init__(self, places: dict[int, list[float]], strays: set[tuple[int, int]]) -> None:
        self.places, self.strays = places, strays

    def run(self, work: Any, tasks: list[Audition]) -> Iterator[Impression]:
        for task in tasks:
            for draw in task.draws:
                spots = self.places[task.member.slot]
                spot = spots[min(draw, len(spots) - 1)]
                for look in task.looks:
                    far = look != "neutral" and (task.member.slot, draw) in self.strays
                    seen = None if np.isnan(spot) else np.array([spot, 0.9 if far else 0.0])
                    yield Impression(task.member.slot, draw, look, seen)


def choose(
    places: dict[int, list[float]], strays: set[tuple[int, int]] | None = None
) -> dict[int, int]:
    members = rafd_members(len(places))
    search = _Search(1, "rafd", {})
    stage: Any = Stage(places, strays or set())
    search.see(stage, members, range(3))
    for member in members:
        search.fill(stage, member)
    return search._chosen


def test_a_lookalike_is_drawn_again() -> None:
    assert choose({0: [0.0], 1: [0.1, 0.3, 2.0]}) == {0: 0, 1: 2}


def test_the_limit_gives_way_a_little_with_each_draw() -> None:
    assert choose({0: [0.0], 1: [APART - 0.015] * 3}) == {0: 0, 1: 2}


def test_who_is_not_found_or_strays_too_far_is_drawn_again() -> None:
    assert choose({0: [float("nan"), 0.0], 1: [3.0, 2.0]}, {(1, 0)}) == {0: 1, 1: 1}


def test_a_crowded_cast_takes_the_one_least_like_the_others() -> None:
    crowd = [0.1] * 17 + [0.4] + [0.2] * _MOST_DRAWS
    assert choose({0: [0.0], 1: crowd}) == {0: 0, 1: 17}


def test_a_place_that_nobody_can_fill_is_told() -> None:
    with pytest.raises(UserError, match="place 01"):
        choose({0: [float("nan")]})
