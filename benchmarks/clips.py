"""The films of docs/film.md: what `fet animate` makes of the demo's films, and a strip of them.

    python benchmarks/clips.py [--assets path/to/makehuman]

With the assets the driving films are rendered first, those of `benchmarks/films.py`.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fet_core.animation import Animation, Settings, write_animation
from fet_core.film.reading import Film
from fet_core.film.writing import film_to
from fet_core.synthesis.crew import Crew
from fet_core.synthesis.films import RATE, read_shot, shoot, shots

DRIVING = Path("data/demo/films")
TARGETS = {
    "talk": "Rafd090_14_Caucasian_female_neutral_frontal.jpg",
    "laughter": "Rafd090_14_Caucasian_female_neutral_frontal.jpg",
    "grief": "Rafd090_28_Caucasian_male_neutral_frontal.jpg",
}
MOMENTS = {
    "talk": (0, 16, 26, 31, 44),
    "laughter": (0, 14, 24, 32, 45),
    "grief": (0, 20, 30, 45, 55),
}
"""Which pictures of each film are in the strip."""

SIDE, HIGH = 400, 200


def render(assets: Path, folder: Path) -> None:
    """The driving films, one a story."""
    listed = [shot for shot in shots(folder, 7, 3.0) if shot.actor == shot.target]
    with Crew(assets, 1, texture_limit=1024) as crew:
        list(crew.run(shoot, listed))
    for shot in listed:
        pictures = read_shot(shot)["driving"]
        path = DRIVING / f"{shot.story}.mp4"
        with film_to(path, pictures.shape[1:3], Fraction(RATE), made=False) as add:
            for number, picture in enumerate(pictures):
                add(Fraction(number, RATE), picture)


def small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As high as a row of the strip."""
    width = round(picture.shape[1] * HIGH / len(picture))
    return np.asarray(cv2.resize(picture, (width, HIGH), interpolation=cv2.INTER_AREA), np.uint8)


def main() -> None:
    """Write the films and the strip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--films", type=Path, default=Path("docs/films"))
    parser.add_argument("--strip", type=Path, default=Path("docs/pictures/animate.jpg"))
    options = parser.parse_args()
    if options.assets is not None:
        with tempfile.TemporaryDirectory() as folder:
            render(options.assets, Path(folder))
    rows = []
    for story, target in TARGETS.items():
        film, out = Film(DRIVING / f"{story}.mp4"), options.films / f"{story}.mp4"
        animation = Animation(film, Path("data/demo/rafd") / target, Settings(size=SIDE))
        write_animation(animation, out, film, compare=True)
        print(f"{out}: {animation.count} pictures, {out.stat().st_size >> 10} KiB")
        seen = [frame.picture for frame in Film(out)]
        shown = [picture for number in MOMENTS[story] if (picture := seen[number]) is not None]
        rows.append(np.concatenate([small(picture) for picture in shown], axis=1))
    width = min(row.shape[1] for row in rows)
    strip = np.concatenate([row[:, :width] for row in rows])
    Image.fromarray(strip).save(options.strip, quality=88)


if __name__ == "__main__":
    main()
