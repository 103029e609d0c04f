"""Where the assets are, and a small studio, for the tests that render."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fet_core.errors import UserError
from fet_core.synthesis.assets import Assets


@pytest.fixture(scope="session")
def assets() -> Assets:
    named = os.environ.get("FET_MAKEHUMAN")
    beside = Path(__file__).resolve().parents[2] / "../shared/data/makehuman"
    folder = Path(named) if named else beside
    if not folder.is_dir():
        pytest.skip("MakeHuman's assets are not here; set FET_MAKEHUMAN to their folder")
    try:
        return Assets.open(folder)
    except UserError as error:
        pytest.skip(f"the assets cannot be used: {error}")


@pytest.fixture(scope="session")
def studio(assets: Assets) -> Iterator[object]:
    pytest.importorskip("moderngl", reason="the renderer is not installed")
    from fet_core.synthesis.studio import Studio

    try:
        yield Studio(assets, texture_limit=512)
    except UserError as error:
        pytest.skip(f"nothing can be rendered here: {error}")
