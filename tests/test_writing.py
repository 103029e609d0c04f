"""A disk that is full, read alone or broken: one sentence, and what was there before is whole."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from import_graph import ROOT

from fet_core import files, tables
from fet_core.errors import UserError
from fet_core.writing import put_folder, writing

NOISE = np.random.default_rng(0).integers(0, 256, (4, 200, 200, 3), dtype=np.uint8)
LIMIT = 30_000


def parquet(path: Path) -> None:
    schema = pa.schema([pa.field("value", pa.uint8(), nullable=False)])
    tables.write(path, pa.table({"value": NOISE.ravel()}, schema=schema), schema)


def array(path: Path) -> None:
    from fet_core.data.frames import write_faces

    write_faces(path, NOISE)


def faces(path: Path) -> None:
    from fet_core.data.aligned import Face
    from fet_core.data.faces import FaceWriter
    from fet_core.geometry.landmarks import Box

    with FaceWriter(path, 200, 3) as writer:
        for number, picture in enumerate(NOISE):
            box = Box(0, 0, 9, 9, 1.0)
            face = Face(picture, np.eye(2, 3), box, np.zeros((68, 2), np.float32))
            writer.add(str(number), face)


def shown_pictures(path: Path) -> None:
    from fet_core.show.figures import keeping

    with keeping(path.parent, pa.table({"triple": [0]}), [0]) as keep:
        keep(path.stem, NOISE)


def weights(path: Path) -> None:
    from torch import nn

    from fet_core.nets.weights import save

    save(path, "made", {}, nn.Linear(200, 200), {})


def plus(path: Path) -> None:
    from fet_core.nets.plus_file import load_plus, save_plus

    save_plus(path, load_plus(), {})


def face_model(path: Path) -> None:
    from fet_core.face3d.model import load_model, write_model

    write_model(path, load_model())


def mouths(path: Path) -> None:
    from fet_core.face3d.bank import load_lids, load_mouths, load_shut, write_mouths

    write_mouths(path, load_mouths(), load_lids()[0], load_shut())


def checkpoint(path: Path) -> None:
    from torch import nn

    from fet_core.train.checkpoint import Checkpoints, Progress

    Checkpoints(path.parent, {"net": nn.Linear(200, 200)}, {}).save(Progress(step=7))


def photograph(path: Path) -> None:
    from pipeline.pictures import write_picture

    write_picture(path, NOISE[0], ROOT / "pipeline/probe_faces/aligned.png")


def made(path: Path) -> None:
    from pipeline.pictures import write_made

    write_made(path, NOISE[0], ROOT / "pipeline/probe_faces/aligned.png")


WRITERS: dict[str, Callable[[Path], None]] = {
    "table.parquet": parquet,
    "array.npy": array,
    "faces.npy": faces,
    "row.npy": shown_pictures,
    "net.safetensors": weights,
    "plus.safetensors": plus,
    "face-model.safetensors": face_model,
    "mouths.safetensors": mouths,
    "step-000000007.pt": checkpoint,
    "sheet.png": lambda path: files.write_png(path, NOISE[0]),
    "made.png": photograph,
    "made.jpg": photograph,
    "kept.png": made,
    "kept.webp": made,
    "kept.tif": made,
    "row.json": lambda path: files.write_json(path, NOISE[0].tolist()),
    "report.html": lambda path: files.write_text(path, "x" * LIMIT * 10),
    "copy.safetensors": lambda path: files.copy_file(
        ROOT / "fet_core/weights/face-model.safetensors", path
    ),
}
"""What writes a file of more than `LIMIT` bytes, by the file's name."""


