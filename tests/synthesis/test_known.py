"""Faces of which everything is known, and what is learned from them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from fet_core.errors import UserError
from fet_core.face3d.fusion import load_fusion
from fet_core.face3d.model import load_model
from fet_core.face3d.shape import make_fitter
from fet_core.synthesis.anchors import learn, mirror_vertices
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.known import (
    Shot,
    Sitting,
    draw_person,
    draw_shot,
    front,
    read_album,
    sit,
    take,
)
from fet_core.synthesis.layouts import generator
from fet_core.synthesis.lessons import people_of, random_units


def symmetric(rng: np.random.Generator, count: int = 60) -> np.ndarray:
    half = rng.normal(size=(count, 3)) * [0.5, 1, 0.3] + [0.6, 0, 0]
    return np.concatenate([half, half * [-1, 1, 1]])


def test_anchors_are_found_where_they_are() -> None:
    rng = np.random.default_rng(2)
    rest = symmetric(rng)
    other = mirror_vertices(rest)
    assert np.array_equal(other[other], np.arange(len(rest)))
    shares = sparse.lil_matrix((2, len(rest)))
    near = np.argsort(np.linalg.norm(rest - rest[5], axis=1))[:3]
    shares[0, near], shares[1, other[near]] = [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]
    places, read = [], []
    for _ in range(60):
        moved = rest + 0.1 * rng.normal(size=rest.shape)
        places.append(moved[:, :2])
        read.append(shares.tocsr() @ moved[:, :2] + 0.001 * rng.normal(size=(2, 2)))
    seen = [np.ones(len(rest), bool)] * len(places)
    found, left = learn(np.stack(read), places, seen, rest, (1, 0))
    assert found.toarray() == pytest.approx(shares.toarray(), abs=0.03)
    assert found.sum(axis=1) == pytest.approx(1)
    assert left.max() < 0.01


def test_places_are_where_the_skin_is_drawn(studio: object) -> None:
    """A picture that is taken from elsewhere shows the same spot of skin at its place."""
    who = draw_person(studio, 3, 1)  # type: ignore[arg-type]
    kept = front(studio.rest)  # type: ignore[attr-defined]
    shots = [Shot({}, yaw, 0.0, 0.0, size=160) for yaw in (0.0, 12.0)]
    rngs = [np.random.default_rng(1) for _ in shots]
    one, other = (take(studio, who, shot, rng) for shot, rng in zip(shots, rngs, strict=True))  # type: ignore[arg-type]
    both = kept[one.seen[kept] & other.seen[kept]]
    colours = []
    for known in (one, other):
        x, y = known.places[both].round().astype(int).T
        inside = (x >= 0) & (x < 160) & (y >= 0) & (y < 160)
        colours.append((known.picture[y.clip(0, 159), x.clip(0, 159)].astype(float), inside))
    both_in = colours[0][1] & colours[1][1]
    apart = np.abs(colours[0][0] - colours[1][0])[both_in].mean()
    mixed = np.abs(colours[0][0] - np.roll(colours[1][0], 700, axis=0))[both_in].mean()
    assert apart < 0.6 * mixed


def test_an_album_is_made_once_and_repeats(studio: object, tmp_path: Path) -> None:
    sitting = Sitting(tmp_path, 3, 0, 2, 96)
    assert list(sit(studio, {}, sitting)) == [0]  # type: ignore[arg-type]
    album = read_album(sitting)
    assert album.pictures.shape == (2, 96, 96, 3)
    assert album.shots[0].units == {}
    assert album.shots[1] == draw_shot(generator(3, "shot", 0, 1), 96)
    assert 0.4 < album.eyes < 0.8
    before = (tmp_path / "known-3-2-000.npz").stat().st_mtime_ns
    assert list(sit(studio, {}, sitting)) == [0]  # type: ignore[arg-type]
    assert (tmp_path / "known-3-2-000.npz").stat().st_mtime_ns == before
    again = tmp_path / "again"
    again.mkdir()
    other = Sitting(again, 3, 0, 2, 96)
    list(sit(studio, {}, other))  # type: ignore[arg-type]
    assert np.array_equal(read_album(other).pictures, album.pictures)


def test_random_units_are_the_models_and_within_reach() -> None:
    names = load_model().names
    units = random_units(names, 1)
    assert units.shape[1] == len(names)
    assert units.min() >= 0
    assert (units > 0).any(axis=0).mean() > 0.8
    assert np.array_equal(units, random_units(names, 1))


def test_every_fourth_person_is_kept_apart(london: Path) -> None:
    learned, apart = people_of(london), people_of(london, apart=True)
    assert len(apart) == -(-(len(learned) + len(apart)) // 4)
    assert not {pair[0] for pair in learned} & {pair[0] for pair in apart}


def test_few_people_are_refused(london: Path, tmp_path: Path) -> None:
    for folder in ("neutral_front", "smiling_front"):
        (tmp_path / folder).mkdir()
        for path in sorted((london / folder).glob("*.jpg"))[:3]:
            shutil.copy(path, tmp_path / folder)
    with pytest.raises(UserError, match="too few to learn from"):
        people_of(tmp_path)


@pytest.mark.slow
def test_learning_from_a_few_people(assets: Assets, london: Path, tmp_path: Path) -> None:
    pytest.importorskip("moderngl", reason="the renderer is not installed")
    from pipeline.learn_face import learn_face

    learn_face(
        assets=assets.root, photos=london, out=tmp_path / "out", work=tmp_path / "work",
        people=10, shots=6, steps=20, processes=1,
    )  # fmt: skip
    model = load_model(tmp_path / "out" / "face-model.safetensors")
    assert set(model.names) == set(load_model().names)
    inner = np.linalg.norm(model.mean - load_model().mean, axis=1)[17:]
    assert inner.mean() < 0.06
    shape = model.mean[None, :, :2]
    fusion = load_fusion(tmp_path / "out" / "face-fusion.safetensors")
    assert np.abs(fusion(shape, shape)).max() < 0.3
    assert make_fitter(model).fit(shape * [80, -80]).error[0] < 0.01
