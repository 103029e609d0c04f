"""examples/onnx_transfer.py: what `fet transfer --model` makes, without torch and this library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from import_graph import ROOT, imported_names
from PIL import Image
from test_portrait import HAPPY, OTHER

EXAMPLE = Path("examples/onnx_transfer.py")


def test_it_is_short_and_needs_little() -> None:
    assert len((ROOT / EXAMPLE).read_text(encoding="utf-8").splitlines()) <= 40
    assert imported_names(EXAMPLE) == {"json", "sys", "cv2", "numpy", "onnxruntime"}


def test_a_photograph_as_the_command_makes_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason="run `make env-onnx`")
    pytest.importorskip("dlib", reason="dlib is not installed")
    from fet_core import Transfer
    from fet_core.geometry.eye import Eye
    from fet_core.nets.onnx_file import write_onnx
    from fet_core.nets.plus_file import SHIPPED, load_plus
    from fet_core.portrait import open_picture

    plus = load_plus()
    write_onnx(tmp_path / "plus.onnx", plus)
    eye = Eye(readings=plus.alignment.readings)
    for name, path in (("source", HAPPY), ("target", OTHER)):
        picture = open_picture(repository / path)
        np.savetxt(tmp_path / f"{name}.txt", eye.read(picture, eye.find(picture)[0]))
    words = ["plus.onnx", repository / OTHER, "target.txt", "source.txt", "made.png"]
    command = [sys.executable, str(ROOT / EXAMPLE), *map(str, words)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = np.array(Image.open(tmp_path / "made.png")).astype(int)
    # The example knows the source's points alone, so that no mouth can come from its picture.
    monkeypatch.setattr("fet_core.portrait_plus.bring", lambda *faces: None)
    wanted = Transfer(SHIPPED, device="cpu")(repository / HAPPY, repository / OTHER).astype(int)
    old = open_picture(repository / OTHER).astype(int)
    apart = np.abs(made - wanted)
    # OpenCV moves pixels by 32nds, and a corner of the face's outline may round the other way.
    assert apart.mean() < 0.01
    assert (apart > 2).mean() < 0.001
    assert np.abs(wanted - old).mean() > 1