@contextmanager
def no_file_larger(limit: int) -> Iterator[None]:
    """Let writes fail for real, as on a full disk, without any right to make one."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if not mounted or mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def refused(name: str, path: Path) -> str:
    with pytest.raises(UserError) as told:
        WRITERS[name](path)
    said = str(told.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_can_not_be_finished_leaves_the_one_before(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for before in (path, tmp_path / "shown.json"):
        before.write_bytes(b"before")
    there = sorted(tmp_path.iterdir())
    with no_file_larger(LIMIT):
        said = refused(name, path)
    assert said.startswith(f"{path} cannot be written: no file may become so large there; raise")
    assert {one.read_bytes() for one in there} == {b"before"}
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize("name", ["made.jpg", "made.png", "array.npy", "row.npy", "faces.npy"])
def test_pictures_without_their_last_bytes_are_none(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    size = path.stat().st_size
    path.write_bytes(b"before")
    with no_file_larger(size - 1):
        said = refused(name, path)
    assert said.startswith(f"{path} cannot be written: no file may become so large there; raise")
    assert path.read_bytes() == b"before"


def test_so_do_notes_and_params(tmp_path: Path) -> None:
    from fet_core.paramsfile import put_values
    from fet_core.probes import keep

    params, note = tmp_path / "params.yaml", tmp_path / "stage.json"
    shutil.copy(ROOT / "params.yaml", params)
    with no_file_larger(1000), pytest.raises(UserError, match=r"params.yaml cannot be written: no"):
        put_values(params, {"transfer.mu2": 77.0})
    with no_file_larger(1000), pytest.raises(UserError, match=r"stage.json cannot be written: no"):
        keep(note, {"value": "x" * 2000})
    assert params.read_bytes() == (ROOT / "params.yaml").read_bytes()
    assert list(tmp_path.iterdir()) == [params]


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_told_with_what_is_free(name: str, small_disk: Path) -> None:
    (small_disk / "other").write_bytes(bytes(100_000))
    path = small_disk / name
    path.write_bytes(b"before")
    said = refused(name, path)
    assert said.startswith(f"{path} cannot be written: the disk is full, with 2")
    assert " KiB free" in said
    assert said.endswith("; make room there and run the same command again")
    assert path.read_bytes() == b"before"
    assert {one.name for one in small_disk.iterdir()} == {"other", name}


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_is_only_read(name: str, small_disk: Path) -> None:
    path = small_disk / name
    path.write_bytes(b"before")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = refused(name, path)
    assert said.startswith(f"{small_disk}/")
    ending = " cannot be written: the disk can only be read; choose a place that can be written to"
    assert said.endswith(ending)
    below = small_disk / "new" / name
    assert "cannot make the folder" in refused(name, below)
    assert "the disk can only be read" in refused(name, below)
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full, with "),
        (errno.EDQUOT, "your share of the disk is used up; make room"),
        (errno.EROFS, "the disk can only be read; choose"),
        (errno.EACCES, "it may not be written to; change its permissions"),
        (errno.EIO, "the disk answers with an error; look after the disk"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_the_system_says_at_the_end_of_a_file(
    call: str, number: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    where = os if call == "fsync" else Path
    monkeypatch.setattr(where, call, fail)
    with pytest.raises(UserError) as told:
        files.write_json(path, 1)
    assert str(told.value).startswith(f"{path} cannot be written: {said}")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        RuntimeError("x"),
        OSError(errno.ENOENT, "not there", "a"),
        OSError(errno.EACCES, "of another file", "/elsewhere/a"),
    ],
)
def test_other_errors_stay_what_they_are(error: Exception, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(type(error)) as told, writing(tmp_path / "a"):
        raise error
    assert told.value is error


def test_metrics_of_an_earlier_training_stay_until_there_are_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.train import LiveRecorder

    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    live, growing = tmp_path / "live", tmp_path / "growing"
    for value in ("1", "2"):
        files.write_text(live / "plots/metrics/old.tsv", value)
        files.write_text(live / ".gitignore", "of DVC")
    files.write_text(live / "metrics.json", "old")

    def content() -> dict[str, str]:
        found = (path for path in live.rglob("*") if path.is_file())
        return {path.relative_to(live).as_posix(): path.read_text("utf-8") for path in found}

    before = content()
    recorder = LiveRecorder(live, growing)
    recorder.epoch(1, {"x": 0.5})
    assert content() == before
    with no_file_larger(4), pytest.raises(UserError, match="growing cannot be written: no file"):
        recorder.epoch(2, {"x": 0.25})
    assert content() == before
    again = LiveRecorder(live, growing)
    again.epoch(1, {"x": 0.5})
    with no_file_larger(4), pytest.raises(UserError, match="cannot be written: no file"):
        again.close()
    assert content() == before
    again.close()
    assert set(content()) == {".gitignore", "metrics.json", "plots/metrics/x.tsv"}
    assert sorted(path.name for path in live.iterdir()) == [".gitignore", "metrics.json", "plots"]


def test_a_folder_stays_until_the_other_is_whole(tmp_path: Path) -> None:
    made, target = tmp_path / "made", tmp_path / "target"
    files.write_text(made / "a/1", "x" * 100)
    files.write_text(target / "b", "before")
    with no_file_larger(10), pytest.raises(UserError, match=r"target cannot be written: no file"):
        put_folder(made, target)
    assert (target / "b").read_text() == "before"
    put_folder(made, target)
    assert [path.name for path in target.iterdir()] == ["a"]
    assert sorted(tmp_path.iterdir()) == [made, target]
