"""Reading expressions: right on shapes that are apart, blind to place, size and turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.geometry.landmarks import mirror_points
from fet_core.measure.instruments import Reading
from fet_core.measure.reader import ExpressionReader

NAMES = ("neutral", "happy", "surprised")


def shapes(face: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Faces whose mouth is as it is, wider, or open; the rest is noise of half a pixel."""
    rng = np.random.default_rng(seed)
    points, names = [], []
    for number in range(count):
        name = NAMES[number % 3]
        one = face.astype(np.float64) + rng.normal(0, 0.5, (68, 2))
        if name == "happy":
            one[48:68, 0] = (one[48:68, 0] - 47.5) * 1.4 + 47.5
        if name == "surprised":
            one[55:60, 1] += 8
            one[65:68, 1] += 7
        points.append(one)
        names.append(name)
    return np.stack(points), names


@pytest.fixture(scope="module")
def reader(face: np.ndarray) -> ExpressionReader:
    return ExpressionReader(*shapes(face, 60, seed=0))


def test_what_is_apart_is_read_right(face: np.ndarray, reader: ExpressionReader) -> None:
    for seed in (0, 1):
        points, names = shapes(face, 60, seed)
        assert reader.read(points) == names
    assert reader.read(np.zeros((0, 68, 2))) == []


@given(
    scale=st.floats(0.05, 20),
    angle=st.floats(-np.pi, np.pi),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_place_size_and_turn_do_not_matter(
    face: np.ndarray,
    reader: ExpressionReader,
    scale: float,
    angle: float,
    shift: tuple[float, float],
) -> None:
    points, names = shapes(face, 12, seed=2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = points @ turn.T * scale + shift
    assert reader.read(moved) == names
    np.testing.assert_allclose(reader._features(moved), reader._features(points), atol=1e-9)


def test_a_mirrored_face_is_another_shape(face: np.ndarray, reader: ExpressionReader) -> None:
    """Turned, never mirrored: a one-sided smile must not be laid on its other side."""
    lopsided = face.astype(np.float64)
    lopsided[48] += (-4, -4)
    mirrored = lopsided * (-1, 1)
    features = reader._features(np.stack([lopsided, mirrored]))
    assert np.abs(features[0] - features[1]).max() > 0.01


def test_the_same_rows_give_the_same_reader(face: np.ndarray, reader: ExpressionReader) -> None:
    again = ExpressionReader(*shapes(face, 60, seed=0))
    points, _ = shapes(face, 30, seed=3)
    np.testing.assert_array_equal(
        again._classifier.decision_function(again._features(points)),
        reader._classifier.decision_function(reader._features(points)),
    )


def test_a_rare_expression_is_as_likely_as_a_common_one(face: np.ndarray) -> None:
    """Between two overlapping shapes the border lies in the middle, whatever their numbers."""
    rng = np.random.default_rng(4)
    open_mouth = np.zeros((68, 2))
    open_mouth[55:60, 1] = 1.5

    def draw(count: int, share: float) -> np.ndarray:
        return face + share * open_mouth + rng.normal(0, 1.5, (count, 68, 2))

    points = np.concatenate([draw(400, 0), draw(40, 1)])
    reader = ExpressionReader(points, ["neutral"] * 400 + ["surprised"] * 40)
    read = reader.read(draw(400, 0.5))
    assert 0.25 < np.mean([name == "surprised" for name in read]) < 0.75


def test_only_training_rows_are_learnt(sample_table: Callable[..., pa.Table]) -> None:
    samples = sample_table(people=6, expressions=("neutral", "happy"), test=(4, 5), flip=True)
    names = samples["expression"].to_pylist()
    wrong = [
        "sad" if split == "test" else name
        for name, split in zip(names, samples["split"].to_pylist(), strict=True)
    ]
    place = samples.schema.get_field_index("expression")
    reader = ExpressionReader.of(samples.set_column(place, "expression", pa.array(wrong)))
    assert list(reader._classifier.classes_) == ["happy", "neutral"]
    training = samples.filter(
        pa.array([split == "train" for split in samples["split"].to_pylist()])
    )
    assert training.num_rows == 16
    points = np.array(training["points"].to_pylist()).reshape(-1, 68, 2)
    assert set(reader.read(points)) <= {"happy", "neutral"}


def test_what_the_instruments_read_is_learnt_and_not_the_samples_own_points(
    face: np.ndarray,
    sample_table: Callable[..., pa.Table],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each straight training picture once, its mirrored points too; of one nothing is read."""
    samples = sample_table(people=12, expressions=NAMES, test=(10, 11), flip=True, size=96)
    pictures = np.zeros((36, 96, 96, 1), np.uint8)
    pictures[:] = np.arange(36)[:, None, None, None]
    np.save(tmp_path / "faces.npy", pictures)
    dataset = Dataset.open(tmp_path / "faces.npy", samples, torch.device("cpu"))
    points, _ = shapes(face, 36, seed=3)
    seen: list[int] = []

    def measure(shown: Iterable[np.ndarray], **options: Any) -> list[Reading]:
        seen.extend(int(one[0, 0, 0]) for one in shown)
        found = [Reading(points[row].astype(np.float32), np.zeros(128)) for row in seen]
        return [Reading(None, None), *found[1:]]

    monkeypatch.setattr("fet_core.measure.reader.measure", measure)
    reader = ExpressionReader.by_instruments(samples, dataset)
    assert sorted(seen) == list(range(30))
    known = seen[1:]
    wanted = ExpressionReader(
        np.concatenate([points[known], mirror_points(points[known], 96)]),
        [NAMES[row % 3] for row in known] * 2,
    )
    fresh, names = shapes(face, 90, seed=8)
    assert reader.read(fresh) == wanted.read(fresh)
    assert np.mean(np.array(reader.read(fresh)) == names) > 0.9
    assert np.mean(np.array(ExpressionReader.of(samples).read(fresh)) == names) < 0.6


def test_one_expression_or_too_few_faces_are_told(
    face: np.ndarray, sample_table: Callable[..., pa.Table]
) -> None:
    with pytest.raises(UserError, match="show 1 expression where two are needed"):
        ExpressionReader.of(sample_table(expressions=("happy",)))
    with pytest.raises(UserError, match="show 0 expressions where two"):
        ExpressionReader.of(sample_table(people=1, test=(0,)))
    with pytest.raises(UserError, match="2 training rows are too few to tell 2"):
        ExpressionReader(np.stack([face, face + 1]), ["happy", "sad"])
