"""One transfer with everything loaded, and one picture of a film; nothing is held against them.

python benchmarks/bench_transfer.py [--rounds 10]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from bench.runs import in_turn, report

TOP = Path(__file__).resolve().parents[1]
DEMO = TOP / "data" / "demo"
SOURCE = DEMO / "rafd" / "Rafd090_28_Caucasian_male_happy_frontal.jpg"
TARGET = DEMO / "rafd" / "Rafd090_30_Caucasian_female_neutral_frontal.jpg"
FILM = DEMO / "films" / "talk.mp4"
_MOST, _LARGE, _MOST_LARGE = "≤ 0.06 s", 2000, "≤ 0.5 s"


def networks(rounds: int, size: int = 256) -> dict[str, Any]:
    """Φ+ and Ω+ on a face that is cut out."""
    from fet_core.nets.plus_file import load_plus

    plus = load_plus()
    rng = torch.Generator().manual_seed(0)
    photo = torch.rand(1, plus.channels, size, size, generator=rng) * 2 - 1
    face = plus.fusion.mean / plus.fusion.mean.std() * size / 6 + size / 2
    target = (face + torch.randn(68, 2, generator=rng))[None]
    source = (face + torch.randn(68, 2, generator=rng))[None]

    def work() -> object:
        return plus.picture(photo, target, plus.points(source, target))

    return in_turn(None, work, rounds, "Φ+ and Ω+")


def photographs(rounds: int) -> dict[str, Any]:
    """`fet_core.Transfer` on two photographs, read from disk each time."""
    from fet_core import Transfer

    transfer = Transfer()
    return in_turn(None, lambda: transfer(SOURCE, TARGET), rounds, "two photographs")


def large(rounds: int) -> dict[str, Any]:
    """The same, where the target is a square of 2,000 pixels a side."""
    import tempfile

    import cv2

    from fet_core import Transfer

    small = cv2.imread(str(TARGET))
    assert small is not None
    height, width = small.shape[:2]
    fine = cv2.resize(
        small, (round(width * _LARGE / height), _LARGE), interpolation=cv2.INTER_CUBIC
    )
    room = _LARGE - fine.shape[1]
    square = cv2.copyMakeBorder(fine, 0, 0, room // 2, room - room // 2, cv2.BORDER_REPLICATE)
    transfer = Transfer()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.jpg"
        cv2.imwrite(str(target), square)
        return in_turn(None, lambda: transfer(SOURCE, target), rounds, "a large photograph")


def film(rounds: int) -> dict[str, Any]:
    """`fet animate`, its writing of a film counted, divided by the pictures."""
    import tempfile

    from fet_core.animation import Animation, Settings, write_animation
    from fet_core.film.reading import Film

    opened = Film(FILM)
    animation = Animation(opened, TARGET, Settings(size=256))
    count = animation.count
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mp4"

        def work() -> None:
            write_animation(animation, out, opened)

        entry = in_turn(None, work, rounds, "a film", each=(1, count), warm=False)
    return entry | {"pictures": count}


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--films", type=int, default=2, help="rounds of the film; 0 leaves it out")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    entries = {
        "Φ+ and Ω+ at 256×256": networks(options.rounds) | {"target": _MOST},
        "two photographs of 340×512": photographs(options.rounds) | {"target": _MOST},
        "onto one of 2,000×2,000": large(options.rounds) | {"target": _MOST_LARGE},
    }
    if options.films:
        entries["a picture of a film"] = film(options.films) | {"target": _MOST}
    report("transfer", "One transfer with everything loaded, in seconds", entries, options.out)
    return entries


if __name__ == "__main__":
    main()
