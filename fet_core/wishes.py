"""What may be asked of a transfer: how strong, and whose mouth."""

from __future__ import annotations

from fet_core.errors import UserError
from fet_core.face3d.painter import MOUTHS

MAX_INTENSITY = 2.0


def check_intensity(intensity: float) -> None:
    """Refuse an intensity that is not from 0 to `MAX_INTENSITY`."""
    if not 0 <= intensity <= MAX_INTENSITY:
        raise UserError(
            f"the intensity is {intensity}; choose one from 0 (the target's own expression) "
            f"over 1 (the source's) to {MAX_INTENSITY:g} (exaggerated)"
        )


def check_mouth(mouth: str) -> None:
    """Refuse a mouth that is none of `fet_core.face3d.painter.MOUTHS`."""
    if mouth not in MOUTHS:
        raise UserError(f'there is no mouth "{mouth}"; choose one of {", ".join(MOUTHS)}')
