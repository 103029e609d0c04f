"""faces.npy and its table: written one face after another, checked, and shown as a sheet."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core import tables
from fet_core.errors import UserError
from fet_core.faces.align import invert
from fet_core.faces.extract import Face
from fet_core.files import atomic_path, make_folder


class FaceWriter:
    """Writes faces as they come, so that a large data set never lies in memory as a whole.

    Use it as a context manager; faces.npy appears when the block ends well.

    Args:
        path: faces.npy.
        size: side of a face.
        channels: 1 or 3.
    """

    def __init__(self, path: Path, size: int, channels: int) -> None:
        self._path = path
        self._shape = (size, size, channels)
        self._rows: list[dict[str, Any]] = []
        self._body_path = path.with_name(f".{path.name}.body.part")
        self._body: IO[bytes] | None = None
        self.count = 0

    def __enter__(self) -> FaceWriter:
        make_folder(self._path.parent)
        self._body = self._body_path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        assert self._body is not None
        self._body.close()
        try:
            if kind is None:
                self._finish()
        finally:
            self._body_path.unlink(missing_ok=True)

    def add(self, sample_id: str, result: Face | str) -> None:
        """A face, or the reason why there is none."""
        row: dict[str, Any] = dict.fromkeys(tables.FACES.names)
        row["sample_id"] = sample_id
        if isinstance(result, str):
            row["reason"] = result
        else:
            assert self._body is not None
            self._body.write(np.ascontiguousarray(result.picture).tobytes())
            row |= {
                "row": self.count,
                "matrix": result.matrix.ravel(),
                "inverse": invert(result.matrix).ravel(),
                "box": result.box.as_list(),
                "scale": result.box.scale,
            }
            self.count += 1
        self._rows.append(row)

    def table(self) -> pa.Table:
        """The rows so far, with the schema `fet_core.tables.FACES`."""
        return tables.from_rows(self._rows, tables.FACES)

    def _finish(self) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": (self.count, *self._shape)}
        with (
            atomic_path(self._path) as temporary,
            temporary.open("wb") as file,
            self._body_path.open("rb") as body,
        ):
            np.lib.format.write_array_header_1_0(file, header)
            shutil.copyfileobj(body, file, 1 << 24)


def check_found(table: pa.Table, max_reject_share: float, path: Path) -> None:
    """Refuse a data set with too few faces.

    Args:
        table: with the schema `fet_core.tables.FACES`.
        max_reject_share: the largest share of pictures without a face that is accepted.
        path: where the table was written, for the message.

    Raises:
        UserError: with the counts, the most frequent reason and where they all are.
    """
    rows = table.select(["sample_id", "reason"]).to_pylist()
    bad = [row for row in rows if row["reason"] is not None]
    if bad and (len(bad) > max_reject_share * len(rows) or len(bad) == len(rows)):
        reason, times = Counter(row["reason"] for row in bad).most_common(1)[0]
        example = next(row["sample_id"] for row in bad if row["reason"] == reason)
        raise UserError(
            f"{len(bad)} of {len(rows)} pictures were rejected, more than align.max_reject_share "
            f'= {max_reject_share:g} allows; {times} of them as {example} ("{reason}"): {path} '
            "lists them all; mend or remove them, or raise that share"
        )


def preview(path: Path, columns: int = 12, rows: int = 4) -> NDArray[np.uint8]:
    """A sheet of aligned faces spread evenly over faces.npy.

    Args:
        path: faces.npy.
        columns: of the sheet.
        rows: of the sheet, fewer where there are fewer faces.

    Returns:
        [H, W, 3] uint8.
    """
    faces = np.load(path, mmap_mode="r", allow_pickle=False)
    return sheet([faces[number] for number in spread(len(faces), columns * rows)], columns)


def spread(count: int, wanted: int) -> list[int]:
    """At most `wanted` numbers spread evenly over range(count)."""
    if count <= wanted:
        return list(range(count))
    return [round(i * (count - 1) / max(wanted - 1, 1)) for i in range(wanted)]


def sheet(pictures: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Pictures [S, S, 1 or 3] of one size in rows, as [H, W, 3] uint8."""
    if not pictures:
        return np.full((32, 32, 3), 255, dtype=np.uint8)
    size = pictures[0].shape[0]
    lines = -(-len(pictures) // columns)
    canvas = np.full((lines * size, min(columns, len(pictures)) * size, 3), 255, dtype=np.uint8)
    for number, picture in enumerate(pictures):
        y, x = divmod(number, columns)
        canvas[y * size : (y + 1) * size, x * size : (x + 1) * size] = picture
    return canvas
