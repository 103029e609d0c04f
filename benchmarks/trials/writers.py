"""Trials with every writer of files: ended at each byte, flush and rename, and on a full disk."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trials import places
from trials.commands import begin, finish, judged
from trials.damage import Rng
from trials.engine import MIB, REJECTED, RESULT, Kind, Limits, Wrong, note

Writer = Callable[[Path, int], None]


def writers() -> dict[str, tuple[str, Writer]]:
    """Every writer by its name: what its file is called, and a call that writes version 0 or 1."""
    import pyarrow as pa
    import torch

    from fet_core import files, tables
    from fet_core.data.faces import Face, FaceWriter
    from fet_core.data.frames import write_faces
    from fet_core.data.readers import Kind as Reader
    from fet_core.face3d import bank, model
    from fet_core.geometry.landmarks import Box
    from fet_core.nets import weights
    from fet_core.paramsfile import put_values
    from fet_core.train.checkpoint import Checkpoints, Progress
    from pipeline.pictures import write_picture
    from pipeline.probe_inputs import FACES
    from trials.commands import TOP

    noise = [np.random.default_rng(n).integers(0, 256, (90, 80, 3), np.uint8) for n in (0, 1)]
    table = pa.table({"triple": pa.array([1, 2], pa.int32()), "picture": ["a", "b"]})
    schema = pa.schema([pa.field("triple", pa.int32()), pa.field("picture", pa.string())])
    like = sorted(FACES.glob("*.jpg"))[0]

    def face_writer(path: Path, version: int) -> None:
        with FaceWriter(path, 64, 3) as writer:
            for number in range(8):
                picture = np.full((64, 64, 3), number + version, np.uint8)
                box, points = Box(0, 0, 9, 9, 1.0), np.zeros((68, 2), np.float32)
                writer.add(f"{number}", Face(picture, np.eye(2, 3), box, points))

    def net(version: int) -> torch.nn.Module:
        made = torch.nn.Linear(60, 60)
        torch.nn.init.constant_(made.weight, version)
        torch.nn.init.constant_(made.bias, version)
        return made

    def checkpoint(path: Path, version: int) -> None:
        Checkpoints(path.parent, {"net": net(version)}, {}).save(Progress(step=1))

    def put(path: Path, version: int) -> None:
        if not path.is_file():
            path.write_bytes((TOP / "params.yaml").read_bytes())
        put_values(path, {"align.size": (96, 128)[version]})

    def mouths(path: Path, version: int) -> None:
        bank.write_mouths(path, [bank.Mouth(noise[version], np.zeros((68, 2)))] * 2)

    def face_model(path: Path, version: int) -> None:
        whole = model.load_model()
        model.write_model(
            path, model.FaceModel(whole.mean + version, whole.identity, whole.units, whole.names)
        )

    def plus(path: Path, version: int) -> None:
        sizes = {name: weights_sizes()[name] for name in ("fusion", "transfer")}
        weights.save_plus(path, weights.load_plus(), sizes | {"version": {"n": version}})

    def weights_sizes() -> dict[str, Any]:
        import json

        from safetensors import safe_open

        with safe_open(str(weights.SHIPPED), framework="np") as file:
            return dict(json.loads(file.metadata()["fet"])["sizes"])

    return {
        "write_json": ("a.json", lambda p, v: files.write_json(p, [v] * 3000)),
        "write_text": ("a.md", lambda p, v: files.write_text(p, f"{v}Ω" * 5000)),
        "write_png": ("a.png", lambda p, v: files.write_png(p, noise[v])),
        "copy_file": ("a.bin", lambda p, v: files.copy_file(_source(p, v), p)),
        "tables.write": ("a.parquet", lambda p, v: tables.write(p, table.slice(v), schema)),
        "write_faces": ("a.npy", lambda p, v: write_faces(p, noise[v][None])),
        "FaceWriter": ("faces.npy", face_writer),
        "weights.save": (
            "a.safetensors",
            lambda p, v: weights.save(p, "x", {"n": v}, net(v), {}),
        ),
        "save_plus": ("plus.safetensors", plus),
        "write_model": ("model.safetensors", face_model),
        "write_mouths": ("mouths.safetensors", mouths),
        "Checkpoints.save": ("step-000000001.pt", checkpoint),
        "put_values": ("params.yaml", put),
        "Kind.write": ("kind.json", lambda p, v: Reader("rafd", bool(v)).write(p)),
        "write_picture .png": ("a.png", lambda p, v: write_picture(p, noise[v], like)),
        "write_picture .jpg": ("a.jpg", lambda p, v: write_picture(p, noise[v], like)),
    }


def _source(path: Path, version: int) -> Path:
    source = path.parent.parent / f"source-{version}"
    source.write_bytes(bytes([version]) * 20_000)
    return source


@dataclass(frozen=True)
class Known:
    """The writers, and what each writes: version 0 and 1."""

    writers: dict[str, tuple[str, Writer]]
    made: dict[str, tuple[bytes, bytes]]


def _prepare(folder: Path) -> Known:
    known, made = writers(), {}
    for name, (file, write) in known.items():
        both = []
        for version in (0, 1):
            path = folder / name.replace(" ", "") / f"{version}" / file
            path.parent.mkdir(parents=True)
            write(path, version)
            both.append(path.read_bytes())
        made[name] = (both[0], both[1])
    return Known(known, made)


def _trial(known: Known, rng: Rng, folder: Path) -> str:
    name = list(known.writers)[rng.integers(len(known.writers))]
    file, write = known.writers[name]
    old, new = known.made[name]
    path = folder / "place" / file
    path.parent.mkdir()
    before = rng.random() < 0.7
    if before:
        write(path, 0)
    beside = {one.name for one in path.parent.iterdir()}
    how = str(rng.choice(["byte", "fsync", "rename", "full"]))
    limit = int(rng.integers(0, len(new) + 1))
    nth, after = int(rng.integers(1, 3)), bool(rng.integers(2))
    where = f"{'after' if after else 'before'} {how} {nth}" if how in ("fsync", "rename") else how
    note(f"{name}: ended at {where}{f', byte {limit} of {len(new)}' if how == 'byte' else ''}")
    if how == "full":
        return _full(path, write, limit, old if before else None, new, name)
    _in_fork(lambda: _ended(path, write, how, limit, nth, after))
    found = path.read_bytes() if path.is_file() else None
    if found not in (old if before else None, new):
        raise Wrong("silent", f"{path.name} is neither the old file nor the new one")
    write(path, 1)
    _check(path, new, beside, name)
    return RESULT


def _check(path: Path, new: bytes, beside: set[str], name: str) -> None:
    if path.read_bytes() != new:
        raise Wrong("silent", f"{name} wrote something else afterwards")
    made = {path.name, *beside, path.with_suffix(".sha256").name}
    if left := sorted({one.name for one in path.parent.iterdir()} - made):
        raise Wrong("silent", f"{name} left {left[0]}")


def _ended(path: Path, write: Writer, how: str, limit: int, nth: int, after: bool) -> None:
    """Write, and end without a word at a byte, a flush or a rename."""
    if how == "byte":
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    else:
        count = [0]

        def ends(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **more: Any) -> Any:
                count[0] += 1
                if count[0] == nth and not after:
                    os._exit(9)
                done = real(*given, **more)
                if count[0] == nth:
                    os._exit(9)
                return done

            return call

        for name in ("fsync", "fdatasync") if how == "fsync" else ("rename", "replace", "link"):
            setattr(os, name, ends(getattr(os, name)))
    write(path, 1)


def _in_fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _full(path: Path, write: Writer, limit: int, old: bytes | None, new: bytes, name: str) -> str:
    """Write where no file may grow beyond a size: an error of the system, and all as it was."""
    from fet_core.errors import UserError

    beside = {one.name for one in path.parent.iterdir()}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = RESULT
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        write(path, 1)
    except UserError:
        said = REJECTED
    except OSError as error:
        # The command line makes sentences of those that have a number.
        if error.errno is None:
            raise Wrong("traceback", f"{name} at a full disk: {error!r}") from error
        said = REJECTED
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    found = path.read_bytes() if path.is_file() else None
    if found not in (old, new):
        raise Wrong("silent", f"{path.name} is neither the old file nor the new one")
    if said == REJECTED and {one.name for one in path.parent.iterdir()} != beside:
        raise Wrong("silent", f"{name} left something at a full disk")
    write(path, 1)
    _check(path, new, beside, name)
    return said


def _prepare_disk(folder: Path) -> places.Place:
    return places.prepare(folder, tuple(places.STAGES))


def _trial_disk(place: places.Place, rng: Rng, folder: Path) -> str:
    """A stage on a disk that fills up, over what an earlier run has left there or over nothing."""
    stage = str(rng.choice(list(places.STAGES)))
    out = folder / "disk" / "out"
    tight = bool(rng.integers(2)) and _mounted(out.parent)
    out.mkdir(parents=True, exist_ok=True)
    words = places.line(place, stage, place.data, out)
    before: dict[str, str] = {}
    if rng.random() < 0.5:
        judged(finish(begin(*words)), stage)
        before = places.digests(out)
    sizes = 300_000 if "train" in stage else 120_000
    limit = int(rng.choice([0, rng.integers(1, 2000), rng.integers(2000, sizes)]))
    note(
        f"{stage}: {limit} bytes {'left on a disk' if tight else 'for a file'}"
        f"{', over earlier outputs' if before else ''}"
    )
    if tight:
        _filled(out.parent / "filler", limit)
        done = finish(begin(*words))
        (out.parent / "filler").unlink()
    else:
        done = finish(begin(*words, within=lambda: _no_larger(limit)))
    found = judged(done, stage)
    places.whole(out, before, place.made[stage], f"{stage} at a full disk")
    if judged(finish(begin(*words)), stage) == REJECTED:
        raise Wrong("silent", f"{stage} refuses what it has left on a full disk")
    places.compare(places.digests(out), place.made[stage], f"{stage}, after a full disk,")
    return found


def _no_larger(limit: int) -> None:
    # Not of what says so: that is a file too.
    for stream in (1, 2):
        reader, writer = os.pipe()
        os.dup2(writer, stream) if stream == 1 else os.close(writer)
        os.close(reader) if stream == 2 else None
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def _mounted(folder: Path) -> bool:
    """Whether a small disk of its own could be mounted on a folder, for this process alone."""
    folder.mkdir(parents=True)
    libc = ctypes.CDLL(None, use_errno=True)
    namespace, private = 0x00020000, 0x40000 | 0x4000
    if os.geteuid() or libc.unshare(namespace):
        return False
    if libc.mount(b"none", b"/", None, private, None):
        return False
    return not libc.mount(b"none", bytes(folder), b"tmpfs", 0, b"size=16m")


def _filled(path: Path, left: int) -> None:
    """Fill a disk but for some bytes, in whole blocks."""
    state = os.statvfs(path.parent)
    with path.open("wb") as file:
        file.write(b"\0" * max(state.f_bavail * state.f_frsize - left, 0))


WRITERS = Kind(
    "writers",
    "each writer of a file, ended at a byte, flush or rename, and at a full disk",
    0.6,
    _prepare,
    _trial,
    Limits(60, 1024 * MIB),
)
DISKS = Kind(
    "disks",
    "a stage whose disk fills up, then run again with room",
    0.1,
    _prepare_disk,
    _trial_disk,
    Limits(90, 1024 * MIB),
)
