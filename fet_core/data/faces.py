"""Aligned faces and their landmarks: extracted, and written as faces.npy and tables."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core import tables
from fet_core.data.aligned import Face, align_face, make_finder
from fet_core.data.pictures import LARGEST, read_picture
from fet_core.errors import UserError
from fet_core.files import atomic_path, make_folder
from fet_core.geometry.align import Matrix, apply_points, invert, mean_points
from fet_core.geometry.landmarks import FaceFinder
from fet_core.parallel import Engine, each, once
from fet_core.params import Align
from fet_core.writing import writing


def align_all(
    paths: Sequence[Path],
    channels: int,
    params: Align,
    eye: str = "dlib",
    processes: int | None = None,
    engine: Engine = Engine.LOCAL,
) -> Iterator[Face | str]:
    """The aligned face of each picture, or the reason why there is none, in order.

    Args:
        paths: pictures.
        channels: 1 or 3.
        params: as for `align_face`.
        eye: who finds and reads them, as for `make_finder`.
        processes: as in `fet_core.parallel.each`.
        engine: as there.
    """
    work = partial(_align, channels=channels, params=params, eye=eye)
    return each(work, list(paths), "align", processes=processes, engine=engine)


def mean_landmarks_all(
    items: Sequence[tuple[Path, list[int], Matrix]],
    channels: int,
    readings: int,
    processes: int | None = None,
    engine: Engine = Engine.LOCAL,
) -> Iterator[NDArray[np.float32]]:
    """`mean_points` [68, 2] of each face in pixels of the aligned face, in order.

    dlib finds them on the picture itself at full size and they are carried through the matrix: on
    a small aligned face they would be coarser.

    Args:
        items: picture, detector's box and 2×3 matrix of each face.
        channels: 1 or 3.
        readings: as for `mean_points`.
        processes: as in `fet_core.parallel.each`.
        engine: as there.
    """
    work = partial(_read, channels=channels, readings=readings)
    return each(work, list(items), "landmarks", processes=processes, engine=engine)


def _align(path: Path, channels: int, params: Align, eye: str) -> Face | str:
    try:
        picture = read_picture(path, channels, LARGEST)
    except UserError as error:
        return str(error)
    return align_face(once(make_finder, eye), picture, params)


def _read(
    item: tuple[Path, list[int], Matrix], channels: int, readings: int
) -> NDArray[np.float32]:
    path, box, matrix = item
    picture = read_picture(path, channels, LARGEST)
    points = mean_points(once(FaceFinder), picture, box, readings)
    return apply_points(matrix, points).astype(np.float32)


_BLOCK = 4096  # rows, until which they are Python's objects, of some times the size


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
        self._tables: list[pa.Table] = []
        self._body_path = path.with_name(f".{path.name}.body.part")
        self._body: IO[bytes] | None = None
        self.count = 0

    def __enter__(self) -> FaceWriter:
        make_folder(self._path.parent)
        with self._writing():
            self._body = self._body_path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        assert self._body is not None
        try:
            with self._writing():
                self._body.close()
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
            with self._writing():
                self._body.write(np.ascontiguousarray(result.picture).tobytes())
            row |= {
                "row": self.count,
                "matrix": result.matrix.ravel(),
                "inverse": invert(result.matrix).ravel(),
                "box": result.box.as_list(),
                "scale": result.box.scale,
                "points": result.points.ravel(),
            }
            self.count += 1
        self._rows.append(row)
        if len(self._rows) == _BLOCK:
            self._tables.append(tables.from_rows(self._rows, tables.FACES))
            self._rows = []

    def table(self) -> pa.Table:
        """The rows so far, with the schema `fet_core.tables.FACES`."""
        left = tables.from_rows(self._rows, tables.FACES)
        return pa.concat_tables([*self._tables, left]).combine_chunks()

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._path, self._body_path)

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


def face_items(
    frames: pa.Table, faces: pa.Table, paths: Sequence[Path]
) -> list[tuple[Path, list[int], Matrix]]:
    """Picture, box and 2×3 matrix of each face that was found, in the order of faces.npy.

    Args:
        frames: with the schema `fet_core.tables.FRAMES`.
        faces: with the schema `fet_core.tables.FACES`.
        paths: the file of each row of `frames`.
    """
    where = dict(zip(frames["sample_id"].to_pylist(), paths, strict=True))
    return [
        (where[row["sample_id"]], row["box"], np.array(row["matrix"]).reshape(2, 3))
        for row in tables.to_rows(faces)
        if row["row"] is not None
    ]


def landmark_table(faces: pa.Table, means: Sequence[NDArray[np.float32]] | None = None) -> pa.Table:
    """The table `fet_core.tables.LANDMARKS` of the faces that were found, in order.

    Args:
        faces: with the schema `fet_core.tables.FACES`, which has the single reading.
        means: [68, 2] of each face that was found, the mean of many readings in aligned pixels;
            None where the single reading, as the mesh's, is a mean already.
    """

    def rows() -> Iterator[dict[str, Any]]:
        kept = (row for row in tables.to_rows(faces) if row["row"] is not None)
        for number, row in enumerate(kept):
            points = np.array(row["points"], np.float32).reshape(-1, 2)
            single = apply_points(np.array(row["matrix"]).reshape(2, 3), points)
            mean = single if means is None else means[number]
            name = {key: row[key] for key in ("sample_id", "row")}
            yield name | {"points": single.ravel(), "mean": mean.ravel()}

    return tables.from_rows(rows(), tables.LANDMARKS)
