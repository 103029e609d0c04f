"""FET's library: facial expression transfer without DVC, Typer or the paths of stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fet_core.portrait import Transfer

__all__ = ["Transfer"]


def __getattr__(name: str) -> Any:
    """`Transfer`, imported when it is first asked for, as torch takes seconds to load."""
    if name == "Transfer":
        from fet_core.portrait import Transfer

        return Transfer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
