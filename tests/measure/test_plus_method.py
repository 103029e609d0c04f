"""FET+ in the tables: whose points it takes, what it makes, and the weights that it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.geometry.raster import regions, to_bytes
from fet_core.measure.comparable import Protocol
from fet_core.measure.methods import plus_method
from fet_core.measure.metrics import nme
from fet_core.measure.triples import Triples
from fet_core.nets.fusion import Fusion, PeakFusion, PointFusion
from fet_core.nets.warping import Output, Painting, Warping
from fet_core.nets.weights import save
from fet_core.recipes import fet, fet_plus
from fet_core.show import shown

CPU = torch.device("cpu")
TRIPLES = Triples(*torch.tensor([[4, 8, 1], [3, 6, 0], [0, 3, 9], [1, 5, 10]]))
WARP = {"channels": 3, "width": 8, "working": 32}
UNET = {"size": 32, "channels": 3, "width": 4, "sigma": 0.03}
PHI = {"rank": 3, "width": 8, "code": 4}


@pytest.fixture(scope="module")
def samples(sample_table: Callable[..., pa.Table]) -> pa.Table:
    return sample_table()


@pytest.fixture(scope="module")
def dataset(samples: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path: Path = tmp_path_factory.mktemp("dataset") / "faces.npy"
    faces = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    np.save(path, faces)
    return Dataset.open(path, samples, CPU)


class Shift(nn.Module):
    """A Φ+ that moves all points by one pixel and looks at the source's first point."""

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        return target + 1 + 0 * source


