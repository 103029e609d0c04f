"""A contact sheet of rendered sets: people by expressions, and some sequences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.files import atomic_path
from fet_core.synthesis.expressions import EXPRESSIONS

_LINE = 16
_PAPER = 245


def contact_sheet(
    root: Path,
    out: Path,
    people: int = 8,
    sequences: int = 3,
    width: int = 1040,
    most_bytes: int = 500_000,
) -> None:
    """Write a JPEG with `people` of `root`/rafd and `sequences` of `root`/ckplus.

    Args:
        root: folder that holds `rafd` and `ckplus`; either may be missing, but not both.
        out: the picture to write.
        people: rows of RaFD-like faces, spread over the set.
        sequences: rows of CK+-like sequences.
        width: of the sheet, pixels.
        most_bytes: the quality is lowered until the file is no larger.

    Raises:
        UserError: there is nothing to show.
    """
    import cv2

    blocks = _rafd_rows(root / "rafd", people, width) + _ckplus_rows(
        root / "ckplus", sequences, width
    )
    if not blocks:
        raise UserError(f"{root} holds neither rafd nor ckplus; make them with `fet synthesize`")
    sheet = np.concatenate(blocks)
    for quality in range(90, 30, -4):
        data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= most_bytes:
            break
    with atomic_path(out) as temporary:
        temporary.write_bytes(data)


def _spread(items: list[str], count: int) -> list[str]:
    if len(items) <= count:
        return items
    return [items[round(k * (len(items) - 1) / max(count - 1, 1))] for k in range(count)]


def _rafd_rows(root: Path, people: int, width: int) -> list[NDArray[np.uint8]]:
    models = sorted({path.name.split("_")[1] for path in root.glob("Rafd090_*_frontal.jpg")})
    if not models:
        return []
    cell = width // len(EXPRESSIONS)
    rows = [_captions(list(EXPRESSIONS), cell)]
    for model in _spread(models, people):
        row = []
        for expression in EXPRESSIONS:
            names = sorted(root.glob(f"Rafd090_{model}_*_{expression}_frontal.jpg"))
            row.append(_tile(names[0] if names else None, cell, 1.12, 0.0, 0.76))
        rows.append(np.concatenate(row, axis=1))
    return rows


def _ckplus_rows(root: Path, sequences: int, width: int) -> list[NDArray[np.uint8]]:
    folders = sorted({p.parent for p in root.glob("cohn-kanade-images/S*/*/S*.png")})
    if not folders:
        return []
    longest = 6
    cell = width // longest
    rows = [_captions(["neutral", "", "", "", "", "peak"], cell)]
    # Expressions rotate from one folder to the next: a step more each time shows different ones.
    step = len(folders) / sequences
    chosen = [folders[(int((k + 0.5) * step) + k) % len(folders)] for k in range(sequences)]
    for name in chosen:
        frames = sorted(str(path) for path in name.glob("S*.png"))
        row = [_tile(Path(frame), cell, 0.765, 0.0, 1.0) for frame in _spread(frames, longest)]
        rows.append(np.concatenate(row, axis=1))
    short = width - rows[0].shape[1]
    return [np.pad(row, ((0, 0), (0, short), (0, 0)), constant_values=_PAPER) for row in rows]


def _tile(
    path: Path | None, width: int, shape: float, top: float, bottom: float
) -> NDArray[np.uint8]:
    """A picture's rows from `top` to `bottom` (shares), `width` pixels wide, high by `shape`."""
    import cv2

    height = round(width * shape)
    picture = None if path is None else cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        return np.full((height, width, 3), _PAPER, np.uint8)
    part = picture[round(top * len(picture)) : round(bottom * len(picture))]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _captions(words: list[str], cell: int) -> NDArray[np.uint8]:
    import cv2

    line = np.full((_LINE, cell * len(words), 3), _PAPER, np.uint8)
    for number, word in enumerate(words):
        cv2.putText(line, word, (number * cell + 4, _LINE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.38,
                    (40, 40, 40), 1, cv2.LINE_AA)  # fmt: skip
    return line
