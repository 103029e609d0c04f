"""The split: pure, steady when people are added, and refused when a side is too small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core.datasets.split import check_sides, side, side_of
from fet_core.errors import UserError

seeds = st.integers(0, 2**32)
names = st.text(max_size=12)
shares = st.floats(0, 1)


def test_known_sides_never_change():
    """These were decided once; another answer would move people of finished experiments."""
    on_test = [n for n in range(1, 41) if side(0, f"S{n:03d}", 0.2) == "test"]
    assert on_test == [8, 10, 12, 17, 18, 22, 27, 29, 37]


@given(seeds, names, shares)
def test_pure_and_on_one_of_two_sides(seed, name, share):
    assert side(seed, name, share) == side(seed, name, share)
    assert side(seed, name, share) in ("train", "test")


@given(seeds, names, shares, shares)
def test_a_larger_share_takes_nobody_from_the_test_side(seed, name, one, other):
    if side(seed, name, min(one, other)) == "test":
        assert side(seed, name, max(one, other)) == "test"


@given(seeds, names)
def test_the_ends_of_the_share(seed, name):
    assert side(seed, name, 0.0) == "train"
    assert side(seed, name, 1.0) == "test"


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_share_is_met_over_many(share):
    people = 4000
    got = sum(side(1, f"S{n}", share) == "test" for n in range(people)) / people
    assert abs(got - share) < 4 * (share * (1 - share) / people) ** 0.5


def test_seeds_differ():
    sides = {tuple(side(seed, f"S{n}", 0.5) for n in range(30)) for seed in range(20)}
    assert len(sides) == 20


def test_by_subject_and_by_image(rule):
    ids = [f"p_{n}" for n in range(50)]
    assert len({side_of(rule(by="subject"), "p", name) for name in ids}) == 1
    assert {side_of(rule(by="image"), "p", name) for name in ids} == {"train", "test"}
    with pytest.raises(UserError, match=r'split\.by is "person"; choose "subject" or "image"'):
        side_of(rule(by="person"), "p", "p_1")


@pytest.mark.parametrize(("train", "test"), [(1, 5), (5, 1), (0, 3), (3, 0), (0, 0)])
def test_too_few_people_on_a_side(rule, train, test):
    subjects = [(f"a{n}", "train") for n in range(train)] * 2
    subjects += [(f"b{n}", "test") for n in range(test)] * 2
    with pytest.raises(UserError) as caught:
        check_sides(rule(seed=4), subjects, "/raw")
    text = str(caught.value)
    assert f"{train} people on the training side and {test} on the test side" in text
    assert "/raw" in text
    for cure in ("add people", "split.seed (now 4)", "split.test_share (now 0.4)"):
        assert cure in text


def test_two_people_on_each_side_are_enough(rule):
    check_sides(rule(), [("a", "train"), ("b", "train"), ("c", "test"), ("d", "test")], "x")
