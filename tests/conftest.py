"""What several folders of tests share: a face by formula, samples, real photographs, dlib."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import settings

# No deadline, because a busy machine is no bug; the same examples on every run.
settings.register_profile("fet", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("fet")

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With --dist loadfile, files that share a project of `tests/dvc` run in one worker too."""
    from xdist.scheduler import LoadFileScheduling

    slow = config.getvalue("markexpr") == "slow"

    class ByProject(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            if "/dvc/" not in file:
                return file
            # Each group makes a project first. Of the slow ones there are two of about one length,
            # as one would take longer than all else together.
            apart = ("test_run.py", "test_full_table.py") if slow else ()
            return "full" if file.endswith(apart) else "small"

    return ByProject(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """Python leaves SIGINT alone in what a shell starts with &, where it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def repository() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def face() -> np.ndarray:
    """A symmetric face [68, 2] float32 in a picture 96 wide, drawn by hand in iBUG's order."""
    jaw = [(-np.cos(np.pi * i / 16), 1.2 * np.sin(np.pi * i / 16)) for i in range(17)]
    x = np.linspace(-0.75, -0.2, 5)
    y = np.array([-0.45, -0.55, -0.58, -0.56, -0.5])
    brows = [*zip(x, y, strict=True), *zip(-x[::-1], y[::-1], strict=True)]
    nose = [(0, -0.2), (0, -0.05), (0, 0.1), (0, 0.25)]
    nose += [(-0.2, 0.33), (-0.1, 0.36), (0, 0.38), (0.1, 0.36), (0.2, 0.33)]
    lids = [(-0.15, 0), (-0.05, -0.06), (0.05, -0.06), (0.15, 0), (0.05, 0.06), (-0.05, 0.06)]
    eyes = [(middle + dx, -0.2 + dy) for middle in (-0.45, 0.45) for dx, dy in lids]
    lips = [(-0.4, 0), (-0.25, -0.1), (-0.1, -0.15), (0, -0.12), (0.1, -0.15), (0.25, -0.1)]
    lips += [(0.4, 0), (0.25, 0.12), (0.1, 0.18), (0, 0.2), (-0.1, 0.18), (-0.25, 0.12)]
    lips += [(-0.3, 0), (-0.1, -0.05), (0, -0.04), (0.1, -0.05), (0.3, 0)]
    lips += [(0.1, 0.06), (0, 0.07), (-0.1, 0.06)]
    unit = np.array([*jaw, *brows, *nose, *eyes, *((a, b + 0.65) for a, b in lips)])
    return (unit * 30 + (47.5, 40)).astype(np.float32)


@pytest.fixture(scope="session")
def sample_table(face: np.ndarray) -> Callable[..., pa.Table]:
    """Builds samples.parquet of people p0, p1, … with one picture for each expression."""
    from fet_core.data.samples import make_samples
    from fet_core.tables import LANDMARKS, MANIFEST, from_rows

    def build(
        people: int = 4,
        expressions: tuple[str, ...] = ("neutral", "happy", "sad"),
        test: tuple[int, ...] = (),
        size: int = 32,
        flip: bool = False,
    ) -> pa.Table:
        rng, again = np.random.default_rng(5), np.random.default_rng(6)
        manifest: list[dict[str, Any]] = []
        landmarks: list[dict[str, Any]] = []
        for person in range(people):
            for expression in expressions:
                row = len(manifest)
                points = (face + 0.5) * (size / 96) - 0.5 + rng.normal(0, size / 96, (68, 2))
                name = {"sample_id": f"p{person}-{expression}", "subject": f"p{person}"}
                shot = {"sequence": "001", "frame": row, "expression": expression}
                view = {"gaze": "frontal", "camera": "090", "path": f"{row}.png"}
                form = {"width": size, "height": size, "channels": 3, "dataset": "made"}
                side = {"split": "test" if person in test else "train"}
                manifest.append(name | shot | view | form | side)
                mean = points + again.normal(0, size / 200, (68, 2))
                landmarks.append(
                    {"sample_id": name["sample_id"], "row": row}
                    | {"points": points.ravel(), "mean": mean.ravel()}
                )
        tables = from_rows(manifest, MANIFEST), from_rows(landmarks, LANDMARKS)
        return make_samples(*tables, size, flip)

    return build


@pytest.fixture(scope="session")
def london() -> Path:
    """The London photographs, CC BY 4.0: in FET_LONDON, or in shared/ beside the repository."""
    named = os.environ.get("FET_LONDON")
    folder = Path(named) if named else ROOT / "../shared/data/london"
    if not (folder / "neutral_front").is_dir():
        pytest.skip("the London photographs are not here; set FET_LONDON to their folder")
    return folder


@pytest.fixture(scope="session")
def finder() -> Any:
    pytest.importorskip("dlib", reason="dlib is not installed")
    from fet_core.geometry.landmarks import FaceFinder

    return FaceFinder()
