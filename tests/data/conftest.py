"""Small raw folders in the exact layouts of the data sets, drawn on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

GREY, COLOUR = "L", "RGB"


class Trees:
    """Builds raw folders; pictures are noise, 10 pixels wide and 12 high."""

    @staticmethod
    def picture(path: Path, mode: str = GREY, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (12, 10) if mode == GREY else (12, 10, 3)
        values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(values).save(path)
        return path

    @staticmethod
    def emotion(root: Path, subject: str, sequence: str, text: str | bytes, frame: int = 5) -> Path:
        path = root / subject / sequence / f"{subject}_{sequence}_{frame:08d}_emotion.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    @classmethod
    def sequence(
        cls, root: Path, subject: str, sequence: str, frames: int = 5, first: int = 1
    ) -> list[Path]:
        """A sequence under a folder of pictures (as `cohn-kanade-images`)."""
        return [
            cls.picture(root / subject / sequence / f"{subject}_{sequence}_{number:08d}.png")
            for number in range(first, first + frames)
        ]

    @classmethod
    def ckplus(
        cls,
        root: Path,
        people: int = 3,
        images: str = "cohn-kanade-images",
        emotions: str | None = "Emotion",
        frames: int = 5,
    ) -> Path:
        """People S001, S002, …, each happy in sequence 001 and surprised in 002."""
        for number in range(1, people + 1):
            for sequence, label in (("001", 5), ("002", 7)):
                cls.sequence(root / images, f"S{number:03d}", sequence, frames)
                if emotions is not None:
                    text = f"   {label:.7e}\n"
                    cls.emotion(root / emotions, f"S{number:03d}", sequence, text, frames)
        return root

    @classmethod
    def rafd(
        cls,
        root: Path,
        people: int = 3,
        expressions: tuple[str, ...] = ("neutral", "angry", "happy"),
    ) -> Path:
        for number in range(1, people + 1):
            for expression in expressions:
                name = f"Rafd090_{number:02d}_Caucasian_male_{expression}_frontal.jpg"
                cls.picture(root / name, COLOUR)
        return root

    @classmethod
    def folder(cls, root: Path, people: int = 3) -> Path:
        for number in range(1, people + 1):
            for expression in ("neutral", "angry", "happy"):
                cls.picture(root / f"p{number}" / f"{expression}.jpg", COLOUR)
        return root

    @classmethod
    def london(cls, root: Path, people: int = 3) -> Path:
        for number in range(1, people + 1):
            cls.picture(root / "neutral_front" / f"{number:03d}_03.jpg", COLOUR)
            cls.picture(root / "smiling_front" / f"{number:03d}_08.jpg", COLOUR)
        (root / "london_faces_info.csv").write_text("face_id,face_age\n")
        return root


@dataclass(frozen=True)
class Rule:
    """A split for tests."""

    by: str = "subject"
    test_share: float = 0.4
    seed: int | str = 0


@pytest.fixture
def trees() -> type[Trees]:
    return Trees


@pytest.fixture
def rule() -> type[Rule]:
    return Rule
