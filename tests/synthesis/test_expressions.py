"""Action units, their morphs and the intensities of sequences."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.synthesis.expressions import (
    CKPLUS_CODES,
    EXPRESSIONS,
    PEAKS,
    UNITS,
    Performance,
    draw_performance,
    morphs_of,
    sequence_intensities,
    units_of,
)

# Units that each expression has by the FACS literature; more may be there.
TEXTBOOK = {
    "happy": {6, 12},
    "sad": {1, 4, 15},
    "surprised": {1, 2, 5, 26},
    "angry": {4, 5, 7, 23},
    "fearful": {1, 2, 4, 5, 20},
    "disgusted": {9, 10},
    "contemptuous": {12, 14},
}


def test_every_expression_has_its_textbook_units_and_a_code() -> None:
    assert set(PEAKS) == set(EXPRESSIONS) == set(CKPLUS_CODES)
    assert PEAKS["neutral"] == {}
    for name, units in TEXTBOOK.items():
        assert units <= set(PEAKS[name]), name
    assert sorted(CKPLUS_CODES.values()) == list(range(8))


def test_every_unit_used_is_known() -> None:
    assert {unit for peak in PEAKS.values() for unit in peak} <= set(UNITS)


def test_strength_grows_in_proportion_to_intensity() -> None:
    half = morphs_of(Performance("fearful", 0.5))
    full = morphs_of(Performance("fearful", 1.0))
    assert half.keys() == full.keys()
    for name in full:
        assert half[name] == pytest.approx(full[name] / 2)
    assert morphs_of(Performance("fearful", 0.0)) == {}


def test_contempt_stands_on_one_side_only() -> None:
    for side, other in (("left", "Right"), ("right", "Left")):
        performance = draw_performance(np.random.default_rng(0), "contemptuous", 1.0, side)
        assert not any(name.endswith(other) for name in morphs_of(performance))
        assert morphs_of(performance)


def test_sides_differ_a_little_and_two_shots_differ() -> None:
    a = morphs_of(draw_performance(np.random.default_rng(1), "happy", 1.0))
    b = morphs_of(draw_performance(np.random.default_rng(2), "happy", 1.0))
    assert a["mouthSmileLeft"] != a["mouthSmileRight"]
    assert a != b
    assert abs(a["mouthSmileLeft"] / a["mouthSmileRight"] - 1) < 0.25


def test_sequence_goes_from_neutral_to_peak_as_half_a_cosine() -> None:
    np.testing.assert_allclose(sequence_intensities(5), [0, 0.14644661, 0.5, 0.85355339, 1])
    for frames in (2, 6, 26):
        values = sequence_intensities(frames)
        assert len(values) == frames
        assert (np.diff(values) > 0).all()
    with pytest.raises(ValueError, match="two frames"):
        sequence_intensities(1)


def test_units_of_the_whole_intensity_follow_the_wobble() -> None:
    performance = Performance("angry", 1.0, wobble={4: 0.5})
    assert units_of(performance)[4] == pytest.approx(PEAKS["angry"][4] / 2)
    assert units_of(performance)[7] == pytest.approx(PEAKS["angry"][7])
