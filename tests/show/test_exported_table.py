"""The table of FET+ as an ONNX file: numbers as they are, below their names."""

from __future__ import annotations

from pathlib import Path

from fet_core.files import write_json
from fet_core.show import exported


def test_each_number_stands_below_its_name(tmp_path: Path) -> None:
    assert not exported.there(tmp_path)
    spread = {"median": 20.0, "min": 10.0, "max": 30.0}
    share = {"median": 0.7, "min": 0.5, "max": 1.25}
    times = {
        "torch": {"milliseconds": spread},
        "any side": {"milliseconds": spread, "over torch": share},
    }
    found = {
        "torch": "2.13",
        "onnxruntime": "1.32",
        "opset": 16,
        "pictures": 20,
        "difference of 255": {"any side, at 128": 0.00123},
        "side": 256,
        "rounds": 9,
        "threads": {"1": times, "2": times},
    }
    write_json(tmp_path / exported.FILE, found)
    assert exported.there(tmp_path)
    head, _, one, two, _, told = exported.tables(tmp_path).splitlines()
    assert head == "| CPU threads | torch, ms | file for any side, ms | file for any side / torch |"
    assert one == "| 1 | 20.0 (10.0 to 30.0) | 20.0 (10.0 to 30.0) | 0.70 (0.50 to 1.25) |"
    assert two.startswith("| 2 | ")
    assert "One picture of 256×256: median (least to largest) of 9 rounds" in told
    assert "on 20 demo pictures, in levels of 255: any side, at 128: 0.0012." in told
