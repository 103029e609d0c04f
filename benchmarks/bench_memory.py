"""The memory of all processes over a whole tree of RaFD's shape, from raw to landmarks.

    python benchmarks/bench_memory.py [--pictures 8040] [--every 2]

The memory is proportional (PSS): what processes share counts once. Its growth is that of a line
through what was seen after the first quarter of a stage.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench.pictures import write_colour
from bench.runs import report, spread

TOP = Path(__file__).resolve().parents[1]
STAGES = ("ingest", "grayscale", "align", "landmarks")
MILLION = 1_000_000


def descendants(pid: int) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text(encoding="utf-8").split():
            found += descendants(int(child))
    return found


def megabytes(pid: int) -> float:
    """Proportional memory of a process with all that it has started."""
    total = 0
    for one in descendants(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8")
        except OSError:
            continue
        total += next(
            (int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0
        )
    return total / 1024


def watched(stage: str, raw: Path, out: Path, params: Path, every: float) -> dict[str, Any]:
    """Run a stage; its seconds and its memory over time."""
    words = [sys.executable, "-m", "pipeline", stage, "--dataset", "rafd", "--root", str(raw)]
    words += ["--out", str(out), "--params", str(params)]
    words += [] if stage == "ingest" else ["--in", str(out)]
    began, seen = time.perf_counter(), []
    with subprocess.Popen(
        words, cwd=TOP, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as done:
        while done.poll() is None:
            try:
                seen.append((time.perf_counter() - began, megabytes(done.pid)))
            except OSError:
                pass
            try:
                done.wait(every)
            except subprocess.TimeoutExpired:
                continue
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}")
    taken = time.perf_counter() - began
    held = [value for at, value in seen if at > taken / 4] or [value for _, value in seen]
    slope = 0.0
    if len(held) > 2:
        late = np.array([one for one in seen if one[0] > taken / 4])
        slope = float(np.polyfit(late[:, 0] / taken, late[:, 1], 1)[0])
    return {
        "seconds": round(taken, 1),
        "peak_mb": round(max(value for _, value in seen), 1),
        "after_a_quarter_mb": spread(held, 1),
        "growth_over_the_stage_mb": round(slope, 1),
    }


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Run all stages and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=8040)
    parser.add_argument("--every", type=float, default=2.0)
    parser.add_argument("--raw", type=Path, help="where the photographs are kept for a next time")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        raw = write_colour(options.raw or work / "raw", options.pictures)
        params = work / "params.yaml"
        text = (TOP / "params.yaml").read_text(encoding="utf-8")
        params.write_text(text.replace("  seed: 48 ", "  seed: auto ", 1), encoding="utf-8")
        stages = {
            stage: watched(stage, raw, work / "out", params, options.every) for stage in STAGES
        }
    seconds = sum(one["seconds"] for one in stages.values())
    peak = max(one["peak_mb"] for one in stages.values())
    entry = {
        "target": "< 2 GB",
        "pictures": options.pictures,
        "seconds": round(seconds, 1),
        "pictures_a_second": round(options.pictures / seconds, 2),
        "million_pictures_h": round(seconds / options.pictures * MILLION / 3600, 1),
        "peak_mb": peak,
        "stages": stages,
    }
    entries = {"681×1024, colour": entry}
    report(
        "memory",
        "Raw photographs to landmarks over a whole tree: memory of all processes, and the rate",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
