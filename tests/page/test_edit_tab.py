"""The sliders of the tab *edit*: which there are, where they stand, and what moving them means."""

from __future__ import annotations

import pytest

pytest.importorskip("gradio", reason="gradio is not installed: make env-page")
from fet_core.face3d.edit import both_sides, unit_names
from pipeline.page.edit_tab import _GROUPS, at_first, moved, unit_sliders


def test_the_sliders_set_every_unit_once_and_have_a_heading() -> None:
    set_by_them = [full for name in unit_sliders() for full in both_sides({name: 0.5})]
    assert sorted(set_by_them) == sorted(unit_names())
    begins = [begin for each in _GROUPS.values() for begin in each]
    assert all(sum(name.startswith(begin) for begin in begins) == 1 for name in unit_sliders())


def test_directions_stay_apart() -> None:
    sliders = unit_sliders()
    assert {"jawLeft", "jawRight", "mouthLeft", "eyeLookInLeft", "mouthSmile"} <= set(sliders)
    assert not {"jaw", "mouth", "eyeLookIn", "mouthSmileLeft"} & set(sliders)


def test_only_what_was_moved_is_set() -> None:
    shown = dict.fromkeys(unit_names(), 0.0) | {"mouthSmileLeft": 0.301, "mouthSmileRight": 0.1}
    first = at_first(shown)
    assert first["mouthSmile"] == 0.2
    assert moved(first, first) == {}
    assert moved(first | {"jawOpen": 0.3, "mouthSmile": 0.0}, first) == {
        "jawOpen": 0.3,
        "mouthSmile": 0.0,
    }
