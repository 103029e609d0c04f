"""Φ+ over points: what a similarity does to it, where its spaces come from, what is kept."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from fet_core.nets.fusion import PointCritic, PointFusion, similarity
from fet_core.nets.weights import load, save

SIZES = {"rank": 5, "width": 16, "code": 4}
ANGLE = st.floats(-3.1, 3.1)
SCALE = st.floats(0.2, 5)
SHIFT = st.tuples(st.floats(-200, 200), st.floats(-200, 200))


def moved(points: Tensor, angle: float, scale: float, shift: tuple[float, float]) -> Tensor:
    """Points turned, scaled and then shifted."""
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    return points @ torch.tensor([[cos, sin], [-sin, cos]]) + torch.tensor(shift)


def faces(face: np.ndarray, count: int, seed: int = 0) -> Tensor:
    """Faces of many people: a face with noise of a few pixels."""
    noise = torch.randn(count, 68, 2, generator=torch.Generator().manual_seed(seed))
    return torch.from_numpy(face) + 2 * noise


@pytest.fixture(scope="module")
def net(face: np.ndarray) -> PointFusion:
    """Fitted, with large weights, so that its deviations are no trifle; in eval mode."""
    torch.manual_seed(0)
    fusion = PointFusion(**SIZES, dropout=0.5).eval()
    fusion.fit(faces(face, 40), faces(face, 30, 1), faces(face, 30, 2))
    torch.nn.init.normal_(fusion.decode[-1].weight)
    return fusion


@pytest.fixture(scope="module")
def both(face: np.ndarray) -> tuple[Tensor, Tensor]:
    return faces(face, 3, 5), faces(face, 3, 6)


@given(angle=ANGLE, scale=SCALE, shift=SHIFT)
def test_a_moved_shape_comes_back_with_its_turn(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    shape = torch.randn(68, 2, generator=torch.Generator().manual_seed(1))
    shape = shape - shape.mean(dim=0)
    found, turn = similarity(moved(shape, angle, scale, shift)[None], shape)
    torch.testing.assert_close(found[0], shape, atol=1e-3, rtol=0)
    wanted = torch.polar(torch.tensor(1 / scale), torch.tensor(-angle))
    torch.testing.assert_close(turn[0, 0], wanted, atol=1e-3, rtol=1e-3)


def test_it_is_the_best_similarity(face: np.ndarray) -> None:
    shape = torch.from_numpy(face) - torch.from_numpy(face).mean(dim=0)
    points = faces(face, 1, 3)
    found = similarity(points, shape)[0]
    best = (found - shape).square().sum()
    for angle, scale, shift in ((0.01, 1, (0, 0)), (0, 1.01, (0, 0)), (0, 1, (0.3, 0))):
        for sign in (1, -1):
            other = moved(found[0], sign * angle, scale**sign, (sign * shift[0], 0.0))
            assert (other - shape).square().sum() > best


def test_no_shape_is_mirrored(face: np.ndarray) -> None:
    """The mirror image of a shape that has none is brought as near as a turn can."""
    shape = torch.randn(68, 2, generator=torch.Generator().manual_seed(1))
    shape = shape - shape.mean(dim=0)
    found, _ = similarity((shape * torch.tensor([-1.0, 1.0]))[None], shape)
    assert (found[0] - shape).square().sum() > 0.5 * shape.square().sum()


@given(angle=ANGLE, scale=SCALE, shift=SHIFT)
def test_the_deviation_goes_along_with_the_target(
    net: PointFusion,
    both: tuple[Tensor, Tensor],
    angle: float,
    scale: float,
    shift: tuple[float, float],
) -> None:
    source, target = both
    with torch.no_grad():
        wanted = moved(net.fuse(source, target), angle, scale, shift)
        found = net.fuse(source, moved(target, angle, scale, shift))
        assert (net.fuse(source, target) - target).norm(dim=2).mean() > 1
    torch.testing.assert_close(found, wanted, atol=0.02 * max(scale, 1), rtol=1e-3)


@given(angle=ANGLE, scale=SCALE, shift=SHIFT)
def test_place_size_and_tilt_of_the_source_tell_nothing(
    net: PointFusion,
    both: tuple[Tensor, Tensor],
    angle: float,
    scale: float,
    shift: tuple[float, float],
) -> None:
    source, target = both
    with torch.no_grad():
        found = net(moved(source, angle, scale, shift), target)
        torch.testing.assert_close(found, net(source, target), atol=0.02, rtol=1e-3)
        # What the source shows does tell.
        assert (net(source.flip(0), target) - net(source, target)).abs().max() > 0.1


@given(intensity=st.floats(-1, 3))
def test_intensity_scales_the_deviation(
    net: PointFusion, both: tuple[Tensor, Tensor], intensity: float
) -> None:
    with torch.no_grad():
        full = net(*both)
        found = net.fuse(*both, intensity) - both[1]
        assert torch.equal(net.fuse(*both, 0.0), both[1])
    torch.testing.assert_close(found, intensity * full, atol=1e-4, rtol=1e-3)


def test_a_face_does_not_depend_on_its_batch(net: PointFusion, both: tuple[Tensor, Tensor]) -> None:
    with torch.no_grad():
        together = net(*both)
        alone = net(both[0][1:2], both[1][1:2])
    torch.testing.assert_close(alone, together[1:2], atol=1e-4, rtol=1e-4)


def test_at_first_hardly_a_point_moves(face: np.ndarray) -> None:
    torch.manual_seed(1)
    fusion = PointFusion(**SIZES).eval()
    people = faces(face, 40)
    fusion.fit(people, people.roll(1, 0), people)
    with torch.no_grad():
        reach = fusion(people.flip(0), people).norm(dim=2).mean()
    assert 0 < reach < 0.1


def test_the_spaces_are_principal_components(net: PointFusion, face: np.ndarray) -> None:
    eye = torch.eye(SIZES["rank"])
    torch.testing.assert_close(net.shapes.T @ net.shapes, eye, atol=1e-5, rtol=0)
    torch.testing.assert_close(net.moves.T @ net.moves, eye, atol=1e-5, rtol=0)
    torch.testing.assert_close(net.mean.mean(dim=0), torch.zeros(2), atol=1e-5, rtol=0)
    normed = similarity(faces(face, 40), net.mean)[0].flatten(1)
    rows = (normed - normed.mean(dim=0)).double()
    values, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
    # The first is the last of eigh's, which go up.
    for number in range(SIZES["rank"]):
        own = directions[:, -1 - number].float() @ net.shapes[:, number]
        assert abs(own.item()) == pytest.approx(1, abs=1e-2)
    # Computed about the mean face of the first round, which is almost that of the second.
    assert net.spread.item() == pytest.approx(values[-1].sqrt().item() / 3, rel=0.02)


def test_the_deviation_lies_in_the_space_of_movements(
    net: PointFusion, both: tuple[Tensor, Tensor]
) -> None:
    source, target = both
    with torch.no_grad():
        _, turn = similarity(target, net.mean)
        found = torch.view_as_complex(net(source, target)) * turn
    rows = torch.view_as_real(found).flatten(1)
    torch.testing.assert_close(rows @ net.moves @ net.moves.T, rows, atol=1e-4, rtol=1e-3)


def test_movements_of_few_kinds_are_kept_whole(face: np.ndarray) -> None:
    """Truths that are the targets with one of five movements span just those."""
    generator = torch.Generator().manual_seed(4)
    kinds = torch.randn(5, 68, 2, generator=generator)
    targets = torch.from_numpy(face).expand(30, -1, -1)
    weights = torch.randn(30, 5, generator=generator)
    fusion = PointFusion(**SIZES)
    fusion.fit(faces(face, 40), targets, targets + torch.einsum("nk,kij->nij", weights, kinds))
    _, turn = similarity(targets[:1], fusion.mean)
    rows = torch.view_as_real(torch.view_as_complex(kinds) * turn).flatten(1)
    torch.testing.assert_close(rows @ fusion.moves @ fusion.moves.T, rows, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("people", "pairs"), [(5, 30), (30, 5), (3, 3)])
def test_too_few_faces_for_the_components(face: np.ndarray, people: int, pairs: int) -> None:
    fusion = PointFusion(**SIZES)
    with pytest.raises(ValueError, match="5 components need more than 5 faces and pairs"):
        fusion.fit(faces(face, people), faces(face, pairs), faces(face, pairs, 1))


def test_fitting_twice_gives_the_same_bits(face: np.ndarray) -> None:
    found = []
    for _ in range(2):
        fusion = PointFusion(**SIZES)
        fusion.fit(faces(face, 40), faces(face, 30, 1), faces(face, 30, 2))
        found.append(dict(fusion.named_buffers()))
    assert set(found[0]) == {"mean", "shapes", "moves", "spread", "reach"}
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_the_spaces_are_saved_with_the_weights(
    net: PointFusion, both: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "fusion_plus.safetensors"
    save(path, "fusion_plus", SIZES, net, {})
    again, _ = load(path, "fusion_plus", PointFusion)
    for name, value in net.named_buffers():
        assert torch.equal(again.get_buffer(name), value), name
        assert value.abs().max() > 0
    with torch.no_grad():
        assert torch.equal(again.fuse(*both), net.fuse(*both))


def test_the_gradient_reaches_the_points_and_every_weight(
    net: PointFusion, face: np.ndarray
) -> None:
    source, target = faces(face, 4, 8).requires_grad_(), faces(face, 4, 9).requires_grad_()
    net.zero_grad()
    net.fuse(source, target).square().sum().backward()
    for value in (source, target, *net.parameters()):
        assert value.grad is not None
        assert torch.isfinite(value.grad).all()
        assert value.grad.abs().sum() > 0


def test_the_critics_middle_layer_has_the_norm_of_one() -> None:
    torch.manual_seed(0)
    critic = PointCritic(16)
    points = torch.randn(3, 68, 2)
    for _ in range(100):
        found = critic(points)
    assert found.shape == (3, 1)
    middle = critic.layers[2].weight
    assert torch.linalg.matrix_norm(middle, 2).item() == pytest.approx(1, abs=1e-3)
