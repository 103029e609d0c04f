"""Grey or colour as the data set asks: the file to read for each picture, written where needed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pyarrow as pa

from fet_core import tables
from fet_core.datasets.pictures import conversion_needed, describe, read_picture
from fet_core.files import write_png
from fet_core.pool import each


def make_frames(
    manifest: pa.Table, root: Path, channels: int, out: Path, processes: int | None = None
) -> pa.Table:
    """Convert what needs it and say for every picture which file to read.

    Args:
        manifest: with the schema `fet_core.tables.MANIFEST`.
        root: the raw folder; only read.
        channels: 1 for grey, 3 for colour.
        out: folder for converted pictures, PNG.
        processes: as in `fet_core.pool.each`.

    Returns:
        a table with the schema `fet_core.tables.FRAMES`.

    Raises:
        UserError: a picture that was there at ingestion cannot be read any more.
    """
    items = list(zip(manifest["sample_id"].to_pylist(), manifest["path"].to_pylist(), strict=True))
    convert = partial(_convert, root=root, channels=channels, out=out)
    rows = []
    for (sample_id, path), done in zip(
        items, each(convert, items, "grayscale", processes=processes, pool_from=200), strict=True
    ):
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
        folders[source] / path
        for source, path in zip(
            frames["source"].to_pylist(), frames["path"].to_pylist(), strict=True
        )
    ]


def _convert(item: tuple[str, str], root: Path, channels: int, out: Path) -> str:
    """Convert one picture where needed; returns what was done, "" for nothing."""
    sample_id, path = item
    needed = conversion_needed(describe(root / path), channels)
    if needed:
        write_png(out / f"{sample_id}.png", read_picture(root / path, channels))
    return needed
