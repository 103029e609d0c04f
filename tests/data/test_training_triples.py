"""Training triples drawn by table look-up, against a search through all rows."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pytest
import sample_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from fet_core import tables
from fet_core.data.training_triples import training_index
from fet_core.errors import UserError

samples = partial(sample_rows.samples, split="train")


def triples(rows: list[dict], neutral_only: bool) -> dict[int, set[tuple[int, int, int]]]:
    """By brute force: truth -> all (target, source, reference) that the definition allows."""

    def same(one: dict, other: dict, *keys: str) -> bool:
        return all(one[key] == other[key] for key in keys)

    train = [i for i, row in enumerate(rows) if row["split"] == "train"]
    album = ("subject", "flipped", "camera", "gaze")
    found: dict[int, set[tuple[int, int, int]]] = {}
    for i in train:
        truth = rows[i]
        labelled = any(
            same(rows[j], truth, *album, "sequence") and rows[j]["expression"] != "neutral"
            for j in train
        )
        for j in train:
            target = rows[j]
            if not same(target, truth, *album) or same(target, truth, "expression"):
                continue
            pair = (truth["expression"], target["expression"])
            if neutral_only and "neutral" not in pair:
                continue
            if neutral_only and labelled and not same(target, truth, "sequence"):
                continue
            for k in train:
                source = rows[k]
                if source["subject"] == truth["subject"]:
                    continue
                if not same(source, truth, "camera", "gaze", "expression"):
                    continue
                for m in train:
                    reference = rows[m]
                    keys = (*album, "sequence") if neutral_only else album
                    if same(reference, source, *keys) and same(reference, target, "expression"):
                        found.setdefault(i, set()).add((j, k, m))
    return found


row_strategy = st.fixed_dictionaries(
    {
        "subject": st.sampled_from("ABC"),
        "expression": st.sampled_from(["neutral", "happy", "contemptuous"]),
        "sequence": st.sampled_from(["1", "2"]),
        "camera": st.sampled_from(["090", "090", "045"]),
        "gaze": st.sampled_from(["frontal", "frontal", "left"]),
        "split": st.sampled_from(["train", "train", "train", "test"]),
        "flipped": st.booleans(),
    }
)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(row_strategy, max_size=24),
    neutral_only=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_draws_are_the_triples_that_a_search_finds(rows, neutral_only, seed):
    expected = triples(rows, neutral_only)
    table = samples(rows)
    if not expected:
        with pytest.raises(UserError, match="no training triple is possible"):
            training_index(table, neutral_only)
        return
    index = training_index(table, neutral_only)
    assert index.usable.dtype == np.int64
    assert index.usable.tolist() == sorted(expected)

    truth = np.repeat(index.usable, 40)
    u = np.random.default_rng(seed).random((len(truth), 3))
    drawn = index.draw(truth, u)
    for array in drawn:
        assert array.dtype == np.int64
        assert array.shape == truth.shape
    for i, *triple in zip(truth.tolist(), *(array.tolist() for array in drawn), strict=True):
        assert tuple(triple) in expected[i]


@pytest.mark.parametrize("neutral_only", [False, True])
def test_every_triple_is_reached_and_the_ends_of_u_too(neutral_only):
    rows = []
    for name in ("A", "B", "C"):
        for sequence, peak in (("1", "happy"), ("2", "sad")):
            for expression in ("neutral", peak, peak):
                row = {"subject": name, "expression": expression, "sequence": sequence}
                rows += [row | {"flipped": False, "camera": "090", "gaze": "frontal"}]
    rows += [{"subject": "D", "expression": "neutral", "sequence": "9", "flipped": True}]
    rows += [{"subject": "A", "expression": "neutral", "sequence": "9", "flipped": False}]
    default = {"flipped": False, "camera": "090", "gaze": "frontal", "split": "train"}
    rows = [default | row for row in rows]
    expected = triples(rows, neutral_only)
    index = training_index(samples(rows), neutral_only)
    assert index.usable.tolist() == sorted(expected)
    steps = np.append(np.linspace(0, 1, 36, endpoint=False), np.nextafter(1.0, 0.0))
    u = np.stack(np.meshgrid(steps, steps, steps[::4]), axis=-1).reshape(-1, 3)
    for truth in index.usable.tolist():
        drawn = index.draw(np.full(len(u), truth), u)
        got = set(zip(*(array.tolist() for array in drawn), strict=True))
        assert got == expected[truth]


def test_a_draw_is_a_pure_function():
    rows = [{"subject": s, "expression": e} for s in "ABCD" for e in tables.EXPRESSIONS]
    index = training_index(samples(rows), False)
    truth, u = index.usable, np.random.default_rng(0).random((len(index.usable), 3))
    one, other = index.draw(truth, u), index.draw(truth, u)
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    back = index.draw(truth[::-1], u[::-1])
    assert all((a == b[::-1]).all() for a, b in zip(one, back, strict=True))


def test_expressions_of_the_target_are_drawn_evenly():
    """However many pictures there are of each."""
    rows = [{"subject": s, "expression": e} for s in "AB" for e in ("neutral", "happy")]
    rows += [{"subject": s, "expression": "sad"} for s in "AB" for _ in range(9)]
    index = training_index(samples(rows), False)
    u = np.random.default_rng(0).random((8000, 3))
    target = index.draw(np.zeros(8000, dtype=np.int64), u).target
    happy = np.mean([rows[t]["expression"] == "happy" for t in target.tolist()])
    assert abs(happy - 0.5) < 0.02


def test_a_mirrored_picture_meets_those_of_its_mirrored_gaze():
    rows = [
        {"subject": "A", "expression": e, "gaze": "left", "flipped": True}
        for e in ("neutral", "sad")
    ]
    rows += [{"subject": "B", "expression": e, "gaze": "left"} for e in ("neutral", "sad")]
    rows += [{"subject": "C", "expression": e, "gaze": "right"} for e in ("neutral", "sad")]
    index = training_index(samples(rows), False)
    assert index.usable.tolist() == [0, 1, 2, 3]
    drawn = index.draw(np.array([0]), np.full((1, 3), 0.5))
    assert [array.tolist() for array in drawn] == [[1], [2], [3]]


def test_a_neutral_picture_without_label_takes_its_target_from_another_sequence():
    rows = [
        {"subject": s, "expression": e, "sequence": q}
        for s in "AB"
        for e, q in (("neutral", "1"), ("happy", "1"), ("neutral", "2"))
    ]
    index = training_index(samples(rows), True)
    assert 2 in index.usable
    assert index.draw(np.array([2]), np.zeros((1, 3))).target.tolist() == [1]


@pytest.mark.parametrize("bad", [[-1], [0], [99]])
def test_a_row_that_cannot_be_a_truth_is_refused(bad):
    rows = [{"subject": "A", "expression": "angry"}]
    rows += [{"subject": s, "expression": e} for s in "AB" for e in ("neutral", "sad")]
    index = training_index(samples(rows), False)
    with pytest.raises((ValueError, IndexError)):
        index.draw(np.array(bad), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="shape"):
        index.draw(np.array([1]), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], r"0 person\(s\) are left on the training side"),
        ([{"subject": "A", "expression": "sad", "split": "test"}], r"0 person\(s\)"),
        ([{"subject": "A", "expression": e} for e in ("sad", "happy")], r"1 person\(s\)"),
        ([{"subject": s, "expression": "sad"} for s in "AB"], "no two show the same"),
    ],
)
def test_why_there_is_no_triple(rows, why):
    with pytest.raises(UserError, match=why) as caught:
        training_index(samples(rows), False)
    assert "split.seed" in str(caught.value)


def test_a_set_of_rafds_full_size_is_indexed_at_once():
    """12,000 rows: a draw must not walk through them."""
    mirrored = {"left": "right", "frontal": "frontal", "right": "left"}
    rows = [
        {
            "subject": f"{person:02d}",
            "expression": expression,
            "gaze": mirrored[gaze] if flip else gaze,
            "camera": f"{180 - camera if flip else camera:03d}",
            "flipped": flip,
        }
        for person in range(54)
        for expression in tables.EXPRESSIONS
        for gaze in tables.GAZES
        for camera in (0, 45, 90, 135, 180)
        for flip in (False, True)
    ]
    table = samples(rows)
    start = time.process_time()
    index = training_index(table, False)
    assert time.process_time() - start < 5
    assert len(index.usable) == len(rows)
    u = np.random.default_rng(0).random((8, 3))
    start = time.process_time()
    for place in range(200):
        index.draw(index.usable[place : place + 8], u)
    assert time.process_time() - start < 1
