"""The bank of mouths: what is written is read, and which of them is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from fet_core.errors import UserError
from fet_core.face3d.bank import (
    FORMAT,
    Lender,
    load_lids,
    load_mouths,
    load_shut,
    nearest,
    write_mouths,
)
from fet_core.face3d.mouth import OPEN, opening


def opened(points: np.ndarray, by: float) -> np.ndarray:
    wanted = points.astype(np.float64)
    wanted[[55, 56, 57, 58, 59, 65, 66, 67], 1] += by
    return wanted


def test_what_is_written_is_read(face: np.ndarray, tmp_path: Path) -> None:
    rows = np.arange(96, dtype=np.uint8)
    picture = np.stack(
        [np.tile(rows, (90, 1)), np.tile(rows[::-1], (90, 1)), np.full((90, 96), 7, np.uint8)]
    )
    mouths = [Lender(picture.transpose(1, 2, 0).copy(), opened(face, by)) for by in (3.0, 9.0)]
    lids = Lender(mouths[0].picture[::-1].copy(), face.astype(np.float64))
    shut = Lender(np.ascontiguousarray(lids.picture[:, ::-1]), opened(face, 0.0))
    path = tmp_path / "m.safetensors"
    write_mouths(path, mouths, lids, shut)
    read = load_mouths(path)
    assert len(read) == 2
    read_lids, other_lids = load_lids(path)
    given, found = [*mouths, lids, shut], [*read, read_lids, load_shut(path)]
    for one, other in zip(given, found, strict=True):
        assert other.points == pytest.approx(one.points, abs=1e-4)
        assert np.abs(other.picture.astype(int) - one.picture).max() < 12
        assert not np.array_equal(other.picture[..., 0], other.picture[..., 1])
    assert np.array_equal(other_lids.picture, read_lids.picture[:, ::-1])
    assert other_lids.points[45, 0] == pytest.approx(95 - read_lids.points[36, 0])


def test_the_mouth_of_that_shape_is_taken_whatever_its_size_and_tilt(face: np.ndarray) -> None:
    blank = np.zeros((96, 96, 3), np.uint8)
    mouths = [Lender(blank, opened(face, by)) for by in (2.0, 6.0, 14.0)]
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    for number, by in enumerate((2.4, 6.5, 12.0)):
        assert nearest(mouths, 3 * opened(face, by) @ turn + 40) is mouths[number]


def test_the_shipped_mouths_are_open_and_differ() -> None:
    mouths = load_mouths()
    assert len(mouths) >= 8
    gaps = sorted(opening(one.points) for one in mouths)
    assert sum(gap > OPEN for gap in gaps) >= 0.8 * len(gaps)
    assert gaps[-1] > 3 * gaps[len(gaps) // 4]
    for one in mouths:
        height, width = one.picture.shape[:2]
        assert (one.points >= 0).all()
        assert (one.points < [width, height]).all()


def test_the_shipped_shut_mouth_is_shut() -> None:
    assert opening(load_shut().points) < OPEN


def test_what_is_no_bank_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"no")
    with pytest.raises(UserError, match="cannot be read"):
        load_mouths(path)
    save_file({"points.00": np.full((68, 2), np.nan)}, path, {"format": FORMAT})
    with pytest.raises(UserError, match="numbers that cannot be there"):
        load_mouths(path)
    for number, (form, tensors) in enumerate(
        [
            ("other", {"points.00": np.zeros((68, 2), np.float32)}),
            (FORMAT, {"points.00": np.zeros((68, 2), np.float32)}),
            (FORMAT, {"points.00": np.zeros((68, 2)), "picture.00": np.zeros(9, np.uint8)}),
        ]
    ):
        path = tmp_path / f"{number}.safetensors"
        save_file(tensors, path, {"format": form})
        with pytest.raises(UserError, match="of another version"):
            load_mouths(path)
