"""What each stage takes a picture, from the slopes between two sizes: seconds, bytes, memory.

    python benchmarks/scale.py

The stages that look at pictures run on jittered copies of the demo faces, those that join tables
on rows made up for it, of which there can be more. Seconds are those of all processors together,
which a busy machine changes least. docs/scale.md says what follows for a hundred million.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOP = Path(__file__).resolve().parents[1]
DEMO = TOP / "data" / "demo" / "rafd"
SIDE = 256
PICTURES = (200, 800)
ROWS = (20_000, 80_000)

OPEN = """
import sys
from pathlib import Path
import torch
from fet_core.data.dataset import Dataset
from fet_core.data.stored import read_samples
from fet_core.data.training_triples import training_index
folder = Path(sys.argv[1])
samples, _ = read_samples(folder)
Dataset.open(folder / "align" / "faces.npy", samples, torch.device("cpu"))
training_index(samples)
"""


def write_copies(folder: Path, count: int) -> None:
    """Copies of demo faces, each moved and relit, as people with eight expressions."""
    from PIL import Image

    people: dict[str, list[Path]] = {}
    for path in sorted(DEMO.glob("Rafd090_*_frontal.jpg")):
        people.setdefault(path.name.split("_")[1], []).append(path)
    whole = [paths for paths in people.values() if len(paths) == 8]
    rng = np.random.default_rng(0)
    for number in range(count):
        person, expression = divmod(number, 8)
        path = whole[person % len(whole)][expression]
        picture = np.roll(np.asarray(Image.open(path)), rng.integers(-4, 5, 2), (0, 1))
        relit = np.clip(picture * rng.uniform(0.9, 1.1) + rng.normal(0, 1), 0, 255).astype(np.uint8)
        name = path.stem.split("_")[4]
        (folder / f"p{person:07d}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(relit).save(folder / f"p{person:07d}" / f"{name}.jpg", quality=92)


def write_tables(folder: Path, count: int) -> None:
    """What augment reads, of people who were never photographed; faces.npy has no content."""
    from fet_core import tables
    from fet_core.data.readers import Kind

    rng = np.random.default_rng(0)
    points = rng.uniform(0, SIDE, (count, tables.POINTS * 2)).astype(np.float32)
    manifest, landmarks = [], []
    for number in range(count):
        person, expression = divmod(number, 8)
        name = f"p{person:07d}/{tables.EXPRESSIONS[expression]}"
        manifest.append(
            {"sample_id": name, "dataset": "made", "subject": f"p{person:07d}", "sequence": ""}
            | {"frame": 0, "expression": tables.EXPRESSIONS[expression], "gaze": "frontal"}
            | {"camera": "090", "path": f"{name}.jpg", "width": 340, "height": 512, "channels": 3}
            | {"split": "test" if person % 100 == 0 else "train"}
        )
        landmarks.append(
            {"sample_id": name, "row": number, "points": points[number], "mean": points[number]}
        )
    for stage, name, rows, schema in (
        ("ingest", "manifest", manifest, tables.MANIFEST),
        ("landmarks", "landmarks", landmarks, tables.LANDMARKS),
    ):
        (folder / stage).mkdir(parents=True)
        tables.write(folder / stage / f"{name}.parquet", tables.from_rows(rows, schema), schema)
    Kind("folder", False).write(folder / "ingest" / "kind.json")
    (folder / "align").mkdir()
    with (folder / "align" / "faces.npy").open("wb") as file:
        shape = (count, SIDE, SIDE, 3)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + int(np.prod(shape)))


def run(command: Sequence[str], folder: Path) -> dict[str, float]:
    """Seconds of all processors and the largest process's bytes of one command."""
    # A process of its own, as the system adds up what all children of one have taken.
    pipe = os.pipe()
    if (child := os.fork()) == 0:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = [done.returncode, done.stderr[-2000:], used.ru_utime + used.ru_stime, used.ru_maxrss]
        os.write(pipe[1], json.dumps(said).encode())
        os._exit(0)
    os.close(pipe[1])
    with os.fdopen(pipe[0], "rb") as file:
        code, told, seconds, largest = json.loads(file.read())
    os.waitpid(child, 0)
    if code:
        sys.exit(f"{' '.join(command)}:\n{told}")
    return {"seconds": seconds, "memory": largest * 1024}


def written(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def stage(name: str, folder: Path) -> dict[str, float]:
    """One stage in a folder with its params.yaml."""
    command = [sys.executable, "-m", "pipeline", name, "--dataset", "made", "--out", "out"]
    command += [] if name == "ingest" else ["--in", "out"]
    return run(command, folder) | {"written": written(folder / "out" / name)}


def write_params(folder: Path) -> None:
    """The demo's params, but for the pictures' side."""
    from ruamel.yaml import YAML

    yaml = YAML()
    document = yaml.load(TOP / "params.yaml")
    document["datasets"] = {"made": {"root": "raw", "reader": "folder"}}
    document["split"]["seed"] = "auto"
    document["align"]["size"] = SIDE
    yaml.dump(document, folder / "params.yaml")


def on_pictures(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """The stages up to the landmarks."""
    write_copies(folder / "raw", count)
    return {name: stage(name, folder) for name in ("ingest", "grayscale", "align", "landmarks")}


def on_tables(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """Joining the tables, and what training opens."""
    (folder / "raw").mkdir()
    write_tables(folder / "out", count)
    found = {"augment": stage("augment", folder)}
    found["open"] = run([sys.executable, "-c", OPEN, str(folder / "out")], folder)
    return found


def slopes(
    measure: Callable[[Path, int], dict[str, dict[str, float]]], sizes: Sequence[int]
) -> dict[str, Any]:
    """What a picture more takes, and both measurements that say so."""
    small, large = sizes
    made = []
    for count in sizes:
        with tempfile.TemporaryDirectory() as name:
            write_params(Path(name))
            made.append(measure(Path(name), count))
    return {
        part: {
            "a picture": {
                key: (value - made[0][part][key]) / (large - small)
                for key, value in made[1][part].items()
            },
            str(small): made[0][part],
            str(large): made[1][part],
        }
        for part in made[0]
    }


def hashed() -> float:
    """Bytes a second that a processor hashes as DVC does."""
    block: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, 1 << 22, dtype=np.uint8)
    start = time.process_time()
    total = hashlib.md5(usedforsecurity=False)
    for _ in range(64):
        total.update(block.data)
    return 64 * block.nbytes / (time.process_time() - start)


def main() -> None:
    """Measure, print a table and write what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=TOP / "metrics" / "bench" / "scale.json")
    out = parser.parse_args().out
    os.environ |= {"PYTHONPATH": str(TOP), "OMP_NUM_THREADS": "1"}
    found = slopes(on_pictures, PICTURES) | slopes(on_tables, ROWS)
    print(f"{'stage':10} {'ms':>8} {'bytes':>10} {'memory':>10}   of a picture more")
    for name, values in found.items():
        each = values["a picture"]
        bytes_out = each.get("written", 0)
        print(f"{name:10} {1000 * each['seconds']:8.2f} {bytes_out:10.0f} {each['memory']:10.0f}")
    kept: dict[str, Any] = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }
    kept |= {"python": platform.python_version(), "side": SIDE, "md5": hashed(), "stages": found}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
