"""How long `fet --help` takes, and a `dvc repro` that has nothing to do.

    python benchmarks/bench_start.py [--project CLONE-THAT-RAN] [--rounds 5]

Python that starts and ends is the reference of both: no program of ours can be quicker.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from bench.runs import in_turn, report

TOP = Path(__file__).resolve().parents[1]


def call(words: list[str], folder: Path) -> None:
    """Run a program; its output is nobody's."""
    shown = {"COLUMNS": "80", "DVC_NO_ANALYTICS": "1"}
    environment = os.environ | shown | {"PYTHONPATH": str(folder)}
    subprocess.run(words, cwd=folder, capture_output=True, check=True, env=environment)


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--project", type=Path, help="a clone whose results are all there")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    python = partial(call, [sys.executable, "-c", "pass"], TOP)
    helped = partial(call, [sys.executable, "-m", "pipeline", "--help"], TOP)
    entries = {"fet --help": in_turn(python, helped, options.rounds, "fet --help")}
    entries["fet --help"]["target"] = "≤ 0.4 s"
    if options.project:
        repro = partial(call, [sys.executable, "-m", "dvc", "repro", "--quiet"], options.project)
        rounds = max(options.rounds // 2, 1)
        entries["dvc repro, nothing to do"] = in_turn(python, repro, rounds, "dvc repro")
        entries["dvc repro, nothing to do"]["target"] = "≤ 3 s"
    report(
        "start",
        "Programs that have nothing to do, in seconds, beside Python itself",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
