"""The fixed tiny inputs of every stage, on which `fet probe` finds out what the stage does.

They come out of constants and a dozen demo faces, and out of as little of the project as can be:
what one stage does must not show in the account of another.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


FACES = Path(__file__).parent / "probe_faces"
NAME = "probe"
SIZE = 32
DEFAULT = object()
"""Stands for a key of the params that is left out."""

TEST = ("15", "22")
EXPRESSIONS = ("neutral", "happy", "surprised")


@dataclass(frozen=True)
class Face:
    """A picture of the fixture, and what is known of it in its own pixels."""

    stem: str
    subject: str
    expression: str
    box: list[int]
    matrix: NDArray[np.float64]
    points: NDArray[np.float32]

    @property
    def side(self) -> str:
        """Of the split."""
        return "test" if self.subject in TEST else "train"

    def placed(self, size: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """The matrix to aligned pixels of a face of `size`, and the points there."""
        import numpy as np

        scale = size / 64
        matrix = self.matrix * scale
        matrix[:, 2] += (scale - 1) / 2
        return matrix, (self.points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def faces() -> list[Face]:
    """All pictures of the fixture, by name."""
    import numpy as np

    known = json.loads((FACES / "faces.json").read_text(encoding="utf-8"))
    return [
        Face(
            stem,
            stem.split("_")[1],
            stem.split("_")[4],
            one["box"],
            np.array(one["matrix"]).reshape(2, 3),
            np.array(one["points"], np.float32).reshape(68, 2),
        )
        for stem, one in sorted(known.items())
    ]


def content(raw: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Params of tiny sizes, with other values for dotted keys."""
    found: dict[str, Any] = copy.deepcopy(BASE)
    found["datasets"] = {NAME: {"root": str(raw), "reader": "rafd", "channels": 3}}
    for dotted, value in values.items():
        section, key = dotted.split(".", 1)
        place = found["datasets"][NAME] if section == "dataset" else found[section]
        place[key] = value
        if value is DEFAULT:
            del place[key]
    return found


