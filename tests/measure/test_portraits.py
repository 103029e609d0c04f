"""The yardstick of whole pictures: closed forms, and a truth measured against itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("dlib", reason="dlib is not installed")
from fet_core.errors import UserError
from fet_core.measure.portraits import (
    Case,
    Yardstick,
    compare,
    lengths,
    level,
    pointed,
    summary,
)

WOMAN = "data/demo/rafd/Rafd090_08_Caucasian_female_{}_frontal.jpg"


def test_lengths_and_level_points_are_in_eye_distances(face: np.ndarray) -> None:
    points = face.astype(np.float64)
    right, left = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    unit = np.linalg.norm(left - right)
    moved = points.copy()
    moved[66] = moved[62] + [0, 0.25 * unit]
    moved[54] = moved[48] + [0.75 * unit, 0]
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    for shown in (moved, 3.0 * moved @ turn + [5, -8]):
        found = lengths(shown)
        assert found["opening"] == pytest.approx(0.25)
        assert found["width"] == pytest.approx(0.75)
        assert level(shown) == pytest.approx(level(moved), abs=1e-5)
    eyes = level(points)[19:31]
    assert np.ptp([eyes[:6].mean(axis=0)[0], eyes[6:].mean(axis=0)[0]]) == pytest.approx(1)


def test_the_opening_that_is_reached_is_a_share_of_all_gaps() -> None:
    row = dict.fromkeys(
        ["ssim", "psnr", "akd", "nme", "expression_error", "opening_error", "width_error",
         "lids_error", "id_distance", "id_truth", "lost"], 0.0,
    )  # fmt: skip
    rows = [
        row | {"gap": 0.3, "opened": 0.3, "stretch": 0.1, "stretched": 0.05},
        row | {"gap": 0.1, "opened": 0.0},
        row,
    ]
    found = summary([*rows, {"lost": 1.0}])
    assert found["opening_reached"] == 0.75
    assert (found["width_reached"], found["width_cases"]) == (0.5, 1)
    assert (found["opening_cases"], found["cases"], found["lost"]) == (2, 4, 1)


def test_points_half_way_have_half_of_the_error(face: np.ndarray) -> None:
    """Alone, in any pose: no picture is needed, and no place of theirs in one."""
    own = face.astype(np.float64)
    unit = np.linalg.norm(own[36:42].mean(axis=0) - own[42:48].mean(axis=0))
    truth = own.copy()
    truth[[48, 54], 0] += [-0.1 * unit, 0.1 * unit]
    half = (own + truth) / 2
    turned = 2 * half @ np.array([[0.8, 0.6], [-0.6, 0.8]]) + 30
    found, whole = pointed(turned, own, truth), pointed(own, own, truth)
    for key, of_it in ("nme", 0.5), ("expression_error", 0.5), ("width_error", 0.5):
        assert found[key] == pytest.approx(of_it * whole[key], abs=1e-6)
    assert whole["nme"] == pytest.approx(0.2 / 68)
    reached = summary([found])
    assert (reached["width_reached"], reached["cases"]) == (0.5, 1)
    assert "opening_reached" not in reached
    assert "ssim" not in reached


def test_a_truth_has_no_error_and_the_target_has(repository: Path) -> None:
    neutral, happy = (
        np.array(Image.open(repository / WOMAN.format(one))) for one in ("neutral", "happy")
    )

    def refuse(source: np.ndarray, target: np.ndarray) -> np.ndarray:
        raise UserError("no")

    found = compare(
        Yardstick(),
        [Case(happy, neutral, happy, posed=True)],
        {"truth": lambda s, t: s, "unchanged": lambda s, t: t, "refused": refuse,
         "no face": lambda s, t: np.zeros_like(t)},
    )  # fmt: skip
    truth, unchanged = found["truth"], found["unchanged"]
    assert truth["ssim"] == pytest.approx(1)
    for key in ("expression_error", "nme", "akd", "width_error", "id_truth"):
        assert truth[key] == pytest.approx(0, abs=1e-6)
        assert unchanged[key] > 0.005
    assert (truth["width_reached"], unchanged["width_reached"]) == (1, 0)
    assert unchanged["id_distance"] == 0
    assert found["refused"] == found["no face"] == {"cases": 1.0, "lost": 1.0}
