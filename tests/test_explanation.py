"""The sheet of `fet explain`: what is on it, of any two photographs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
from fet_core.errors import UserError
from fet_core.explanation import explained
from pipeline.cli import main

SOURCE = "data/demo/rafd/Rafd090_27_Caucasian_female_surprised_frontal.jpg"
TARGET = "data/demo/rafd/Rafd090_28_Caucasian_male_neutral_frontal.jpg"


def test_the_command(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "steps.png"
    words = [str(repository / name) for name in (SOURCE, TARGET)]
    monkeypatch.setattr(sys, "argv", ["fet", "explain", *words, "-o", str(out)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    with Image.open(out) as sheet:
        assert sheet.size == (1500, 660)


def test_a_grey_target_and_one_without_a_face(repository: Path) -> None:
    grey = np.array(Image.open(repository / TARGET).convert("L"))
    sheet = explained(repository / SOURCE, grey)
    assert sheet.dtype == np.uint8
    # The source above, on the left, is in colour and the result below, on the right, is not.
    colour = sheet.max(axis=2).astype(int) - sheet.min(axis=2)
    assert colour[60:300, 30:250].mean() > 20
    assert colour[400:620, 1250:1470].max() == 0
    with pytest.raises(UserError, match="no face was found in the target"):
        explained(repository / SOURCE, np.zeros((100, 100, 3), np.uint8))
