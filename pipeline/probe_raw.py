"""Raw folders for `fet probe`, in the layouts of all readers and with the faults that they have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

VARIANTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ckplus", "ckplus", {"dataset.peak_frames": 2, "split.seed": 2}),
    ("ckplus-auto", "ckplus", {"split.seed": "auto", "split.test_share": 0.5}),
    ("rafd", "rafd", {}),
    ("rafd-image", "rafd", {"split.by": "image", "split.seed": 11, "dataset.channels": 1}),
    ("london", "london", {"split.seed": "auto"}),
    ("folder", "folder", {"split.seed": "auto"}),
)
"""Name, layout and params."""


def ckplus(root: Path) -> Path:
    """Six people with two sequences: labels of all kinds, strays, doubles, a damaged picture."""
    images, labels = root / "cohn-kanade-images", root / "Emotion"
    marks = iter(("1", "2.0", "3", "4", "   5.0000000e+00", "6", "7", "0", "9", "x", "", "3 4"))
    for person in range(1, 7):
        for sequence in ("001", "002"):
            where = Path(f"S{person:03d}") / sequence
            stem = f"S{person:03d}_{sequence}"
            for frame in range(1, 3 + person % 3):
                _noise(images / where / f"{stem}_{frame:08d}.png", person)
            (labels / where).mkdir(parents=True)
            path = labels / where / f"{stem}_00000004_emotion.txt"
            path.write_text(f"{next(marks)}\n", encoding="utf-8")
    (images / "S001" / "001" / ".DS_Store").write_bytes(b"x")
    (images / "S001" / "001" / "notes.txt").write_text("x", encoding="utf-8")
    (images / "S002" / "001" / "S002_001_00000001.png").write_bytes(b"no picture")
    (images / "S003" / "001" / "S003_001_0000000x.png").write_bytes(b"x")
    _noise(images / "S004" / "S004_loose.png", 1)
    _noise(images / "S005" / "003" / "deep" / "S005_003_00000001.png", 1)
    _noise(images / "S006" / "004" / "S006_004_00000001.png", 1)
    (labels / "S009" / "001").mkdir(parents=True)
    (labels / "S009" / "001" / "S009_001_00000004_emotion.txt").write_text("5", encoding="utf-8")
    return root


def rafd(root: Path) -> Path:
    """Eight people, three cameras, all gazes; names that are none."""
    from fet_core.tables import EXPRESSIONS

    for person in range(1, 9):
        for number, expression in enumerate(EXPRESSIONS[: 2 + person % 4 * 2]):
            camera = ("000", "090", "135")[(person + number) % 3]
            gaze = ("left", "frontal", "right")[person % 3]
            group = ("Caucasian", "Kid", "Moroccan")[number % 3]
            gender = ("male", "female")[person % 2]
            name = f"Rafd{camera}_{person:02d}_{group}_{gender}_{expression}_{gaze}.png"
            _noise(root / name, person, colour=person % 2 == 0)
    for name in (
        "Rafd090_01_Caucasian_male_bored_frontal.png",
        "Rafd091_01_Caucasian_male_happy_frontal.png",
        "Rafd090_00_Caucasian_male_happy_frontal.png",
        "Rafd090_01_Martian_male_happy_frontal.png",
        "Rafd090_01_Caucasian_other_happy_frontal.png",
        "Rafd090_01_Caucasian_male_happy_up.png",
        "Rafd090_01_Caucasian_male_happy.png",
        "rafd090_1234_Kid_female_happy_frontal.png",
        "portrait.png",
    ):
        _noise(root / name, 3)
    (root / "readme.txt").write_text("x", encoding="utf-8")
    (root / "._Rafd.png").write_bytes(b"x")
    (root / "Rafd090_02_Kid_male_neutral_frontal.jpg").write_bytes(b"cut")
    _noise(root / "more" / "Rafd090_30_Kid_male_neutral_frontal.png", 3)
    return root


def london(root: Path) -> Path:
    """Five people, one of them with a neutral picture alone; names that are none."""
    for person in range(1, 6):
        _noise(root / "neutral_front" / f"{person:03d}_03.png", person, colour=True)
        if person != 4:
            _noise(root / "smiling_front" / f"{person:03d}_08.png", person, colour=True)
    _noise(root / "smiling_front" / "smile.png", 1)
    (root / "neutral_front" / "list.csv").write_text("x", encoding="utf-8")
    (root / "neutral_front" / "old").mkdir()
    return root


def folder(root: Path) -> Path:
    """Six people in folders, in names and in a list; names and rows that say nothing."""
    rows = ["file,person,expression"]
    for person in range(1, 7):
        for number, word in enumerate(("Neutral", "smile_02", "anger3 b")[: 2 + person % 2]):
            names = (f"p{person}/{word}.png", f"p{person}_{word}.png", f"roll/a/{len(rows)}.png")
            name = names[(person + number) % 3]
            _noise(root / name, person, colour=number == 1)
            if name.startswith("roll"):
                rows.append(f"{name},p{person},{('neutral', 'Smile', 'anger')[number]}")
    for stem in ("1", "happy", "p1_sad_fear", "p1/p2_sad", "sad/1", "twice"):
        _noise(root / f"{stem}.png", 3)
    rows += ["gone.png,p1,sad", "../x.png,p1,sad", "twice.png,p1,sad", "twice.png,p2,sad"]
    (root / "faces.csv").write_text("\n".join(rows), encoding="utf-8")
    (root / "p1" / ".DS_Store").write_bytes(b"x")
    (root / "notes.txt").write_text("x", encoding="utf-8")
    return root


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "ckplus": ckplus,
    "rafd": rafd,
    "london": london,
    "folder": folder,
}
"""By the name of the reader."""


def pictures(root: Path) -> Path:
    """One small picture of every kind that is read: modes, depths, transparency, turned by EXIF."""
    import numpy as np
    from PIL import Image

    root.mkdir(parents=True)
    y, x = np.mgrid[0:24, 0:20]
    colour = np.stack([x * 12, y * 10, 255 - x * 6 - y * 5], axis=2).astype(np.uint8)
    whole = Image.fromarray(colour)
    for mode in ("L", "RGB", "P", "CMYK", "1"):
        # PNG knows no CMYK.
        whole.convert(mode).save(root / f"{mode}.{'tif' if mode == 'CMYK' else 'png'}")
    clear = whole.copy()
    clear.putalpha(Image.fromarray((x * 12).astype(np.uint8)))
    clear.save(root / "RGBA.png")
    clear.convert("LA").save(root / "LA.png")
    Image.fromarray((y * 2700).astype(np.uint16)).save(root / "I16.png")
    Image.fromarray((x * 40).astype(np.uint16)).save(root / "dark16.png")
    for orientation in range(2, 9):
        turned = Image.Exif()
        turned[0x0112] = orientation
        whole.save(root / f"turned{orientation}.jpg", exif=turned, quality=90)
    whole.save(root / "plain.jpg", quality=90)
    return root


def _noise(path: Path, seed: int, colour: bool = False) -> None:
    import numpy as np
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    Image.fromarray(values if colour else values[..., 0]).save(path)
