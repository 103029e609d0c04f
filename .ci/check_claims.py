"""What docs/results.md claims, held against the committed results.

Each claim is a sentence there and what it says of the numbers. Where a claim no longer holds, the
sentence is to be changed: results are no test of the code.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOCS = Path("docs/results.md")
DEMO = ("ckplus", "rafd")
PHOTOGRAPHS = ("london", "london-256")
SIMPLE = ("unchanged", "displacement", "mean shift")
OTHERS = ("copy", "warp", "cgan", "pix2pix", "g2gan", "fet")


def result(dataset: str, name: str) -> Any:
    """A file of results as it is committed, bare: those of a run on this machine may differ."""
    place = f"HEAD:metrics/{dataset}/{name}.json"
    done = subprocess.run(["git", "show", place], check=True, capture_output=True, text=True)
    (found,) = json.loads(done.stdout)
    return found


def fet_is_ahead() -> Iterator[str]:
    """In SSIM and PSNR, of the unchanged photo, CGAN and pix2pix."""
    for dataset in DEMO:
        fet = result(dataset, "fet")["transfer"]
        for row in ("copy", "cgan", "pix2pix"):
            for key in ("ssim", "psnr"):
                if fet[key] <= result(dataset, row)["transfer"][key]:
                    yield f"{dataset}: {row} is level with fet or ahead in {key}"


def fet_plus_is_ahead() -> Iterator[str]:
    """In SSIM, landmark error and expression, and on the demo in identity."""
    for dataset in (*DEMO, *PHOTOGRAPHS):
        plus = result(dataset, "fet-plus")
        for row in OTHERS:
            other = result(dataset, row)
            both = [name for name in ("transfer", "oracle") if name in other]
            better = [plus[name]["ssim"] > other[name]["ssim"] for name in both]
            ours, theirs = plus["transfer"], other["transfer"]
            better.append(ours["nme"] < theirs["nme"])
            if dataset in DEMO:
                better.append(ours["identity"] < theirs["identity"])
            better.append(ours["expression"] > theirs["expression"])
            if not all(better):
                yield f"{dataset}: {row} is level with fet-plus or ahead"
        if plus["transfer"]["verification"] < 0.98:
            yield f"{dataset}: fet-plus is somebody else in more than 2% of its pictures"


def photo_stays_ahead() -> Iterator[str]:
    """In identity, on photographs."""
    copy, plus = (result("london", row)["transfer"]["identity"] for row in ("copy", "fet-plus"))
    if copy >= plus:
        yield f"london: the unchanged photo is at {copy}, fet-plus at {plus}"


def phi_plus_predicts_better() -> Iterator[str]:
    """Than what needs no training."""
    for dataset in (*DEMO, *PHOTOGRAPHS):
        for how, found in result(dataset, "landmarks").items():
            if how != "schema":
                simple = min(found[key]["nme"] for key in SIMPLE)
                if found["Φ+"]["nme"] >= simple:
                    yield f"{dataset}, {how}: Φ+ has {found['Φ+']['nme']}, a simple rule {simple}"


CLAIMS: dict[str, Callable[[], Iterator[str]]] = {
    "`fet` is where the paper puts it against CGAN and pix2pix.": fet_is_ahead,
    "ahead of every row on both demo sets in SSIM, identity, landmark error": fet_plus_is_ahead,
    "In identity the unchanged photo stays ahead": photo_stays_ahead,
    "What the tables say": phi_plus_predicts_better,
}


def main() -> int:
    """Print what does not hold; 0 where all does."""
    text = " ".join(DOCS.read_text(encoding="utf-8").split())
    wrong = [f"{DOCS} does not say any more: {said}" for said in CLAIMS if said not in text]
    for said, check in CLAIMS.items():
        wrong += [f"{DOCS} says: {said} But {one}" for one in check()]
    print("\n".join(wrong) or f"{len(CLAIMS)} claims of {DOCS} hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
