"""What `fet grayscale` reads and writes by the names of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fet_core import tables
from fet_core.data.frames import frame_paths, make_frames
from fet_core.errors import UserError


def manifest(**row: str) -> object:
    values = {field.name: None for field in tables.MANIFEST}
    whole = {"sample_id": "a", "path": "a.png", "subject": "s", "split": "train"} | row
    rows = [values | whole]
    for field in tables.MANIFEST:
        if not field.nullable and rows[0][field.name] is None:
            rows[0][field.name] = "" if field.type == "string" else 0  # type: ignore[assignment]
    return tables.from_rows(rows, tables.MANIFEST)


@pytest.mark.parametrize(
    "row", [{"sample_id": "../../evil"}, {"sample_id": "/tmp/evil"}, {"path": "../secret.png"}]
)
def test_a_foreign_table_reads_and_writes_nothing_outside(
    row: dict[str, str], tmp_path: Path
) -> None:
    raw, out = tmp_path / "x" / "raw", tmp_path / "x" / "y" / "out"
    raw.mkdir(parents=True)
    out.mkdir(parents=True)
    colour = np.zeros((8, 8, 3), np.uint8)
    for path in (raw / "a.png", raw.parent / "secret.png"):
        Image.fromarray(colour).save(path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="does not lie in"):
        make_frames(manifest(**row), raw, 1, out, processes=1)  # type: ignore[arg-type]
    assert sorted(tmp_path.rglob("*")) == before


def test_paths_of_frames_stay_inside_too(tmp_path: Path) -> None:
    row = {"sample_id": "a", "source": "raw", "path": "../a.png", "conversion": ""}
    with pytest.raises(UserError, match="does not lie in"):
        frame_paths(tables.from_rows([row], tables.FRAMES), tmp_path, tmp_path)
