"""Several faces in one photograph: which is meant, all at once, and how they are numbered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_portrait import HAPPY, NEUTRAL, OTHER, write_model

import fet_core
from fet_core.errors import UserError
from fet_core.portrait_faces import SeveralFacesError, numbered


@pytest.fixture(scope="module")
def transfer(face: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("dlib", reason="dlib is not installed")
    model = write_model(tmp_path_factory.mktemp("model") / "plus.safetensors", face)
    return fet_core.Transfer(model, device="cpu")


@pytest.fixture(scope="module")
def single(repository: Path) -> list[np.ndarray]:
    """Three people's photographs."""
    return [np.array(Image.open(repository / name)) for name in (NEUTRAL, OTHER, HAPPY)]


@pytest.fixture(scope="module")
def group(single: list[np.ndarray]) -> np.ndarray:
    """The three beside each other."""
    return np.concatenate(single, axis=1)


def part(picture: np.ndarray, number: int) -> np.ndarray:
    """The columns of one of the three."""
    return picture[:, 340 * number : 340 * (number + 1)]


def test_each_face_is_changed(transfer: Any, single: list[np.ndarray], group: np.ndarray) -> None:
    before = group.copy()
    made, left = transfer.all_faces(single[2], group)
    assert left == []
    assert made.shape == group.shape
    assert (group == before).all()
    for number in range(3):
        alone = transfer(single[2], group, 1.0, None, number + 1)
        changed = (alone != group).any(axis=2)
        assert changed.any()
        near = np.s_[max(340 * number - 30, 0) : 340 * (number + 1) + 30]
        assert not np.delete(changed, near, axis=1).any()
        assert (part(made, number) == part(alone, number)).mean() > 0.99


def test_the_source_among_them_stays(transfer: Any, group: np.ndarray) -> None:
    made, left = transfer.all_faces(group, group, 1.0, 3)
    assert left == []
    assert (part(made, 2)[:, 40:] == part(group, 2)[:, 40:]).all()
    assert (part(made, 0) != part(group, 0)).any()
    none, _ = transfer.all_faces(group, group, 0, 1)
    assert (none == group).all()


def test_one_that_cannot_be_changed_stays_and_is_named(single: list[np.ndarray]) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    low = np.concatenate([np.repeat(single[2][:1], 220, axis=0), single[2][:-220]])
    two = np.concatenate([single[0], low], axis=1)
    transfer = fet_core.Transfer()
    made, left = transfer.all_faces(single[2], two)
    assert len(left) == 1
    assert "(680×512), number 2 from the left, is cut off by the picture's border" in left[0]
    assert (part(made, 1)[:, 30:] == part(two, 1)[:, 30:]).all()
    assert (part(made, 0) != part(two, 0)).any()
    with pytest.raises(UserError, match="is cut off"):
        transfer.all_faces(single[0], low)


def test_where_none_can_be_changed(transfer: Any, single: list[np.ndarray]) -> None:
    grey = np.full((200, 200), 128, np.uint8)
    with pytest.raises(UserError, match=r"no face was found in the photo \(200×200\)"):
        transfer.all_faces(single[0], grey)
    with pytest.raises(UserError, match="choose one from 0"):
        transfer.all_faces(single[0], single[1], 3.0)


def test_a_source_that_was_read_once(transfer: Any, single: list[np.ndarray]) -> None:
    read = transfer.find(single[2])
    assert (transfer(read, single[0]) == transfer(single[2], single[0])).all()


def test_the_option_that_chooses(
    transfer: Any, single: list[np.ndarray], group: np.ndarray
) -> None:
    with pytest.raises(SeveralFacesError, match="choose one with --target-face") as raised:
        transfer(single[0], group)
    assert raised.value.role == "target"
    with pytest.raises(SeveralFacesError, match=r"choose one with --source-face") as raised:
        transfer(group, single[0])
    assert raised.value.role == "source"
    with pytest.raises(SeveralFacesError, match="no face 4 among the 3"):
        transfer(single[0], group, 1.0, None, 4)
    with pytest.raises(SeveralFacesError, match=r"choose one with --face \(face in Python\)"):
        fet_core.Transfer().edit(group, {"jawOpen": 0.5})


@pytest.mark.parametrize("grey", [False, True])
def test_numbers_are_drawn_at_the_faces_alone(grey: bool, transfer: Any, group: np.ndarray) -> None:
    picture = group[..., 1].copy() if grey else group
    before = picture.copy()
    boxes = [face.found.box for face in transfer.faces(picture)]
    assert [round(left / 340) for left, _, _, _ in boxes] == [0, 1, 2]
    drawn = numbered(picture, boxes)
    assert drawn.shape == picture.shape
    assert (picture == before).all()
    changed = drawn != picture
    changed = changed if grey else changed.any(axis=2)
    for left, top, right, bottom in boxes:
        middle = np.s_[round(top + bottom) // 2, :]
        assert changed[middle][round(left) - 2 : round(left) + 2].all()
        inside = np.s_[
            round(bottom - 60) : round(bottom - 20), round(left + 40) : round(right - 20)
        ]
        assert not changed[inside].any()
    assert not changed[:60].any()
