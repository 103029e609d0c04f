"""Whose mouth a trained FET+ shows on a photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SOURCE = Path("data/demo/rafd/Rafd090_08_Caucasian_female_surprised_frontal.jpg")
TARGET = Path("data/demo/rafd/Rafd090_14_Caucasian_female_neutral_frontal.jpg")


def test_the_source_gives_its_mouth_in_colour_alone(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grey teeth do not get into a photograph in colour; into a grey one they do."""
    pytest.importorskip("dlib", reason="dlib is not installed")
    from fet_core import Transfer
    from fet_core.nets.plus_file import SHIPPED

    coloured = {path: np.asarray(Image.open(repository / path)) for path in (SOURCE, TARGET)}
    grey = {path: np.asarray(Image.open(repository / path).convert("L")) for path in coloured}
    transfer = Transfer(SHIPPED, device="cpu")
    cases = [(coloured, coloured), (grey, coloured), (grey, grey), (coloured, grey)]
    given = [transfer(source[SOURCE], target[TARGET]) for source, target in cases]
    monkeypatch.setattr("fet_core.portrait_plus.bring", lambda *faces: None)
    painted = [transfer(source[SOURCE], target[TARGET]) for source, target in cases]
    differs = [not np.array_equal(*both) for both in zip(given, painted, strict=True)]
    assert differs == [True, False, True, True]
