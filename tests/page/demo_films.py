"""Films of demo faces, made of their photographs; no test itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

DRIVER = "data/demo/rafd/Rafd090_27_Caucasian_female_{}_frontal.jpg"


def film(path: Path, repository: Path, pictures: int = 4, rate: int = 4) -> Path:
    """An .mp4 of a face that is neutral, surprised, happy and neutral, and again."""
    from fet_core.film.writing import film_to

    names = ("neutral", "surprised", "happy", "neutral")
    faces = [np.asarray(Image.open(repository / DRIVER.format(name))) for name in names]
    with film_to(path, (512, 340), Fraction(rate)) as write:
        for number in range(pictures):
            write(Fraction(number, rate), faces[number % len(faces)])
    return path


def recording(path: Path, pictures: int, rate: int, face: Path | None = None) -> Path:
    """A .webm that does not say how long it is, as browsers record them."""
    import av

    grey = np.full((64, 64, 3), 128, np.uint8)
    picture = grey if face is None else np.asarray(Image.open(face))
    with av.open(str(path), "w", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=rate)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        for _ in range(pictures):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    return path
