"""The shipped FET+ in onnxruntime beside torch: how far apart, and how long each takes.

OMP_WAIT_POLICY=passive python benchmarks/exported.py

Both take turns, so that what else the machine does falls on both; threads of neither wait in a
loop, which would take the other's core.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.files import write_json
from fet_core.geometry.align import alignment, apply_picture, apply_points
from fet_core.geometry.eye import Eye
from fet_core.geometry.raster import to_float
from fet_core.nets.onnx_file import INPUTS, OPSET, difference, reference, write_onnx
from fet_core.nets.plus_file import Plus, load_plus
from fet_core.portrait import Picture, open_picture
from fet_core.progress import track

DEMO = Path("data/demo/rafd")
SIDES = (128, 256)
FIXED = 256
FREE, ONE = "any side", f"{FIXED} alone"

Inputs = tuple[Tensor, ...]


class Case(NamedTuple):
    """A picture, its landmarks and those of the face whose expression it gets, in their pixels."""

    picture: Picture
    points: NDArray[np.float64]
    source: NDArray[np.float64]

    def cut(self, plus: Plus, side: int) -> Inputs:
        """As `INPUTS` names them."""
        how = plus.alignment
        matrix = alignment(self.points, side, how.eye_distance, how.eye_height)
        face = torch.from_numpy(apply_picture(matrix, self.picture, side)).permute(2, 0, 1)
        target = torch.from_numpy(apply_points(matrix, self.points)).float()
        source = torch.from_numpy(self.source).float()
        return to_float(face)[None], target[None], source[None], torch.ones(1)


def cases(count: int) -> list[Case]:
    """Demo people, neutral, each with another's expression."""
    eye, made = Eye(), []
    sources = [path for path in sorted(DEMO.glob("Rafd090_*.jpg")) if "neutral" not in path.name]
    pairs = list(zip(sorted(DEMO.glob("Rafd090_*neutral*.jpg")), sources[::7], strict=False))
    for paths in track(pairs[:count], "reading", unit="faces"):
        picture, other = (open_picture(path) for path in paths)
        points, source = (eye.read(one, eye.find(one)[0]) for one in (picture, other))
        made.append(Case(picture, points, source))
    return made


def session(path: Path, threads: int) -> Any:
    """Of onnxruntime, on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def milliseconds(work: dict[str, Callable[[], object]], rounds: int, name: str) -> dict[str, Any]:
    """Of each, and of each over the first of the same round, after two rounds that do not count."""
    times: dict[str, list[float]] = {key: [] for key in work}
    for number in track(range(rounds + 2), name, unit="rounds"):
        order = list(work) if number % 2 else list(work)[::-1]
        for key in order:
            start = time.perf_counter()
            work[key]()
            if number > 1:
                times[key].append(1000 * (time.perf_counter() - start))
    first = next(iter(work))
    found: dict[str, Any] = {key: {"milliseconds": spread(each, 1)} for key, each in times.items()}
    for key in list(work)[1:]:
        shares = [one / other for one, other in zip(times[key], times[first], strict=True)]
        found[key]["over torch"] = spread(shares, 2)
    return found


def spread(values: Sequence[float], digits: int) -> dict[str, float]:
    """Median, least and largest."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {key: round(value, digits) for key, value in found.items()}


def main() -> None:
    """Write, compare on demo faces, and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/onnx.json"))
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=20)
    options = parser.parse_args()
    plus = load_plus()
    faces = cases(options.pictures)
    given = {side: [face.cut(plus, side) for face in faces] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        paths = {FREE: Path(folder) / "free.onnx", ONE: Path(folder) / "one.onnx"}
        write_onnx(paths[FREE], plus)
        write_onnx(paths[ONE], plus, FIXED)
        apart = {
            f"{name}, at {side}": round(
                max(difference(session(path, 1), plus, one) for one in given[side]), 4
            )
            for name, path in paths.items()
            for side in SIDES
            if name == FREE or side == FIXED
        }
        times = {}
        inputs = given[FIXED][0]
        arrays = {name: value.numpy() for name, value in zip(INPUTS, inputs, strict=True)}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            runs = {name: session(path, threads) for name, path in paths.items()}
            work: dict[str, Callable[[], object]] = {"torch": lambda: reference(plus, *inputs)}
            work |= {
                name: lambda run=run: run.run(None, arrays)  # type: ignore[misc]
                for name, run in runs.items()
            }
            times[str(threads)] = milliseconds(work, options.rounds, f"{threads} threads")
        size = paths[FREE].stat().st_size
    found = {
        "device": f"CPU, {platform.machine()}",
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "opset": OPSET,
        "bytes": size,
        "pictures": len(faces),
        "difference of 255": apart,
        "side": FIXED,
        "rounds": options.rounds,
        "threads": times,
    }
    write_json(options.out, found)
    print(options.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
