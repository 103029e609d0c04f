"""Scoring a method on test triples: as `fet evaluate` does it, and pair after pair in a loop.

    python benchmarks/bench_evaluate.py [--triples 160] [--rounds 3] [--data data/rafd]

The method moves the target photo by a spline, which takes next to no time. Without `--data` the
stages up to the triples are run on the demo first.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

# A process that is started imports this file, and needs no torch, as with the command.
import numpy as np
from bench.runs import in_turn, report
from bench_raw import TOP, call

STAGES = ("ingest", "grayscale", "align", "landmarks", "augment")


def prepared(out: Path) -> Path:
    """The demo's stages up to the test triples."""
    for stage in STAGES:
        words: list[str | Path] = ["-m", "pipeline", stage, "--dataset", "rafd", "--out", out]
        words += ["--root", TOP / "data/demo/rafd"] if stage != "augment" else []
        words += ["--in", out] if stage != "ingest" else []
        call(*words)
    return out


def compare(data: Path, count: int, rounds: int) -> dict[str, Any]:
    """The entry of the method on so many triples."""
    import torch
    from reference.evaluation import measure

    from fet_core import tables
    from fet_core.data.dataset import Dataset
    from fet_core.data.stored import read_samples
    from fet_core.geometry.embed import Embedder
    from fet_core.geometry.landmarks import FaceFinder
    from fet_core.measure.methods import warp_method
    from fet_core.measure.reader import ExpressionReader
    from fet_core.measure.scores import measure_truths, read_truths, score_row
    from fet_core.measure.triples import Triples

    samples, listed = read_samples(data)
    listed = listed.slice(0, count)
    device = torch.device("cpu")
    dataset = Dataset.open(data / "align" / "faces.npy", samples, device)
    triples = Triples.of(listed, device)
    truth = read_truths(measure_truths(dataset, triples, listed), dataset, triples, listed)
    reader, method = ExpressionReader.of(samples), warp_method(dataset)
    tools = FaceFinder(), Embedder()

    def ours() -> Any:
        protocols = ("transfer",)
        return score_row(method, dataset, triples, listed, truth, reader, protocols)  # type: ignore[arg-type]

    def loop() -> list[dict[str, float | None]]:
        with torch.no_grad():
            made, wanted = (
                np.ascontiguousarray(shown.permute(0, 2, 3, 1).numpy())
                for shown in (method(triples, "transfer"), dataset.bytes(triples.truth))
            )
        return measure(made, wanted, *tools)

    theirs, own = loop(), ours()
    assert own.schema == tables.SCORES
    apart = np.array([row["ssim"] for row in theirs], float) - own["ssim"].to_numpy()
    entry = in_turn(loop, ours, rounds, "evaluate", each=(len(triples),) * 2, warm=False)
    return entry | {
        "target": "≥ 3",
        "triples": len(triples),
        "faces": sum(own["found"].to_pylist()),
        "ssim_apart_at_most": float(f"{np.abs(apart).max():.2g}"),
    }


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="stage outputs up to augment")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or prepared(Path(folder))
        entries = {"a method": compare(data, options.triples, options.rounds)}
    report(
        "evaluate",
        "Scoring a method, seconds a triple, processes started each time, beside a loop in one",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
