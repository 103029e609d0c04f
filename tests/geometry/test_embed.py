"""dlib's embedding through our points is dlib's own, and tells people apart."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fet_core.data.pictures import read_picture
from fet_core.geometry.embed import _NETWORK, SAME_PERSON, Embedder
from fet_core.geometry.landmarks import FaceFinder, weights_folder

PEOPLE = ("001", "002", "003", "004")


@pytest.fixture(scope="module")
def embedder(finder: FaceFinder) -> Embedder:
    return Embedder()


def face(london: Path, finder: FaceFinder, folder: str, person: str) -> tuple[Any, Any]:
    (path,) = (london / folder).glob(f"{person}_*.jpg")
    picture = np.ascontiguousarray(read_picture(path, 3)[::2, ::2])
    return picture, finder.points(picture, finder.boxes(picture, [1.0])[0].as_list())


def test_it_is_what_dlib_gives_for_its_own_shape(
    london: Path, finder: FaceFinder, embedder: Embedder
) -> None:
    import dlib

    picture, points = face(london, finder, "smiling_front", "001")
    box = dlib.rectangle(*finder.boxes(picture, [1.0])[0].as_list())
    shape = dlib.full_object_detection(box, [dlib.point(int(x), int(y)) for x, y in points])
    network = dlib.face_recognition_model_v1(str(weights_folder() / _NETWORK))
    wanted = np.array(network.compute_face_descriptor(picture, shape))
    found = embedder.embed(picture, points)
    assert found.shape == (128,)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_people_are_nearer_to_themselves_than_to_others(
    london: Path, finder: FaceFinder, embedder: Embedder
) -> None:
    found = {
        (person, folder): embedder.embed(*face(london, finder, folder, person))
        for person, folder in product(PEOPLE, ("neutral_front", "smiling_front"))
    }
    apart = {(a, b): np.linalg.norm(found[a] - found[b]) for a, b in combinations(found, 2)}
    same = [distance for (a, b), distance in apart.items() if a[0] == b[0]]
    other = [distance for (a, b), distance in apart.items() if a[0] != b[0]]
    assert len(same) == 4
    assert max(same) < min(SAME_PERSON, *other)


def test_grey_is_three_equal_channels(london: Path, finder: FaceFinder, embedder: Embedder) -> None:
    picture, points = face(london, finder, "neutral_front", "002")
    grey = np.ascontiguousarray(picture[:, :, 1])
    three = np.repeat(grey[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(embedder.embed(grey, points), embedder.embed(three, points))
