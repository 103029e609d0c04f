"""docs/add-a-model.md: what it says, done in a copy of the project, gives a model that works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import ROOT

RUN = """
import contextlib, io, json
from pathlib import Path
from pipeline import probe_inputs as inputs
from pipeline.evaluate import evaluate
from pipeline.probe_parts import every
from pipeline.stages import find_stages
from pipeline.train import train

place = Path("work")
inputs.write_samples(place, 64, 3)
params = inputs.write_params(place / "params.yaml", place / "raw", {})
shared = {"dataset": inputs.NAME, "in_": place, "out": place, "params": params, "device": "cpu"}
train("small", **shared)
evaluate(row="small", **shared)
found = json.loads((place / "metrics" / "small.json").read_text())[0]
assert found["transfer"]["ssim"] > 0.2, found
assert {"train_small", "evaluate_small"} <= set(every())
with contextlib.redirect_stdout(io.StringIO()):
    told = every()["evaluate_small"](Path("probed"))
assert "metrics/small.json" in told["evaluate_small"]["plain"]
assert [stage.words for stage in find_stages(["train small"])] == [("train", "small")]
print("works")
"""


@pytest.fixture
def blocks() -> list[str]:
    text = (ROOT / "docs" / "add-a-model.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_one_file_and_one_entry_make_a_model(blocks: list[str], tmp_path: Path) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    module, entry = blocks
    ignored = shutil.ignore_patterns("__pycache__", "synthesis")
    for name in ("fet_core", "pipeline", "comparison", "probes"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "fet_core" / "recipes" / "small.py").write_text(module, encoding="utf-8")
    registry = tmp_path / "fet_core" / "registry.py"
    text = registry.read_text(encoding="utf-8")
    end = text.index('\n)\n"""All models')
    registry.write_text(text[:end] + "\n" + entry.rstrip() + text[end:], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "works"


def test_the_example_is_in_the_projects_style(blocks: list[str], tmp_path: Path) -> None:
    path = tmp_path / "small.py"
    path.write_text(blocks[0], encoding="utf-8")
    config = ROOT / "pyproject.toml"
    for words in (("check", "--config", config), ("format", "--check", "--config", config)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
