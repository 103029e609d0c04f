"""The dataset: mirrored samples are mirrored pictures with mirrored landmark images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.geometry.raster import to_bytes, to_float

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 3])
def made(
    request: pytest.FixtureRequest, sample_table: Callable[..., pa.Table], tmp_path: Path
) -> tuple[Dataset, pa.Table, np.ndarray]:
    samples = sample_table(test=(0,), flip=True)
    faces = np.random.default_rng(0).integers(0, 256, (12, 32, 32, request.param), dtype=np.uint8)
    np.save(tmp_path / "faces.npy", faces)
    return Dataset.open(tmp_path / "faces.npy", samples, CPU), samples, faces


Made = tuple[Dataset, pa.Table, np.ndarray]


def test_each_sample_is_its_picture_read_its_way(made: Made) -> None:
    dataset, samples, faces = made
    found = dataset.bytes(torch.arange(samples.num_rows)).permute(0, 2, 3, 1).numpy()
    rows = samples.to_pylist()
    assert sum(row["flipped"] for row in rows) == 9
    for row, picture in zip(rows, found, strict=True):
        wanted = faces[row["row"]]
        np.testing.assert_array_equal(picture, wanted[:, ::-1] if row["flipped"] else wanted)


def test_sizes_and_the_order_of_a_batch(made: Made) -> None:
    dataset, _, faces = made
    assert (dataset.size, dataset.channels, dataset.device) == (32, faces.shape[3], CPU)
    assert dataset.faces.dtype == torch.uint8
    both, one = dataset.bytes(torch.tensor([5, 2])), dataset.bytes(torch.tensor([2]))
    assert torch.equal(both[1:], one)


def test_pictures_of_a_mapped_file_are_those_of_a_copy(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    dataset, samples, faces = made
    monkeypatch.setattr("fet_core.data.dataset.LARGEST_COPY", faces.nbytes - 1)
    mapped = Dataset.open(tmp_path / "faces.npy", samples, CPU)
    every = torch.arange(samples.num_rows).flip(0)
    assert torch.equal(mapped.bytes(every), dataset.bytes(every))
    assert mapped.bytes(every).stride() == dataset.bytes(every).stride()
    assert (mapped.size, mapped.channels, mapped.device) == (32, faces.shape[3], CPU)
    assert not recwarn
    # What stands in the file is what comes, while a copy keeps what stood there.
    with (tmp_path / "faces.npy").open("r+b") as file:
        file.seek(-faces.nbytes, 2)
        file.write(bytes(faces.nbytes))
    assert not mapped.bytes(every).any()
    assert dataset.bytes(every).any()


def test_a_mirrored_samples_landmark_image_is_mirrored(made: Made) -> None:
    """A sum of spots knows no numbers, so re-indexing must not show."""
    dataset, samples, _ = made
    rows = samples.to_pylist()
    place = {(row["row"], row["flipped"]): number for number, row in enumerate(rows)}
    straight = torch.tensor([place[row, False] for row, flipped in place if flipped])
    mirrored = torch.tensor([place[row, True] for row, flipped in place if flipped])
    for size in (32, 64):
        images = dataset.landmark_images(straight, size, 0.03)
        torch.testing.assert_close(
            dataset.landmark_images(mirrored, size, 0.03), images.flip(3), atol=1e-4, rtol=0
        )
        assert not torch.allclose(images, images.flip(3), atol=0.1)


def test_a_spot_lies_where_its_point_does(made: Made) -> None:
    dataset, _, _ = made
    dataset.points[0] = -1000
    dataset.points[0, 30] = torch.tensor([9.0, 20.0])
    image = dataset.landmark_images(torch.tensor([0]), 96, 0.02)[0, 0]
    # 9 in 32 pixels is (9 + ½) · 3 - ½ in 96.
    assert divmod(int(image.argmax()), 96) == (61, 28)


def test_all_bytes_survive_the_way_to_float_and_back() -> None:
    every = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_bytes(to_float(every)), every)
    assert (to_float(every).min(), to_float(every).max()) == (-1, 1)
    beyond = torch.tensor([-3.0, 2.0, 0.0])
    assert to_bytes(beyond).tolist() == [0, 255, 128]


def test_pictures_are_the_bytes_as_floats(made: Made) -> None:
    dataset, _, _ = made
    number = torch.tensor([3, 20])
    assert torch.equal(dataset.pictures(number), to_float(dataset.bytes(number)))


def test_a_missing_file(sample_table: Callable[..., pa.Table], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no .*faces\.npy; run the stage that makes it first"):
        Dataset.open(tmp_path / "faces.npy", sample_table(), CPU)


@pytest.mark.parametrize(
    "faces",
    [
        np.zeros((11, 32, 32, 1), np.uint8),
        np.zeros((12, 32, 32), np.uint8),
        np.zeros((12, 32, 32, 3), np.float32),
    ],
)
def test_faces_that_do_not_fit(
    sample_table: Callable[..., pa.Table], tmp_path: Path, faces: np.ndarray
) -> None:
    np.save(tmp_path / "faces.npy", faces)
    with pytest.raises(UserError, match=r"faces\.npy (does not fit the samples|holds)"):
        Dataset.open(tmp_path / "faces.npy", sample_table(), CPU)


@pytest.mark.parametrize("kept", [0, 50, -1])
def test_a_truncated_file(sample_table: Callable[..., pa.Table], tmp_path: Path, kept: int) -> None:
    path = tmp_path / "faces.npy"
    np.save(path, np.zeros((12, 32, 32, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"faces\.npy"):
        Dataset.open(path, sample_table(), CPU)
