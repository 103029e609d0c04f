"""Real photographs through the stages, as a user without DVC runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fet_core import tables
from fet_core.geometry.landmarks import eye_centres
from fet_core.paramsfile import dump_yaml, load, with_values

TOP = Path(__file__).resolve().parents[2]
LONDON = Path(os.environ.get("FET_LONDON", TOP.parent / "shared" / "data" / "london"))
PARAMS = TOP / "metrics" / "london" / "params.yaml"

pytestmark = pytest.mark.skipif(
    not LONDON.is_dir(),
    reason="the London photographs are not there; FET_LONDON names their folder",
)


def stage(name: str, folder: Path, root: Path, params: Path, raw: bool = True) -> None:
    """Run one stage in a process of its own."""
    options = ["--dataset", "london", "--params", str(params)]
    options += ["--root", str(root)] if raw else []
    options += ["--in", str(folder)] if name != "ingest" else []
    options += ["--out", str(folder)] if name != "evaluate" else []
    if name.startswith("train") or name == "evaluate":
        options += ["--metrics", str(folder / "metrics")]
    if name.startswith("train"):
        options += ["--checkpoints", str(folder / "checkpoints")]
    subprocess.run([sys.executable, "-m", "pipeline", name, *options], cwd=TOP, check=True)


@pytest.fixture(scope="module")
def few_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve people, in a folder whose name has a space and letters beyond ASCII."""
    root = tmp_path_factory.mktemp("raw") / "Löndon faces"
    for sub in ("neutral_front", "smiling_front"):
        (root / sub).mkdir(parents=True)
        for path in sorted((LONDON / sub).glob("*.jpg"))[:12]:
            shutil.copy(path, root / sub / path.name)
    return root


def test_ingest_to_landmarks(few_people: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in few_people.rglob("*")}
    for name in ("ingest", "grayscale", "align", "landmarks"):
        stage(name, tmp_path, few_people, PARAMS)
    assert {path: path.stat().st_mtime_ns for path in few_people.rglob("*")} == before

    manifest = tables.read(tmp_path / "ingest" / "manifest.parquet", tables.MANIFEST)
    assert manifest.num_rows == 24
    assert set(manifest["expression"].to_pylist()) == {"neutral", "happy"}
    frames = tables.read(tmp_path / "grayscale" / "frames.parquet", tables.FRAMES)
    assert set(frames["source"].to_pylist()) == {"raw"}
    faces = np.load(tmp_path / "align" / "faces.npy")
    assert faces.shape == (24, 128, 128, 3)
    assert faces.dtype == np.uint8

    landmarks = tables.read(tmp_path / "landmarks" / "landmarks.parquet", tables.LANDMARKS)
    align = load(PARAMS).align
    reach, height = align.eye_distance * 128 / 2, align.eye_height * 128 - 0.5
    wanted = np.array([[63.5 - reach, height], [63.5 + reach, height]])
    for values in landmarks["points"].to_pylist():
        found = eye_centres(np.array(values).reshape(68, 2))
        assert np.abs(found - wanted).max() < 0.5
    for preview in ("align", "landmarks"):
        assert (tmp_path / preview / "preview.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_whole_chain_learns_something(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    changes = {"align.size": 64, "fusion.epochs": 12, "transfer.epochs": 12}
    content = with_values(load(PARAMS).model_dump(), changes)
    params.write_text(dump_yaml(content), encoding="utf-8")
    for name in ("ingest", "grayscale", "align", "landmarks"):
        stage(name, tmp_path, LONDON, params)
    for name in ("augment", "truths", "train-fusion", "train-transfer", "evaluate"):
        stage(name, tmp_path, LONDON, params, raw=False)
    scores = {
        path.stem: json.loads(path.read_text()) for path in (tmp_path / "metrics").glob("*.json")
    }
    assert set(scores) == {"copy", "warp", "fet", "truth"}
    assert scores["warp"]["oracle"]["ssim"] > scores["copy"]["oracle"]["ssim"]
    live = tmp_path / "metrics" / "train_transfer" / "plots" / "metrics" / "ssim.tsv"
    values = [float(line.split("\t")[1]) for line in live.read_text().splitlines()[1:]]
    assert values[-1] > values[0]
    assert not list((tmp_path / "metrics").rglob("*.png")), "nobody may be shown"
