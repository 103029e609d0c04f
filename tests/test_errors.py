"""The command that a mistake's sentence names is the one that makes the stage's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_graph import ROOT

from fet_core.errors import remedy
from fet_core.paramsfile import read_yaml


def made_by() -> dict[str, str]:
    """The command line of each folder that a stage puts out, with a data set called faces."""
    found = {}
    for file in ("dvc.yaml", "comparison/dvc.yaml"):
        for stage in read_yaml(ROOT / file)["stages"].values():
            if "do" not in stage:
                continue
            words = stage["do"]["cmd"].removeprefix("python -m pipeline ").split()
            for out in stage["do"]["outs"]:
                name = out if isinstance(out, str) else next(iter(out))
                if name.startswith("data/"):
                    line = " ".join([*words, "--dataset faces"])
                    found[name.rsplit("/", 1)[1]] = line
    assert {"augment", "train_g2gan", "evaluate_fet_plus"} <= set(found)
    return found


@pytest.mark.parametrize(("folder", "command"), made_by().items())
def test_every_stage_of_the_pipeline_is_named_by_its_folder(folder: str, command: str) -> None:
    assert remedy(Path(f"data/faces/{folder}/some.file")) == f"run `fet {command}`"
    assert remedy(Path(f"metrics/faces/{folder}/plots/x.tsv")) == f"run `fet {command}`"


def test_elsewhere_the_data_set_is_not_known() -> None:
    assert remedy(Path("/some/where/augment/samples.parquet")) == "run `fet augment`"
    assert remedy(Path("mine/train_cgan/cgan.safetensors")) == ("run `fet train cgan`")
    assert remedy(Path("augment/truths/readings.parquet")) == "run `fet truths`"


@pytest.mark.parametrize("path", ["mine.safetensors", "faces/augment", "/"])
def test_a_file_of_no_stage(path: str) -> None:
    assert remedy(Path(path)) == "run the stage that makes it"
