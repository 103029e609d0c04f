"""What the stages before a training leave, of faces drawn at random."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fet_core import tables
from fet_core.data.readers import Kind
from fet_core.data.samples import fixed_triples

TOP = Path(__file__).resolve().parents[2]
SIZE = 32
EXPRESSIONS = ("neutral", "happy", "sad")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stage outputs of 8 training and 3 test people drawn at random."""
    rng = np.random.default_rng(0)
    rows = []
    for person in range(11):
        for expression in EXPRESSIONS:
            rows.append(
                {
                    "sample_id": f"{person}-{expression}",
                    "row": len(rows),
                    "flipped": False,
                    "subject": str(person),
                    "sequence": "",
                    "expression": expression,
                    "gaze": "frontal",
                    "camera": "090",
                    "split": "train" if person < 8 else "test",
                    "points": rng.uniform(4, SIZE - 4, 136).astype(np.float32),
                    "mean": rng.uniform(4, SIZE - 4, 136).astype(np.float32),
                }
            )
    samples = tables.from_rows(rows, tables.SAMPLES)
    data = tmp_path / "data"
    tables.write(data / "augment" / "samples.parquet", samples, tables.SAMPLES)
    triples = fixed_triples(samples, 0, 1, 6, False)
    tables.write(data / "augment" / "triples.parquet", triples, tables.TRIPLES)
    Kind("rafd", False).write(data / "augment" / "kind.json")
    (data / "align").mkdir()
    faces = rng.integers(0, 256, (len(rows), SIZE, SIZE, 3), dtype=np.uint8)
    np.save(data / "align" / "faces.npy", faces)
    params = (TOP / "params.yaml").read_text(encoding="utf-8")
    small = {"  size": SIZE, "  width": 16, "  d_width": 16, "  bottleneck": 8}
    for key, value in small.items():
        params, count = re.subn(rf"^{key}: \d+", f"{key}: {value}", params, flags=re.MULTILINE)
        assert count
    lines = [
        "  epochs: 1" if line.startswith("  epochs:") else line for line in params.splitlines()
    ]
    (tmp_path / "params.yaml").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path
