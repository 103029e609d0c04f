"""Runs the commands of README.md and of the docs as they stand there, in a clone of its own.

The clone has the profile `tiny`, so that what takes half an hour takes minutes. A command that is
not run is in SKIPPED with its reason; any other that does not end well fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

DOCS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/stages.md",
    "studies/README.md",
    "docs/demo-faces.md",
    "data/demo/README.md",
    "fet_core/weights/README.md",
    "docs/install.md",
    "docs/transfer.md",
    "docs/photographs.md",
    "docs/film.md",
    "docs/page.md",
    "docs/fet-plus.md",
    "docs/onnx.md",
    "docs/baselines.md",
    "docs/results.md",
    "docs/params.md",
    "docs/remotes.md",
    "docs/scale.md",
    "docs/gpu.md",
    "docs/reliability.md",
    "metrics/README.md",
    "docs/own-data.md",  # the last, as it leaves a data set behind
)

SKIPPED = {
    r"^make test$": "runs beside this one",
    r"^make lint$": "done before",
    r"^fet probe$": "tests/test_probes.py runs every probe",
    r"pip (install|wheel) |-m venv": "a step of its own, .ci/wheel.sh",
    r"^apt-get ": "done before",
    r"benchmarks/reliability\.py|^make test-reliability$": "a step of its own",
    r"^make env-(synthesis|onnx|c2pa|page|browser)$": "done before",
    r"^make env-(ray|s3)$|^FET_ENGINE=ray ": "downloads; tests/data/test_over_ray.py",
    r"^dvc (remote (add --default|modify) storage|push$)|^git commit -m \"where": "needs a bucket; "
    "tests/dvc/test_remotes.py has one",
    r"--c2pa ": "wants somebody's certificate; tests/data/test_manifest.py makes one",
    r"^fet serve": "until Ctrl-C; tests/page serves it",
    r"^fet study (?!.*--table)": "ten minutes and more; tests/pipeline/test_study.py runs a grid",
    r"^(FET_ACCELERATION|torchrun)": "minutes; tests/train and tests/pipeline do the same",
    r"^fet learn-face ": "ten minutes; tests/synthesis/test_known.py learns from a few people",
    r"^fet synthesize .*(--full|--out data/demo)$": "hours; tests/synthesis renders a few people",
}

ONCE = ("fet synthesize check data/demo",)
"""What takes minutes, changes nothing, and stands in more places than one."""

INSTEAD = {
    "path/to/makehuman": "{shared}/data/makehuman",
    "path/to/london": "{shared}/data/london",
}

BEFORE = {
    # What a reader types into params.yaml.
    "fet check --dataset mine": "sed -i 's|^datasets:.*|&\\n  mine:\\n    root: tmp/mine\\n"
    "    reader: folder|' params.yaml",
}

AFTER = {
    # The demo's sizes would take as long as `make demo` does.
    "fet profile demo": "fet profile tiny",
}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
WIDEST = 120


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of the fenced blocks of a Markdown file."""
    return [(match[1], match[2]) for match in FENCE.finditer(text)]


def lines(block: str) -> list[str]:
    """The commands of a block, without comments."""
    found = (re.sub(r"\s+# .*$", "", line).strip() for line in block.splitlines())
    return [line for line in found if line and not line.startswith("#")]


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run a command; what it says is shown only where it fails."""
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
    )
    shown = " ".join(command[-1].split("\n"))
    print(f"{time.monotonic() - start:6.1f} s  {shown}", flush=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nFAILED with {done.returncode}: {shown}")
    if "exp show" in shown:
        print(done.stdout)
        widest = max(len(line.rstrip()) for line in done.stdout.splitlines())
        if widest > WIDEST or "…" in done.stdout:
            sys.exit(f"the table of {shown} does not fit {WIDEST} columns")


def main(clone: Path, shared: Path) -> None:
    """Run everything in a clone that exists."""
    environment = os.environ | {"COLUMNS": str(WIDEST), "NO_COLOR": "1"}
    environment["PATH"] = f"{clone / '.venv/bin'}{os.pathsep}{environment['PATH']}"
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        environment |= {f"{name}_NAME": "ci", f"{name}_EMAIL": "ci@example.org"}
    left, typed = 0, set()
    for doc in DOCS:
        print(f"== {doc}")
        for language, block in blocks((clone / doc).read_text(encoding="utf-8")):
            if language not in ("", "python", "yaml", "json"):
                sys.exit(
                    f"{doc} has a block of {language}: nobody would run it; leave the name out"
                )
            if language == "python":
                run([sys.executable, "-c", block], clone, environment)
            for line in lines(block) if language == "" else []:
                reason = next((why for what, why in SKIPPED.items() if re.search(what, line)), None)
                if line in ONCE and line in typed:
                    reason = "done before"
                typed.add(line)
                if reason:
                    print(f"     not  {line}  ({reason})")
                    left += 1
                    continue
                for placeholder, instead in INSTEAD.items():
                    line = line.replace(placeholder, instead.format(shared=shared))
                if str(shared) in line and not shared.is_dir():
                    print(f"     not  {line}  (the pictures are not here)")
                    left += 1
                    continue
                if line in BEFORE:
                    run(["bash", "-ec", BEFORE[line]], clone, environment)
                run(["bash", "-ec", line], clone, environment)
                if line in AFTER:
                    run(["bash", "-ec", AFTER[line]], clone, environment)
    print(f"{left} commands were not run")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
