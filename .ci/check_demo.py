"""After `make demo`: the rows are in their order, and every committed number is made again.

Another processor rounds otherwise, and training carries that on: SSIM may differ by 0.01 and PSNR
by 0.3 dB from what is committed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROWS = {"copy", "warp", "fet", "fet-plus", "truth"}
MAY_DIFFER = {"ssim": 0.01, "psnr": 0.3}


def protocols(text: str) -> dict[str, dict[str, float]]:
    """Protocol to number, of a file of results."""
    (found,) = json.loads(text)
    return {name: found[name] for name in ("transfer", "oracle") if name in found}


def committed(path: Path) -> str:
    """What HEAD has at a path."""
    return subprocess.run(
        ["git", "show", f"HEAD:{path.as_posix()}"], check=True, capture_output=True, text=True
    ).stdout


def main() -> int:
    """Print what is wrong; 0 where nothing is."""
    wrong: list[str] = []
    numbers: dict[tuple[str, str], dict[str, Any]] = {}
    compared = 0
    for dataset in ("ckplus", "rafd"):
        for made in (
            f"data/{dataset}/truths/readings.parquet",
            f"data/{dataset}/evaluate/fet.parquet",
            f"data/{dataset}/evaluate_fet_plus/fet-plus.parquet",
            f"metrics/{dataset}/short/fet.json",
            f"metrics/{dataset}/figures/transfer.png",
            f"metrics/{dataset}/plus/comparison.png",
        ):
            # None of these is in Git, so that results are not merely those that were cloned.
            if not Path(made).is_file():
                wrong.append(f"there is no {made}")
        for row in sorted(ROWS):
            path = Path("metrics") / dataset / f"{row}.json"
            numbers[dataset, row] = protocols(path.read_text(encoding="utf-8"))
            for protocol, old in protocols(committed(path)).items():
                for key, most in MAY_DIFFER.items():
                    new = numbers[dataset, row][protocol][key]
                    compared += 1
                    if abs(new - old[key]) > most:
                        wrong.append(f"{path}, {protocol}: {key} is {new}, committed is {old[key]}")
        for key in MAY_DIFFER:
            fet, copy = (numbers[dataset, row]["transfer"][key] for row in ("fet", "copy"))
            if fet <= copy:
                wrong.append(f"{dataset}: fet has {key} {fet}, copy {copy}")
        plus, fet = (numbers[dataset, row]["transfer"]["ssim"] for row in ("fet-plus", "fet"))
        if plus <= fet:
            wrong.append(f"{dataset}: fet-plus has SSIM {plus}, fet {fet}")
    status = subprocess.run(
        ["git", "status", "--porcelain"], check=True, capture_output=True, text=True
    ).stdout
    allowed = {f"metrics/{d}/{r}.json" for d in ("ckplus", "rafd") for r in ROWS | {"landmarks"}}
    for line in status.splitlines():
        if line[3:] not in allowed | {"dvc.lock"}:
            wrong.append(f"git status shows {line}")
    print(f"{compared} numbers compared with the committed ones; git status:\n{status}", end="")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
