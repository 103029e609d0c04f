"""A data set's pictures from stage to stage: as files, as one array, several sets as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tokenize import TokenError

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fet_core import tables
from fet_core.data.pictures import LARGEST, conversion_needed, describe, read_picture
from fet_core.errors import UserError, remedy
from fet_core.files import atomic_path, check_file, inside, write_png
from fet_core.parallel import Engine, each


def make_frames(
    manifest: pa.Table,
    root: Path,
    channels: int,
    out: Path,
    processes: int | None = None,
    engine: Engine = Engine.LOCAL,
) -> pa.Table:
    """Convert what needs it and say for every picture which file to read.

    Args:
        manifest: with the schema `fet_core.tables.MANIFEST`.
        root: the raw folder; only read.
        channels: 1 for grey, 3 for colour.
        out: folder for converted pictures, PNG.
        processes: as in `fet_core.parallel.each`.
        engine: as there.

    Returns:
        a table with the schema `fet_core.tables.FRAMES`.

    Raises:
        UserError: a picture that was there at ingestion cannot be read any more.
    """
    items = list(zip(manifest["sample_id"].to_pylist(), manifest["path"].to_pylist(), strict=True))
    convert = partial(_convert, root=root, channels=channels, out=out)
    conversions = each(
        convert, items, "grayscale", processes=processes, pool_from=200, engine=engine
    )
    rows = []
    for (sample_id, path), done in zip(items, conversions, strict=True):
        rows.append(
            {
                "sample_id": sample_id,
                "source": "converted" if done else "raw",
                "path": f"{sample_id}.png" if done else path,
                "conversion": done,
            }
        )
    return tables.from_rows(rows, tables.FRAMES)


def frame_paths(frames: pa.Table, root: Path, converted: Path) -> list[Path]:
    """The file of each row of frames.parquet.

    Args:
        frames: with the schema `fet_core.tables.FRAMES`.
        root: the raw folder.
        converted: the grayscale stage's folder.
    """
    folders = {"raw": root, "converted": converted}
    return [
        inside(folders[source], path)
        for source, path in zip(
            frames["source"].to_pylist(), frames["path"].to_pylist(), strict=True
        )
    ]


def _convert(item: tuple[str, str], root: Path, channels: int, out: Path) -> str:
    """Convert one picture where needed; returns what was done, "" for nothing."""
    sample_id, path = item
    picture, converted = inside(root, path), inside(out, f"{sample_id}.png")
    needed = conversion_needed(describe(picture, LARGEST), channels)
    if needed:
        write_png(converted, read_picture(picture, channels, LARGEST))
    return needed


_DAMAGED = (
    ArithmeticError, EOFError, KeyError, MemoryError, OSError, SyntaxError, TokenError, TypeError,
    ValueError,
)  # fmt: skip
"""What NumPy raises of a file that is cut or whose head, a piece of Python, is not whole."""


def open_faces(path: Path, command: str | None = None) -> NDArray[np.uint8]:
    """Faces [N, S, S, C] uint8, as those of faces.npy, mapped, not read.

    Args:
        path: the file.
        command: that makes it, as "evaluate --row cgan"; None: what its folder says.

    Raises:
        UserError: the file is missing, damaged or holds something else.
    """
    how = f"run `fet {command}`" if command else remedy(path)
    check_file(path, "there is no", f"{how} first")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except _DAMAGED as error:
        raise UserError(f"{path} is damaged; {how} again") from error
    known = isinstance(array, np.memmap) and array.dtype == np.uint8 and array.ndim == 4
    if not known or array.shape[1] != array.shape[2] or array.shape[3] not in (1, 3):
        found = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else "others"
        raise UserError(
            f"{path} holds {found} where uint8 faces [N, S, S, 1 or 3] are expected; {how} again"
        )
    if not array.size or array.offset + array.nbytes != path.stat().st_size:
        raise UserError(f"{path} holds no faces, or others than it says; {how} again")
    return array


def write_faces(path: Path, faces: NDArray[np.uint8]) -> None:
    """Write faces [N, S, S, C] uint8 as a file that `open_faces` opens."""
    with atomic_path(path) as temporary:
        save_faces(temporary, faces)


def save_faces(path: Path, faces: NDArray[np.uint8]) -> None:
    """The same without a temporary file.

    `np.save` hands the bytes to the system past Python, and does not see where the last of them
    find no room.
    """
    faces = np.ascontiguousarray(faces)
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(faces)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(faces.data)


def merged_faces(faces: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The pictures of all sets, in colour: grey ones have three equal channels.

    Args:
        faces: [N, S, S, C] of each set by its name.

    Returns:
        [N, S, S, 3] uint8, set after set.

    Raises:
        UserError: the sets have pictures of different sizes.
    """
    sizes = {name: array.shape[1] for name, array in faces.items()}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise UserError(
            f"the data sets are aligned at different sizes ({said}); align them with one params "
            "file"
        )
    return np.concatenate(
        [np.repeat(a, 3, axis=3) if a.shape[3] == 1 else np.asarray(a) for a in faces.values()]
    )


def merged_samples(samples: Mapping[str, pa.Table], pictures: Sequence[int]) -> pa.Table:
    """The samples of all sets; names of samples and subjects begin with that of their set.

    Args:
        samples: with the schema `fet_core.tables.SAMPLES`, by the name of the set.
        pictures: how many faces each set has.
    """
    rows, offset = [], 0
    for (name, table), count in zip(samples.items(), pictures, strict=True):
        for row in table.to_pylist():
            named = {key: f"{name}/{row[key]}" for key in ("sample_id", "subject", "sequence")}
            rows.append(row | named | {"row": row["row"] + offset})
        offset += count
    return tables.from_rows(rows, tables.SAMPLES)


def merged_triples(triples: Mapping[str, pa.Table], samples: Sequence[int]) -> pa.Table:
    """The test triples of all sets; none mixes two sets.

    Args:
        triples: with the schema `fet_core.tables.TRIPLES`, by the name of the set.
        samples: how many rows of samples each set has.
    """
    rows: list[dict[str, object]] = []
    offset = 0
    for (name, table), count in zip(triples.items(), samples, strict=True):
        for row in table.to_pylist():
            moved = {k: row[k] + offset for k in ("source", "reference", "target", "truth")}
            named = {k: f"{name}/{row[k]}" for k in ("source_subject", "target_subject")}
            rows.append(row | moved | named | {"triple": len(rows)})
        offset += count
    return tables.from_rows(rows, tables.TRIPLES)
