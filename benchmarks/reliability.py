"""What FET does with damaged files, kills, full disks and many at once; `make test-reliability`.

    python benchmarks/reliability.py --count 1000
    python benchmarks/reliability.py --only pictures --seed 1 --trial 17

Every trial draws from (seed, its number) and nothing else, so that each failure can be repeated
alone. Anything but a right result and a sentence is a failure, and ends this with 1.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP), str(TOP / "benchmarks")]

from trials.engine import CLASSES, FAILURES, MIB, RESULT, Kind, Outcome, run  # noqa: E402
from trials.kinds import KINDS, LEFT_OUT, warm_up  # noqa: E402


def main() -> None:
    """Try all kinds, or those that are asked for, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--count", type=int, default=1000, help="Trials of pictures; others follow."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(KINDS), help="A kind alone.")
    parser.add_argument("--trial", type=int, action="append", help="Of --only, these alone.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--out", type=Path, help="JSON [default: metrics/reliability.json, if all]."
    )
    options = parser.parse_args()
    if options.trial and not options.only:
        parser.error("--trial wants --only")
    os.environ.setdefault("FET_ROUNDS", str(2 * options.count))
    warm_up()
    kinds, failures, outcomes = {}, [], list[Outcome]()
    folder = Path(tempfile.mkdtemp(prefix="fet-reliability-"))
    atexit.register(cleared, folder, os.getpid())
    for name in options.only or KINDS:
        kind = KINDS[name]
        found, seconds = tried(kind, options, folder)
        outcomes += found
        kinds[name] = told(kind, found) | {"seconds": round(seconds)}
        failures += [
            {"kind": one.kind, "seed": one.seed, "trial": one.trial, "class": one.outcome}
            | {"damage": one.damage, "said": one.said}
            for one in found
            if one.failed
        ]
    out = options.out or (None if options.only else TOP / "metrics" / "reliability.json")
    if out is not None:
        write(out, options, kinds, failures)
    bad = sum(one.failed for one in outcomes)
    print(f"{len(outcomes)} trials, {bad} failures{f': {out}' if out else ''}")
    raise SystemExit(1 if bad else 0)


def cleared(folder: Path, owner: int) -> None:
    """Take the trials' folder away, at the end of the process that has made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


PREPARED: dict[Any, Any] = {}
"""What kinds of trials share, by the function that makes it."""


def tried(kind: Kind, options: argparse.Namespace, folder: Path) -> tuple[list[Outcome], float]:
    """All trials of a kind, and the seconds that they took; failures are printed as they come."""
    begun = time.monotonic()
    numbers = options.trial or range(kind.trials(options.count))
    found = []
    if kind.prepare not in PREPARED:
        PREPARED[kind.prepare] = kind.prepare(folder / f"prepared-{kind.name}")
    prepared = PREPARED[kind.prepare]
    for one in run(kind, prepared, list(numbers), options.seed, folder, options.jobs):
        found.append(one)
        if one.failed or options.trial:
            again = f"--only {one.kind} --seed {one.seed} --trial {one.trial}"
            print(f"{one.outcome}: {again}: {one.damage}: {one.said}", flush=True)
    seconds = time.monotonic() - begun
    counts = Counter(one.outcome for one in found)
    said = ", ".join(f"{counts[name]} {name}" for name in CLASSES if counts[name])
    print(f"{kind.name}: {said} ({seconds:.0f} s)", flush=True)
    return found, seconds


def told(kind: Kind, found: list[Outcome]) -> dict[str, Any]:
    """A kind's line of the table."""
    counts = Counter(one.outcome for one in found)
    measured = sorted({one.said for one in found if one.outcome == RESULT and one.said})
    return {
        "about": kind.about,
        "tried": len(found),
        "outcomes": {name: counts[name] for name in CLASSES},
        "limit_s": kind.limits.seconds,
        "limit_mib": kind.limits.memory // MIB,
    } | ({"measured": measured} if measured else {})


def write(
    out: Path, options: argparse.Namespace, kinds: dict[str, Any], failures: list[Any]
) -> None:
    """The file of all that was found."""
    from importlib.metadata import version

    from fet_core.files import write_json

    if options.only and out.is_file():
        # Kinds that are tried again by the same seed and count take the places of those there.
        before = json.loads(out.read_text(encoding="utf-8"))
        if (before["seed"], before["count"]) == (options.seed, options.count):
            kept = [one for one in before["failures"] if one["kind"] not in kinds]
            kinds, failures = before["kinds"] | kinds, kept + failures
    packages = ("numpy", "pillow", "opencv-python-headless", "dlib-bin", "pyarrow", "safetensors")
    versions = {name: version(name) for name in (*packages, "torch", "pydantic", "ruamel.yaml")}
    write_json(
        out,
        {
            "seed": options.seed,
            "count": options.count,
            "versions": {
                "python": platform.python_version(),
                "system": f"{platform.system()} {platform.machine()}",
            }
            | {"fet": version("fet")}
            | versions,
            "failure": list(FAILURES),
            "kinds": kinds,
            "failures": failures,
            "left out": LEFT_OUT,
        },
    )


if __name__ == "__main__":
    main()