def test_the_row_gives_the_net_the_points_of_the_protocol(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fet_core.measure.methods.bring", lambda *faces: None)
    torch.manual_seed(0)
    transfer = Painting(32, 3, 4, 0.03).eval()
    row = plus_method(dataset, Shift(), transfer)
    photo, own = dataset.pictures(TRIPLES.target), dataset.points[TRIPLES.target]
    truth = dataset.points[TRIPLES.truth]
    with torch.no_grad():
        made = {p: row(TRIPLES, p) for p in ("transfer", "oracle")}  # type: ignore[arg-type]
        assert torch.equal(made["transfer"], to_bytes(transfer(photo, own, own + 1).picture))
        assert torch.equal(made["oracle"], to_bytes(transfer(photo, own, truth).picture))
    assert made["oracle"].dtype == torch.uint8
    assert not torch.equal(made["oracle"], made["transfer"])


def test_the_row_of_a_fresh_warp_hardly_changes_a_target_that_is_the_truth(
    dataset: Dataset,
) -> None:
    still = Triples(TRIPLES.source, TRIPLES.reference, TRIPLES.target, TRIPLES.target)
    row = plus_method(dataset, Shift(), Warping(**WARP).eval())  # type: ignore[arg-type]
    with torch.no_grad():
        found = row(still, "oracle").int() - dataset.bytes(still.target).int()
    # The mask is closed but for a twentieth, and but for the mouth.
    elsewhere = regions(dataset.points[still.target], 32, 32)[:, :1] < 0.002
    assert elsewhere.float().mean() > 0.7
    assert found[elsewhere.expand_as(found)].abs().max() <= 8


class Literal(nn.Module):
    """A Φ+ that wants the source's own points."""

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        return source


def same(photo: Tensor, points: Tensor, wanted: Tensor) -> Output:
    """An Ω+ that does nothing."""
    return Output(photo, photo, photo[:, :1])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("protocol", ["transfer", "oracle"])
def test_teeth_come_from_the_source_and_never_from_the_truth(
    face: np.ndarray, channels: int, protocol: Protocol
) -> None:
    """Row 0 is a target at rest, 1 a source with teeth, 2 a truth that is as open."""
    rest = face.copy()
    rest[[65, 66, 67], 1] = rest[[63, 62, 61], 1]
    wide = face.copy()
    wide[[55, 56, 57, 58, 59, 65, 66, 67], 1] += 9
    x, y = wide[60:].mean(axis=0).round().astype(int)
    faces = torch.full((3, channels, 96, 96), 120, dtype=torch.uint8)
    faces[1:, :, y - 4 : y + 5, x - 9 : x + 10] = 230

    def made(truth: int) -> Tensor:
        faces[2] = truth
        data = Dataset(
            faces=faces,
            row=torch.arange(3),
            flipped=torch.zeros(3, dtype=torch.bool),
            points=torch.from_numpy(np.stack([rest, wide, wide])),
            expression=torch.tensor([0, 1, 1]),
            person=torch.tensor([0, 1, 0]),
        )
        triple = Triples(*torch.tensor([[1], [1], [0], [2]]))
        return plus_method(data, Literal(), same)(triple, protocol)

    found = made(truth=10)
    assert found.shape == (1, channels, 96, 96)
    # As bright as the light on the skin allows.
    assert found[0, :, y, x].min() > 130
    assert torch.equal(found, made(truth=240))


def test_no_triples_make_no_pictures(dataset: Dataset) -> None:
    none = TRIPLES.at([])
    found = plus_method(dataset, Shift(), Warping(**WARP).eval())(none, "transfer")  # type: ignore[arg-type]
    assert found.shape == (0, 3, 32, 32)


def test_validation_measures_phi_beside_the_targets_own_points(dataset: Dataset) -> None:
    looked = shown.PointsValidation(dataset, TRIPLES, [2, 0], 2)
    found = looked.metrics(Shift())  # type: ignore[arg-type]
    own, truth = dataset.points[TRIPLES.target].numpy(), dataset.points[TRIPLES.truth].numpy()
    assert found == {
        "test_nme": pytest.approx(nme(own + 1, truth).mean()),
        "test_nme_unchanged": pytest.approx(nme(own, truth).mean()),
    }
    sheet = looked.grid(Shift())  # type: ignore[arg-type]
    assert sheet.dtype == np.uint8
    # Two rows of four landmark images.
    assert sheet.shape[0] > 2 * 128
    assert sheet.shape[1] >= 4 * 128
    assert shown.drawn_points(dataset, Shift())(TRIPLES).shape == (3, 1, 128, 128)


def test_phi_comes_as_points_or_as_peaks(dataset: Dataset, tmp_path: Path) -> None:
    net = PointFusion(**PHI)  # type: ignore[arg-type]
    save(tmp_path / fet_plus.PHI_PLUS, "fusion_plus", PHI, net, {})
    sizes = {"size": 32, "width": 4, "bottleneck": 8}
    save(tmp_path / fet.PHI, "fusion", sizes, Fusion(**sizes), {"sigma": 0.03})
    found = fet_plus.load_phi_plus(tmp_path, dataset)
    assert isinstance(found, PointFusion)
    other = fet_plus.load_peaks(tmp_path, dataset)
    assert isinstance(other, PeakFusion)
    for one in (found, other):
        assert not any(module.training for module in one.modules())
    with torch.no_grad():
        assert other.fuse(dataset.points[:2], dataset.points[2:4]).shape == (2, 68, 2)


def test_omega_for_other_channels_is_named(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "transfer_plus.safetensors"
    save(path, "transfer_plus", WARP, Warping(**WARP), {})  # type: ignore[arg-type]
    assert not fet_plus.load_warping(path, dataset).training
    sizes = WARP | {"channels": 1}
    save(path, "transfer_plus", sizes, Warping(**sizes), {})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="makes pictures with 1 channels, but the data have 3; run"):
        fet_plus.load_warping(path, dataset)


def test_mistaken_weights_are_told(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    with pytest.raises(UserError, match="there are no weights at"):
        fet_plus.load_warping(path, dataset)
    path.write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"some\.safetensors is damaged"):
        fet_plus.load_warping(path, dataset)
    save(path, "cgan", WARP, Warping(**WARP), {})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="holds weights of cgan, not of"):
        fet_plus.load_warping(path, dataset)
