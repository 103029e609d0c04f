"""From raw photographs to landmarks: this pipeline beside the usual script.

    python benchmarks/bench_raw.py [--pictures 1000] [--sample 100] [--rounds 3]

Ours are the commands ingest, grayscale, align and landmarks with all that they start, on all
pictures: as they come, with the mean of 24 readings of each face, and with that of the fewest, 2.
The reference reads twice; it is one process on a part of the same pictures, another part each
round, and only its loop is timed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench.pictures import write_colour, write_grey
from bench.runs import report, result, spread

from fet_core import tables
from fet_core.geometry.align import apply_points
from fet_core.geometry.landmarks import eye_distance
from fet_core.progress import track

TOP = Path(__file__).resolve().parents[1]
STAGES = ("ingest", "grayscale", "align", "landmarks")
CASES = {
    "640×490, grey": ("ckplus", write_grey, "≥ 10"),
    "681×1024, colour": ("rafd", write_colour, "≥ 12"),
}
READINGS = {12: "mean of 24 readings", 1: "mean of 2 readings"}
"""Values of `landmarks.readings`."""


def call(*words: str | Path) -> tuple[str, float, float]:
    """What a Python program prints, its seconds, and those of its processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, time.perf_counter() - began, busy


def pipeline(dataset: str, raw: Path, out: Path, readings: int) -> tuple[dict[str, float], float]:
    """Seconds of each stage, and of the processor in all."""
    params = out.parent / "params.yaml"
    text = (TOP / "params.yaml").read_text(encoding="utf-8")
    for old, new in (("seed: 48 ", "seed: auto "), ("readings: 12 ", f"readings: {readings} ")):
        assert old in text
        text = text.replace(f"  {old}", f"  {new}", 1)
    params.write_text(text, encoding="utf-8")
    taken, busy = {}, 0.0
    for stage in STAGES:
        words: list[str | Path] = ["-m", "pipeline", stage, "--dataset", dataset]
        words += ["--root", raw, "--out", out]
        words += [] if stage == "ingest" else ["--in", out]
        _, taken[stage], processor = call(*words, "--params", params)
        busy += processor
    return taken, busy


def ours(out: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By name of the picture: the single reading and the mean, [68, 2] in its pixels."""
    faces = tables.read(out / "align" / "faces.parquet", tables.FACES).to_pylist()
    means = tables.read(out / "landmarks" / "landmarks.parquet", tables.LANDMARKS).to_pylist()
    mean = {row["sample_id"]: np.reshape(row["mean"], (-1, 2)) for row in means}
    return {
        row["sample_id"]: (
            np.reshape(row["points"], (-1, 2)),
            apply_points(np.reshape(row["inverse"], (2, 3)), mean[row["sample_id"]]),
        )
        for row in faces
        if row["row"] is not None
    }


def compared(found: dict[str, Any], reference: Path) -> dict[str, Any]:
    """Whether each of the reference's faces is among ours, and how far the points are apart."""
    with np.load(reference) as held:
        names, points = held["names"].tolist(), held["points"]
    both = [
        (found[name], theirs) for name, theirs in zip(names, points, strict=True) if name in found
    ]
    single, mean = (
        [
            float(np.linalg.norm(own[k] - theirs, axis=1).mean() / eye_distance(theirs))
            for own, theirs in both
        ]
        for k in (0, 1)
    )
    return {
        "reference_faces": len(names),
        "of_them_ours": len(both),
        "single_reading_apart": round(float(np.mean(single)), 4),
        "mean_of_readings_apart": round(float(np.mean(mean)), 4),
    }


def measure(
    case: str, raw: Path, work: Path, readings: int, sample: int, rounds: int
) -> dict[str, Any]:
    """The figures of one kind of photographs, and of how far both agree."""
    dataset, _, target = CASES[case]
    files = sorted(raw.rglob("*.[jp][pn]g"))
    pictures = len(files)
    theirs, own, busy, stages, agreed = [], [], [], [], []
    for number in track(range(rounds), f"{case}, {READINGS[readings]}", unit="rounds"):
        part = work / f"part{number}"
        part.mkdir()
        chosen = [files[k] for k in np.random.default_rng(number).permutation(len(files))[:sample]]
        for path in chosen:
            (part / path.name).symlink_to(path)
        done = work / f"part{number}.npz"
        script = TOP / "benchmarks" / "reference" / "landmarks.py"

        def reference(part: Path = part, done: Path = done, script: Path = script) -> float:
            printed, _, processor = call(script, part, done)
            theirs.append(float(printed) / sample)
            return processor / sample

        out = work / "out" / str(number)
        out.mkdir(parents=True)
        first = reference() if number % 2 == 0 else None
        taken, processor = pipeline(dataset, raw, out, readings)
        second = reference() if first is None else first
        own.append(sum(taken.values()) / pictures)
        stages.append(taken)
        busy.append(second / (processor / pictures))
        agreed.append(compared(ours(out), done))
    found = len(ours(out))
    entry = result(theirs, own) | {
        "target": target,
        "pictures": pictures,
        "faces": found,
        "ratio_of_processor_time": spread(busy, 2),
        "stages_s": {name: spread([one[name] for one in stages], 2) for name in STAGES},
        "agreement": agreed,
    }
    return entry


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure both kinds and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[name.split(", ")[1] for name in CASES])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    entries = {}
    for case, (_, write, _) in CASES.items():
        if options.only not in (None, case.split(", ")[1]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            raw = write(Path(folder) / "raw", options.pictures)
            for readings, name in READINGS.items():
                work = Path(folder) / str(readings)
                work.mkdir()
                sizes = (readings, options.sample, options.rounds)
                entries[f"{case}, {name}"] = measure(case, raw, work, *sizes)
    report(
        "raw",
        "Raw photographs to landmarks, seconds a picture, beside the usual script in one process",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
