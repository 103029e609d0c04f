"""How long `fet transfer` and the shipped FET+ take; `make latency` writes the file."""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from fet_core.files import write_json
from fet_core.nets.plus_file import SHIPPED, load_plus
from fet_core.progress import track

DEMO = Path("data/demo/rafd")
SOURCE = DEMO / "Rafd090_28_Caucasian_male_happy_frontal.jpg"
TARGET = DEMO / "Rafd090_30_Caucasian_female_neutral_frontal.jpg"


def milliseconds(name: str, work: Callable[[], object], rounds: int) -> dict[str, float]:
    """Median, best and worst time of `rounds` calls after two that do not count."""
    times = []
    for number in track(range(rounds + 2), name, unit="rounds"):
        start = time.perf_counter()
        work()
        if number > 1:
            times.append(1000 * (time.perf_counter() - start))
    found = {"median": statistics.median(times), "best": min(times), "worst": max(times)}
    return {key: round(value, 1) for key, value in found.items()}


def main() -> None:
    """Measure Φ+ and Ω+ at 256×256, and `fet_core.Transfer` on two demo pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/latency.json"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    from fet_core import Transfer

    plus = load_plus()
    size = 256
    rng = torch.Generator().manual_seed(0)
    photo = torch.rand(1, plus.channels, size, size, generator=rng) * 2 - 1
    face = plus.fusion.mean / plus.fusion.mean.std() * size / 6 + size / 2
    target = (face + torch.randn(68, 2, generator=rng))[None]
    source = (face + torch.randn(68, 2, generator=rng))[None]
    wanted = plus.points(source, target)
    whole = Transfer()
    work: dict[str, Callable[[], object]] = {
        "Φ+": lambda: plus.points(source, target),
        "Ω+ at 256×256": lambda: plus.picture(photo, target, wanted),
        "Φ+ and Ω+ at 256×256": lambda: plus.picture(photo, target, plus.points(source, target)),
    }
    found = {name: milliseconds(name, call, options.rounds) for name, call in work.items()}
    name = "fet_core.Transfer, two demo pictures of 340×512"
    rounds = max(options.rounds // 3, 3)
    found[name] = milliseconds(name, lambda: whole(SOURCE, TARGET), rounds)
    parameters = sum(
        value.numel() for net in (plus.fusion, plus.transfer) for value in net.state_dict().values()
    )
    write_json(
        options.out,
        {
            "unit": "milliseconds",
            "device": f"CPU, {options.threads} threads, {platform.machine()}",
            "torch": torch.__version__,
            "parameters": parameters,
            "bytes": SHIPPED.stat().st_size,
            "times": found,
        },
    )
    print(options.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
