"""A set that is larger than the memory that there is trains as one that is not."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fet_core import tables
from fet_core.files import sha256
from pipeline.probe_inputs import write_samples

CAP = 1 << 30
"""Of what a process has of its own: heap, stacks, anonymous maps. Pages of a mapped file are the
system's, which takes them back when it needs them, and `RLIMIT_DATA` does not count them."""

SIZE = 64
SHRUNK = {"width": 4, "d_width": 4, "epochs": 2, "batch_size": 4, "grids": 1}


def write_params(path: Path, top: Path) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    document = yaml.load(top / "params.yaml")
    document["baseline"].update(SHRUNK)
    yaml.dump(document, path)


def spread(folder: Path, size: int) -> None:
    """Put the faces of faces.npy far from each other in a file of at least `size` bytes.

    Between them nothing is written, so that the file takes no room.
    """
    path = folder / "align" / "faces.npy"
    faces = np.load(path)
    step = size // faces[0].nbytes // len(faces) + 1
    shape = (step * len(faces), *faces.shape[1:])
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        for number, face in enumerate(faces):
            file.seek(start + (number * step + step - 1) * face.nbytes)
            file.write(face.tobytes())
    samples = tables.read(folder / "augment" / "samples.parquet", tables.SAMPLES)
    rows = [number * step + step - 1 for number in samples["row"].to_pylist()]
    place = samples.schema.get_field_index("row")
    moved = samples.set_column(place, tables.SAMPLES.field("row"), pa.array(rows, pa.int32()))
    tables.write(folder / "augment" / "samples.parquet", moved, tables.SAMPLES)


def capped(command: list[str], cap: int | None) -> subprocess.CompletedProcess[str]:
    """Run a command with at most `cap` bytes of memory of its own."""

    def limit() -> None:
        if cap is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))

    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, preexec_fn=limit
    )


def train(folder: Path, params: Path, cap: int | None) -> str:
    """Weights' hash of a training that looks at the pictures."""
    command = ["-m", "pipeline", "train", "pix2pix", "--dataset", "rafd"]
    command += ["--in", str(folder), "--out", str(folder), "--params", str(params)]
    command += ["--device", "cpu", "--checkpoints", str(folder / "checkpoints")]
    done = capped(command, cap)
    assert done.returncode == 0, done.stderr
    return sha256(folder / "train_pix2pix" / "pix2pix.safetensors")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts so on Linux alone")
def test_training_of_a_set_that_does_not_fit_into_memory(tmp_path: Path, repository: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    params = tmp_path / "params.yaml"
    write_params(params, repository)
    for folder in (small, large):
        write_samples(folder, SIZE, 3)
    spread(large, CAP + CAP // 4)
    faces = str(large / "align" / "faces.npy")
    copying = capped(["-c", "import sys, numpy; numpy.load(sys.argv[1])", faces], CAP)
    assert "MemoryError" in copying.stderr
    assert train(large, params, CAP) == train(small, params, None)
