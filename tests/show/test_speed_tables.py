"""The tables of docs/benchmarks.md: of the files that are there, and with what each has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fet_core.show import benchmarks

MACHINE = {
    "cpu": "A Processor",
    "cores": 2,
    "versions": {"torch": "2", "dlib-bin": "20", "numpy": "3"},
}
THREE = {"min": 1.0, "median": 2.0, "max": 4.0}


def write(metrics: Path, name: str, **entry: Any) -> None:
    found = {"question": f"How long {name}?", "machine": MACHINE, "cases": {"a case": entry}}
    path = metrics / "bench" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found))


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    assert not benchmarks.there(tmp_path)


def test_a_table_for_each_file(tmp_path: Path) -> None:
    agreed = {"reference_faces": 4, "of_them_ours": 3, "mean_of_readings_apart": 0.012}
    write(tmp_path, "start", ours_s=THREE, target="≤ 3 s")
    write(
        tmp_path,
        "raw",
        ours_s=THREE,
        reference_s=THREE,
        ratio=THREE,
        target="≥ 10",
        agreement=[agreed, agreed],
    )
    assert benchmarks.there(tmp_path)
    text = benchmarks.tables(tmp_path)
    rows = [line for line in text.splitlines() if line.startswith("| a case")]
    three = "2 (1 to 4)"
    assert rows == [
        f"| a case | {three} | {three} | {three} | ≥ 10 | 6 of its 8 faces, points apart by 1.2% |",
        f"| a case | – | {three} | – | ≤ 3 s |  |",
    ]
    assert text.index("How long raw?") < text.index("How long start?")
    assert text.endswith("2 cores of A Processor; torch 2, dlib-bin 20, numpy 3.")
