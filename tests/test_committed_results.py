"""Committed results belong to the committed code, params and README."""

from __future__ import annotations

import hashlib
import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.show import with_results

TOP = Path(__file__).resolve().parents[1]
RESULTS = sorted((TOP / "metrics").glob("*/fet.json"))


def read_yaml(name: str) -> Any:
    return YAML(typ="safe").load(TOP / name)


def test_the_lock_was_made_with_this_code_and_these_params() -> None:
    """Where this fails: `dvc repro`, or `dvc commit` if the change cannot alter any result."""
    if not (TOP / "dvc.lock").is_file():
        pytest.fail("dvc.lock is not there; run dvc repro and commit it")
    params = read_yaml("params.yaml")
    wrong = set()
    for name, stage in read_yaml("dvc.lock")["stages"].items():
        for entry in stage["deps"] + stage.get("outs", []):
            path = TOP / entry["path"]
            if entry["md5"].endswith(".dir") or not path.is_file():
                continue
            if hashlib.md5(path.read_bytes()).hexdigest() != entry["md5"]:
                wrong.add(entry["path"])
        for dotted, value in stage.get("params", {}).get("params.yaml", {}).items():
            if reduce(lambda section, key: section[key], dotted.split("."), params) != value:
                wrong.add(f"{name}: {dotted}")
    assert not wrong


@pytest.mark.parametrize("dataset", ["ckplus", "rafd", "london"])
def test_metrics_have_the_fixed_form(dataset: str) -> None:
    for model in ("copy", "warp", "fet"):
        scores = json.loads((TOP / "metrics" / dataset / f"{model}.json").read_text())
        assert list(scores) == ["transfer", "oracle"]
        for found in scores.values():
            assert list(found) == ["ssim", "psnr", "n"]
            assert 0 < found["ssim"] <= 1
            assert 5 < found["psnr"] <= 100
            assert found["n"] >= 20


@pytest.mark.parametrize("dataset", ["ckplus", "rafd"])
def test_the_papers_model_beats_leaving_the_photo_alone(dataset: str) -> None:
    folder = TOP / "metrics" / dataset
    fet, copy = (json.loads((folder / f"{name}.json").read_text()) for name in ("fet", "copy"))
    assert fet["transfer"]["ssim"] > copy["transfer"]["ssim"]
    assert fet["transfer"]["psnr"] > copy["transfer"]["psnr"]


def test_the_readme_shows_these_results() -> None:
    readme = TOP / "README.md"
    tables = sorted((TOP / "metrics").glob("*/table.md"))
    assert with_results(readme, tables) == readme.read_text(encoding="utf-8")


def test_no_london_photograph_is_committed() -> None:
    assert not list((TOP / "metrics" / "london").rglob("*.png"))
    assert not list((TOP / "metrics" / "london").rglob("*.jpg"))
