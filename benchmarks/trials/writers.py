"""Trials with every writer of files: ended at a byte, a flush or a rename, and without room."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trials.damage import Rng
from trials.engine import MIB, REJECTED, RESULT, Kind, Limits, Wrong, note
from trials.processes import forked
from trials.traps import Trap, random_trap

Writer = Callable[[Path, int], None]


def writers() -> dict[str, tuple[str, Writer]]:
    """Every writer by its name: what its file is called, and a call that writes version 0 or 1."""
    import pyarrow as pa
    import torch

    from fet_core import files, tables
    from fet_core.data.aligned import Face
    from fet_core.data.faces import FaceWriter
    from fet_core.data.frames import write_faces
    from fet_core.data.readers import Kind as Reader
    from fet_core.face3d import bank, model
    from fet_core.geometry.landmarks import Box
    from fet_core.nets import plus_file, weights
    from fet_core.paramsfile import put_values
    from fet_core.train.checkpoint import Checkpoints, Progress
    from pipeline.pictures import write_made, write_picture
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
        lender = bank.Lender(noise[version], np.zeros((68, 2)))
        bank.write_mouths(path, [lender] * 2, lender, lender)

    def face_model(path: Path, version: int) -> None:
        whole = model.load_model()
        model.write_model(
            path, model.FaceModel(whole.mean + version, whole.identity, whole.units, whole.names)
        )

    def plus(path: Path, version: int) -> None:
        sizes = {name: weights_sizes()[name] for name in ("fusion", "transfer")}
        plus_file.save_plus(path, plus_file.load_plus(), sizes | {"version": {"n": version}})

    def weights_sizes() -> dict[str, Any]:
        import json

        from safetensors import safe_open

        with safe_open(str(plus_file.SHIPPED), framework="np") as file:
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
        "write_made .webp": ("a.webp", lambda p, v: write_made(p, noise[v], like)),
        "write_made .tif": ("a.tif", lambda p, v: write_made(p, noise[v], like)),
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
    # An existing file is what `put_values` is for.
    before = rng.random() < 0.7 or name == "put_values"
    if before:
        write(path, 0)
    if rng.random() < 0.3:
        limit = int(rng.integers(0, len(new) + 1))
        note(f"{name}: room for {limit} of {len(new)} bytes")
        return _full(path, write, limit, old if before else None, new, name)
    trap = random_trap(rng, len(new), 2)
    note(f"{name}: ended at {trap}")
    forked(lambda: _caught(trap, path, write))
    found = path.read_bytes() if path.is_file() else None
    _whole(path, found, (old if before else None, new))
    write(path, 1)
    _check(path, new, None, name)
    return RESULT


def _whole(path: Path, found: bytes | None, allowed: tuple[bytes | None, ...]) -> None:
    """Raise `Wrong` where a file holds something else than what may be in it."""
    if found in allowed or (found is None and None in allowed):
        return
    held = [None if one is None else _content(path, one) for one in (found, *allowed)]
    if held[0] is None or held[0] not in held[1:]:
        raise Wrong("silent", f"{path.name} is neither the old file nor the new one")


def _content(path: Path, content: bytes) -> str:
    """What a file holds, where its bytes are not the same each time; else the bytes' digest."""
    with contextlib.suppress(Exception):
        if path.suffix == ".safetensors":
            # Its header's entries come in any order.
            length = int.from_bytes(content[:8], "little")
            header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True)
            return header + digest(content[8 + length :])
        if path.suffix == ".pt":
            # Its own name stands in it.
            import torch

            return str(torch.load(io.BytesIO(content), weights_only=True))
    return digest(content)


def digest(content: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(content).hexdigest()


def _check(path: Path, new: bytes, beside: set[str] | None, name: str) -> None:
    if _content(path, path.read_bytes()) != _content(path, new):
        raise Wrong("silent", f"{name} wrote something else afterwards")
    if beside is None:
        # What a kill has left is the whole stage's to take away.
        return
    made = {path.name, *beside, path.with_suffix(".sha256").name}
    if left := sorted({one.name for one in path.parent.iterdir()} - made):
        raise Wrong("silent", f"{name} left {left[0]}")


def _caught(trap: Trap, path: Path, write: Writer) -> None:
    trap.set()
    write(path, 1)


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
    _whole(path, path.read_bytes() if path.is_file() else None, (old, new))
    if said == RESULT and _content(path, path.read_bytes()) != _content(path, new):
        raise Wrong("silent", f"{name} said nothing, and did not write")
    if said == REJECTED and {one.name for one in path.parent.iterdir()} != beside:
        raise Wrong("silent", f"{name} left something at a full disk")
    write(path, 1)
    _check(path, new, beside, name)
    return said


WRITERS = Kind(
    "writers",
    "each writer of a file, ended at a byte, flush or rename, and at a full disk",
    0.6,
    _prepare,
    _trial,
    Limits(60, 1024 * MIB),
)
