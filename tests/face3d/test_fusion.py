"""Φ in space: its symmetry, what it must not invent, and that training and use compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fet_core.errors import UserError
from fet_core.face3d.fusion import load_fusion, mirror, parted, uncrossed
from fet_core.face3d.model import load_model
from fet_core.train.space import Batches, Known, People, deviation_loss, train, write_fusion


def shape(**units: float) -> np.ndarray:
    """The mean face [1, 68, 2] from the front with units."""
    model = load_model()
    strength = np.zeros(len(model.names))
    for name, value in units.items():
        strength[model.names.index(name)] = value
    return model.points(np.zeros(len(model.identity)), strength)[None, :, :2]


def opening(shapes: np.ndarray) -> float:
    return float((shapes[0, 61:64, 1] - shapes[0, [67, 66, 65], 1]).mean())


def test_a_wide_open_mouth_arrives_and_a_closed_one_closes() -> None:
    shut, open_ = shape(), shape(jawOpen=0.8)
    wanted = opening(open_) - opening(shut)
    assert opening(load_fusion()(open_, shut)) > 0.7 * wanted
    assert opening(load_fusion()(shut, open_)) < -0.7 * wanted


def test_a_face_hardly_moves_itself() -> None:
    for one in (shape(), shape(jawOpen=0.7), shape(mouthSmileLeft=0.8, mouthSmileRight=0.8)):
        assert np.abs(load_fusion()(one, one)).mean() < 0.02


def test_mirrored_faces_move_mirrored() -> None:
    source, target = shape(mouthSmileLeft=0.9, browInnerUp=0.5), shape(eyeBlinkRight=0.5)
    there, back = load_fusion()(source, target), load_fusion()(mirror(source), mirror(target))
    assert back == pytest.approx(mirror(there), abs=1e-9)
    assert mirror(mirror(source)) == pytest.approx(source)


def test_lips_part_nearly_as_far_as_the_sources() -> None:
    shut, open_ = shape(), shape(jawOpen=0.5)
    wanted = opening(open_) - opening(shut)
    still = np.zeros_like(shut)
    found = parted(still, open_, shut)
    assert opening(found) == pytest.approx(0.75 * wanted)
    assert not np.delete(found, [*range(49, 54), *range(55, 60), 61, 62, 63, 65, 66, 67], 1).any()
    assert parted(open_ - shut, open_, shut) == pytest.approx(open_ - shut)
    assert parted(mirror(found), *map(mirror, (open_, shut))) == pytest.approx(
        mirror(parted(found, open_, shut))
    )


def test_no_lip_goes_through_the_other() -> None:
    open_ = shape(jawOpen=0.5)
    closing = 3 * (shape() - open_)
    assert opening(open_ + closing) < 0
    found = uncrossed(closing, open_)
    assert opening(open_ + found) == pytest.approx(0, abs=1e-9)
    assert uncrossed(0.5 * closing / 3, open_) == pytest.approx(0.5 * closing / 3)


def test_lids_meet_and_go_no_further() -> None:
    open_, shut = shape(), shape(eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    found = open_ + uncrossed(1.5 * (shut - open_), open_)
    gaps = found[0, [37, 38, 43, 44], 1] - found[0, [41, 40, 47, 46], 1]
    assert gaps == pytest.approx(0.045)


@pytest.fixture(scope="module")
def batches() -> Batches:
    model, rng = load_model(), np.random.default_rng(3)
    units = np.clip(rng.normal(0, 0.3, (60, len(model.names))), 0, 1)
    people = model.points(rng.normal(0, 0.5, (12, len(model.identity))), np.zeros(len(model.names)))
    moved = np.einsum("ku,upc->kpc", units, model.units)
    known = Known(people[np.arange(60) % 12, :, :2] + moved[..., :2], moved[..., :2], np.ones(60))
    smile = shape(mouthSmileLeft=0.8, mouthSmileRight=0.8) - shape()
    rest = people[..., :2]
    return Batches(known, People(rest, rest + smile), model, units, seed=1)


def test_use_computes_what_was_trained(batches: Batches, tmp_path: Path) -> None:
    net = train(batches, 30, seed=1)
    write_fusion(tmp_path / "net.safetensors", net)
    source, target, _ = batches(40)
    with torch.no_grad():
        halved = net.half().float()
        wanted = halved(source, target)
        turned = torch.from_numpy(
            mirror(
                halved(
                    *(torch.from_numpy(mirror(one.numpy())).float() for one in (source, target))
                ).numpy()
            )
        )
    found = load_fusion(tmp_path / "net.safetensors")(
        source.double().numpy(), target.double().numpy()
    )
    assert found == pytest.approx(((wanted + turned) / 2).numpy(), abs=1e-4)


def test_training_learns(batches: Batches) -> None:
    def loss(steps: int) -> float:
        net = train(batches, steps, seed=1)
        source, target, moved = batches.mixed(500)
        with torch.no_grad():
            return float(deviation_loss(net(source, target), moved))

    assert loss(150) < 0.8 * loss(1)


def test_a_batch_holds_all_kinds_and_what_it_says_is_so(batches: Batches) -> None:
    source, target, moved = batches(100)
    assert source.shape == target.shape == moved.shape == (100, 68, 2)
    # Photographed people: what is added is what another person has more.
    one = batches.rest[0] + moved[40]
    assert torch.isfinite(one).all()
    assert deviation_loss(moved, moved) < 0.01
    assert deviation_loss(0 * moved, moved) > deviation_loss(0.5 * moved, moved)


def test_look_alikes_differ_as_the_photographed_people_do(batches: Batches) -> None:
    """Neither nearer to each other, nor further apart, and none is the photographed one."""
    rest = batches.rest
    which = torch.arange(4000) % len(rest)
    like = batches.look_alikes(which)
    spread = (like.var(dim=0, correction=0).mean() / rest.var(dim=0, correction=0).mean()).item()
    assert spread == pytest.approx(1, abs=0.1)
    assert (like - rest[which]).flatten(1).norm(dim=1).median() > 0.1 * rest.std()


def test_what_people_do_is_their_own_and_of_any_strength(batches: Batches) -> None:
    """The fixture's people all smile alike: every deviation is so many times that smile."""
    smile = (batches.moved - batches.rest)[0].flatten()
    source, target, moved = batches.people(2000)
    times = (moved.flatten(1) @ smile / (smile @ smile)).double()
    smiles = times[:, None] * smile.double()
    torch.testing.assert_close(moved.flatten(1).double(), smiles, atol=1e-5, rtol=0)
    assert times.min() == pytest.approx(-1.3, abs=0.05)
    assert times.max() == pytest.approx(1.3, abs=0.05)
    at_rest = times.abs() < 1e-6
    assert 0.08 < at_rest.double().mean() < 0.16
    for one in (1.0, -1.0):
        assert 0.3 < ((times - one).abs() < 1e-6).double().mean() < 0.4
    # A source that rests and a target that rests differ in who they are, and are told so.
    assert (source - target)[at_rest].flatten(1).norm(dim=1).min() > 0


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "face-fusion.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(UserError, match="cannot be read"):
        load_fusion(path)
    with pytest.raises(UserError, match="cannot be read"):
        load_model(path)
