"""How literally one person's own other face is taken."""

from __future__ import annotations

import numpy as np
import pytest

from fet_core.face3d.literal import ACTING, difference, trust
from fet_core.face3d.model import load_model
from fet_core.face3d.shape import Shapes, read_shapes


def seen(yaw: float, jaw: float = 0.0) -> Shapes:
    """The mean face of the model, turned, its jaw open by a unit's value."""
    model = load_model()
    shape = model.mean + jaw * model.units[model.names.index("jawOpen")]
    turn = np.radians(yaw)
    x, y, z = shape.T
    plane = np.stack([x * np.cos(turn) + z * np.sin(turn), -y], axis=1)
    return read_shapes(plane[None] * 90 + 200)


def test_a_shift_a_turn_and_growth_are_no_expression() -> None:
    own = seen(0)
    z = own.frontal @ [1, 1j]
    moved = 0.1 - 0.05j + 1.08 * np.exp(0.1j) * z
    theirs = np.stack([moved.real, moved.imag], axis=2)
    assert difference(theirs, own.frontal) == pytest.approx(0, abs=1e-9)


def test_what_a_jaw_does_stays() -> None:
    own, theirs = seen(0), seen(0, jaw=0.5)
    motion = difference(theirs.frontal, own.frontal)[0]
    model = load_model()
    wanted = 0.5 * model.units[model.names.index("jawOpen"), :, :2]
    acting = list(ACTING)
    assert np.abs(motion - wanted)[acting].max() < 0.1 * np.abs(wanted).max()


def test_poses_that_are_far_apart_are_believed_less() -> None:
    own = seen(0)
    shares = [trust(seen(yaw).fit.angles() - own.fit.angles())[0] for yaw in (0, 4, 10, 30)]
    assert shares[0] == shares[1] == pytest.approx(0.9)
    assert 0.25 < shares[2] < 0.9
    assert shares[3] == pytest.approx(0.25)
