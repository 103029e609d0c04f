"""What a user does with experiments after a first run, with the real dvc."""

from __future__ import annotations

import re

import pytest
from small_project import Project, stages_run

SHOW = ("exp", "show", "--no-pager", "--drop", ".*", "--keep", "Exp|transfer.mu2|.*fet.(ssim|psnr)")
"""As in the README."""


@pytest.fixture
def elsewhere(project: Project) -> Project:
    """The project with a committed lock of a comparison that was never run here."""
    lock = project.folder / "comparison" / "dvc.lock"
    out = {"path": "data/rafd/train_cgan", "hash": "md5", "md5": f"{'0' * 32}.dir", "size": 1}
    stage = {"cmd": "python -m pipeline train-baseline --model cgan", "outs": [out | {"nfiles": 1}]}
    from ruamel.yaml import YAML

    YAML().dump({"schema": "2.0", "stages": {"train_cgan@rafd": stage}}, lock)
    project.commit("somebody else's comparison")
    return project


def test_the_bare_command_trains_omega_and_evaluates_and_nothing_else(elsewhere: Project) -> None:
    output = elsewhere.dvc("exp", "run", "-n", "weaker", "-S", "transfer.mu2=50")
    assert stages_run(output) == ["train_transfer", "evaluate"]
    changed = elsewhere.git("diff", "--numstat", "params.yaml").split()[:2]
    assert changed == ["1", "1"], "one line of params.yaml"

    shown = elsewhere.dvc(*SHOW)
    assert "weaker" in shown
    for column in ("Experiment", "rafd.fet.ssim", "rafd.fet.psnr", "transfer.mu2"):
        assert column in shown
    assert max(map(len, shown.splitlines())) <= 120
    assert "…" not in shown, "no column is cut off"

    elsewhere.git("checkout", "-q", ".")
    elsewhere.dvc("checkout")
    again = elsewhere.dvc("exp", "run", "-S", "transfer.mu2=50")
    assert stages_run(again) == []
    assert again.count("is cached - skipping run, checking out outputs") == 2


def test_from_an_experiment_to_a_branch_and_back(elsewhere: Project) -> None:
    before = elsewhere.json("metrics/rafd/fet.json")["transfer"]["ssim"]
    elsewhere.dvc("exp", "run", "-n", "weaker", "-S", "transfer.mu2=0")
    weaker = elsewhere.json("metrics/rafd/fet.json")["transfer"]["ssim"]
    assert weaker != before
    elsewhere.dvc("exp", "branch", "weaker", "weaker")
    table = elsewhere.dvc("metrics", "diff", "main", "weaker")
    for metric in ("ssim", "psnr"):
        assert re.search(rf"rafd\.fet\.{metric}\s+[\d.]+\s+[\d.]+", table), table
    for branch, wanted in (("weaker", weaker), ("main", before)):
        elsewhere.git("checkout", "-q", "-f", branch)
        elsewhere.dvc("checkout")
        assert elsewhere.json("metrics/rafd/fet.json")["transfer"]["ssim"] == wanted
        assert "Data and pipelines are up to date" in elsewhere.dvc("status", "dvc.yaml")
    elsewhere.dvc("exp", "apply", "weaker")
    assert elsewhere.json("metrics/rafd/fet.json")["transfer"]["ssim"] == weaker


@pytest.mark.parametrize(
    "value", ["-1", *(pytest.param(value, marks=pytest.mark.slow) for value in ("abc", "nan"))]
)
def test_a_wrong_value_says_how_to_get_back_what_dvc_removed(project: Project, value: str) -> None:
    output = project.dvc("exp", "run", "-S", f"transfer.mu2={value}", code=None)
    assert "Traceback" not in output
    assert 'fet: params.yaml: "transfer.mu2" is' in output
    assert "`dvc checkout` brings back what the stage had made" in output
    assert not list((project.folder / "data/rafd").glob("train_transfer/*"))
    project.git("checkout", "params.yaml")
    project.dvc("checkout")
    assert "Data and pipelines are up to date" in project.dvc("status", "dvc.yaml")
    assert project.git("status", "--porcelain") == ""