def write_params(path: Path, raw: Path, values: Mapping[str, Any]) -> Path:
    """A file of `content`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Every JSON is YAML too.
    path.write_text(json.dumps(content(raw, values)), encoding="utf-8")
    return path


def write_raw(folder: Path) -> Path:
    """A raw folder of the faces, one picture without a face and one with two."""
    import numpy as np
    from PIL import Image

    folder.mkdir(parents=True)
    for path in sorted(FACES.glob("*.jpg")):
        shutil.copy(path, folder)
    slope = np.add.outer(np.arange(120), np.arange(100))
    Image.fromarray((slope % 256).astype(np.uint8)).save(folder / "nobody.png")
    two = [np.asarray(Image.open(FACES / f"{one.stem}.jpg")) for one in faces()[1:5:3]]
    Image.fromarray(np.concatenate(two, axis=1)).save(folder / "two.png")
    return folder


def write_stored(folder: Path, raw: Path) -> None:
    """What ingest, grayscale and align put out for a raw folder of `write_raw`."""
    from PIL import Image

    from fet_core import tables

    pictures = sorted(path.name for path in raw.iterdir())
    known = {one.stem: one for one in faces()}
    manifest, frames, found = [], [], []
    for number, name in enumerate(pictures):
        stem = Path(name).stem
        one = known.get(stem)
        with Image.open(raw / name) as image:
            width, height, channels = (*image.size, 1 if image.mode in ("L", "I;16", "LA") else 3)
        manifest.append(
            dict(zip(tables.MANIFEST.names, (stem, NAME, *_labels(one), name), strict=False))
            | {"width": width, "height": height, "channels": channels}
            | {"split": one.side if one else "train"}
        )
        frames.append({"sample_id": stem, "source": "raw", "path": name, "conversion": ""})
        row: dict[str, Any] = dict.fromkeys(tables.FACES.names)
        if one:
            matrix, _ = one.placed(64)
            place = list(known).index(stem)
            row |= {"row": place, "matrix": matrix.ravel(), "inverse": _inverse(matrix)}
            row |= {"box": one.box, "scale": 1.0, "points": one.points.ravel()}
        found.append(row | {"sample_id": stem, "reason": None if one else f"none {number}"})
    write(folder / "ingest" / "manifest.parquet", manifest, tables.MANIFEST)
    write(folder / "grayscale" / "frames.parquet", frames, tables.FRAMES)
    write(folder / "align" / "faces.parquet", found, tables.FACES)


def write_samples(folder: Path, size: int, channels: int, neutral_only: bool = False) -> None:
    """What align, landmarks, augment and truths put out: faces, samples, triples, readings."""
    import numpy as np

    from fet_core import tables

    (folder / "align").mkdir(parents=True, exist_ok=True)
    straight: list[dict[str, Any]] = []
    for number, one in enumerate(faces()):
        _, points = one.placed(size)
        subject, sequence, _, expression, gaze, camera = _labels(one)
        straight.append(
            {"sample_id": one.stem, "row": number, "flipped": False, "subject": subject}
            | {"sequence": sequence, "expression": expression, "gaze": gaze, "camera": camera}
            | {"split": one.side, "points": points}
        )
    order = json.loads((FACES / "mirror.json").read_text(encoding="utf-8"))
    samples = [*straight]
    for row in straight:
        if row["split"] == "train":
            turned = row["points"][order] * (-1, 1) + (size - 1, 0)
            samples.append(row | {"flipped": True, "points": turned})
    aligned = _aligned(size, channels)
    np.save(folder / "align" / "faces.npy", aligned)
    flat = [
        row
        | {"points": np.float32(row["points"]).ravel()}
        | {"mean": np.float32(row["points"] * 1.01).ravel()}
        for row in samples
    ]
    write(folder / "augment" / "samples.parquet", flat, tables.SAMPLES)
    landmarks = [
        {"sample_id": row["sample_id"], "row": row["row"], "points": row["points"].ravel()}
        | {"mean": (row["points"] * 1.01).ravel()}
        for row in straight
    ]
    write(folder / "landmarks" / "landmarks.parquet", landmarks, tables.LANDMARKS)
    triples = _triples(straight, neutral_only)
    write(folder / "augment" / "triples.parquet", triples, tables.TRIPLES)
    readings = [
        {
            "triple": one["triple"],
            "picture": blake2b(aligned[one["truth"]], digest_size=16).hexdigest(),
        }
        | {"points": np.float32(straight[one["truth"]]["points"]).ravel()}
        | {"embedding": np.cos(np.arange(128) * (one["truth"] + 1)).astype(np.float32) / 11}
        for one in triples
    ]
    readings[1] |= {"points": None, "embedding": None}
    write(folder / "truths" / "readings.parquet", readings, tables.READINGS)
    kind = json.dumps({"reader": "rafd", "neutral_only": neutral_only})
    for place in ("ingest", "augment"):
        (folder / place).mkdir(exist_ok=True)
        (folder / place / "kind.json").write_text(kind, encoding="utf-8")


def write(path: Path, rows: Sequence[Mapping[str, Any]], schema: Any) -> None:
    """A table of rows, with a schema of `fet_core.tables`."""
    from fet_core import tables

    path.parent.mkdir(parents=True, exist_ok=True)
    tables.write(path, tables.from_rows(rows, schema), schema)


def _aligned(size: int, channels: int) -> NDArray[np.uint8]:
    """The faces [12, size, size, channels], by whole numbers alone: they are the same anywhere."""
    import numpy as np
    from PIL import Image

    sheet = np.asarray(Image.open(FACES / "aligned.png"), np.int64).reshape(-1, 64, 64, 3)
    # Larger than the sheet: each of its pixels more than once.
    places = np.arange(size) * 64 // size
    fine = 64 // size if 64 % size == 0 else 1
    shares = [sheet[:, places + y][:, :, places + x] for y in range(fine) for x in range(fine)]
    colour = np.sum(shares, axis=0) // len(shares)
    if channels == 1:
        colour = (colour * (3, 6, 1)).sum(axis=3, keepdims=True) // 10
    return colour.astype(np.uint8)


def _labels(one: Face | None) -> tuple[str, str, int, str | None, str, str]:
    """Subject, sequence, frame, expression, gaze and camera."""
    if one is None:
        return ("99", "1", 0, None, "left", "045")
    return (one.subject, "1", 3, one.expression, "frontal", "090")


def _triples(samples: Sequence[Mapping[str, Any]], neutral_only: bool) -> list[dict[str, Any]]:
    """Each test person with each expression, from another and from the other person."""
    rows = {(one["subject"], one["expression"]): n for n, one in enumerate(samples)}
    wanted = [("neutral", "happy"), ("happy", "neutral"), ("surprised", "neutral")]
    wanted = wanted if neutral_only else [*wanted, ("happy", "surprised")]
    return [
        {"triple": number, "source": rows[other, made], "reference": rows[other, before]}
        | {"target": rows[who, before], "truth": rows[who, made], "source_subject": other}
        | {"target_subject": who, "expression": made, "target_expression": before, "split": "test"}
        for number, (who, other, made, before) in enumerate(
            (who, other, *both) for who, other in (TEST, TEST[::-1]) for both in wanted
        )
    ]


def _inverse(matrix: NDArray[np.float64]) -> list[float]:
    (a, b, x), (c, d, y) = matrix.tolist()
    size = a * d - b * c
    inner = [[d / size, -b / size], [-c / size, a / size]]
    return [v for p, q in inner for v in (p, q, -(p * x + q * y))]


BASE: dict[str, Any] = {
    "figures": {"subjects": {}},
    "split": {"by": "subject", "test_share": 0.4, "seed": 3},
    "ingest": {"max_reject_share": 1.0},
    "align": {"size": 64, "eye_distance": 0.3, "eye_height": 0.35, "scales": [0.5, 1.0, 2.0]}
    | {"several_faces": "reject", "max_reject_share": 0.9},
    "augment": {"flip": True, "sources_per_target": 1, "max_triples": None, "seed": 7},
    "landmarks": {"eye": "dlib", "readings": 2},
    "evaluate": {"batch_size": 3, "figure_columns": 2, "figure_train_targets": 1}
    | {"figure_test_targets": 1},
}
_TRAINING = {"batch_size": 4, "lr_g": 0.0002, "lr_d": 0.0001, "beta1": 0.5, "beta2": 0.99}
_TRAINING |= {"decay_from": 0.3, "seed": 5, "grids": 1, "validate_every": 1, "epochs": 1}
BASE |= {
    "fusion": _TRAINING
    | {"size": 32, "sigma": 0.03, "width": 8, "bottleneck": 8, "d_width": 8}
    | {"lambda1": 0.7, "lambda2": 10.0, "lambda3": 50.0, "identities": 1.0},
    "transfer": _TRAINING
    | {"width": 8, "d_width": 8, "d_norm": "spectral", "mu1": 0.7, "mu2": 50.0}
    | {"true_landmarks": 0.5, "augmentation": 1.0},
    "fusion_plus": _TRAINING
    | {"rank": 4, "width": 16, "code": 4, "dropout": 0.1}
    | {"weight_decay": 0.1, "noise": 0.01, "identities": 1.0, "d_width": 8}
    | {"look_alikes": False}
    # At first it moves no point, whatever it is given.
    | {"lr_g": 0.01, "epochs": 4}
    | {"lambda1": 0.7, "lambda2": 10.0, "lambda3": 50.0},
    "transfer_plus": _TRAINING
    | {"width": 8, "working": 32, "motion": True, "ridge": 0.01}
    | {"d_width": 8, "mu1": 0.7, "mu2": 50.0, "structure": 20.0, "moved": 10.0, "regions": 2.0}
    | {"true_landmarks": 0.5, "augmentation": 1.0},
    "baseline": _TRAINING
    | {"width": 8, "d_width": 8, "sigma": 0.03, "adversarial": 0.7, "l1": 50.0, "cycle": 10.0}
    | {"identity": 1.0, "cgan_lr_g": 0.0001, "cgan_lr_d": 0.0003, "augmentation": 1.0},
}
