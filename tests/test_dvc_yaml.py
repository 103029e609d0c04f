"""Both dvc.yaml: every stage names all params and outputs it uses, and the notes on its code.

A note that is missing among `deps` would leave old results in place after a change of the code.
"""

from __future__ import annotations

import inspect
import re
import subprocess
from typing import Any

import pytest
from import_graph import ROOT

from fet_core.paramsfile import read_yaml
from pipeline.commands import find

ALL = {file: read_yaml(ROOT / file)["stages"] for file in ("dvc.yaml", "comparison/dvc.yaml")}
PROBE: dict[str, Any] = ALL["dvc.yaml"].pop("probe")
STAGES: dict[str, dict[str, Any]] = {
    name: stage["do"] for stages in ALL.values() for name, stage in stages.items()
}
BASELINES = ("cgan", "pix2pix", "g2gan")


def produced(stage: dict[str, Any]) -> set[str]:
    """What a stage puts out."""
    return {
        out if isinstance(out, str) else next(iter(out))
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    }


def test_the_stages_are_those_of_the_design() -> None:
    first = ["ingest", "grayscale", "align", "landmarks", "augment", "truths"]
    paper = ["train_fusion", "train_transfer"]
    plus = ["train_fusion_plus", "train_transfer_plus"]
    assert list(ALL["dvc.yaml"]) == [*first, *paper, *plus, "evaluate", "evaluate_plus"]
    rows = [f"{stage}_{model}" for stage in ("train", "evaluate") for model in BASELINES]
    assert list(ALL["comparison/dvc.yaml"]) == [*rows, "compare"]


@pytest.mark.parametrize("file", ALL)
def test_every_stage_runs_once_for_each_data_set_from_the_top_folder(file: str) -> None:
    for name, stage in ALL[file].items():
        assert stage["foreach"] == "${datasets}", name
        assert stage["do"].get("wdir") == (None if file == "dvc.yaml" else ".."), name


def test_no_command_has_anything_of_the_params_in_it() -> None:
    """A shell reads the commands: a data set called `a;touch b` would be one."""
    assert [name for name, stage in STAGES.items() if "$" in str(stage["cmd"])] == []


def test_every_stage_depends_on_what_is_noted_of_its_code_and_on_no_file_of_it() -> None:
    for name, stage in STAGES.items():
        noted = {dep for dep in stage["deps"] if dep.startswith("probes/")}
        measured = {"probes/measure.json"} if name.startswith("evaluate") else set()
        assert noted == {f"probes/{name}.json"} | measured, name
        assert not [dep for dep in stage["deps"] if dep.endswith(".py")], name


def test_make_clean_knows_the_folders_of_all_stages() -> None:
    from fet_core import registry

    told = subprocess.run(
        ["make", "--silent", "--eval", "told: ; @echo $(STAGES)", "told"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    studied = {one.stage for one in registry.MODELS if not one.tables}
    studied |= {part.stage for one in registry.MODELS if not one.tables for part in one.parts[-1:]}
    assert set(told.stdout.split()) == set(registry.stage_lines()) - studied


def test_the_notes_are_of_all_the_code_and_nothing_else_is_noted() -> None:
    from pipeline.probe_parts import every

    assert PROBE["deps"] == ["fet_core", "pipeline"]
    # Kept where a note agrees, so that what depends on it stays as it is.
    assert PROBE["outs"] == [{"probes": {"cache": False, "persist": True}}]
    from fet_core import registry

    # Models that stand in no full table are run by studies, which look at the notes too.
    others = [one for one in registry.MODELS if not one.tables]
    studied = {one.stage for one in others} | {one.parts[-1].stage for one in others}
    # So are these two.
    studied |= {"merge", "export"}
    assert set(every()) == {*STAGES, *studied}
    committed = {path.stem for path in (ROOT / "probes").iterdir()}
    assert committed == {*STAGES, *studied, "measure"}


@pytest.mark.parametrize("name", STAGES)
def test_every_dep_is_a_file_or_what_another_stage_puts_out(name: str) -> None:
    outs = set().union(*(produced(stage) for stage in STAGES.values()))
    for dep in STAGES[name]["deps"]:
        if dep.startswith("probes/"):
            assert (ROOT / dep).is_file(), dep
        elif dep != "${item.root}":
            assert dep in outs, dep
    assert len(STAGES[name]["deps"]) == len(set(STAGES[name]["deps"]))


def test_every_stage_stands_after_those_that_it_needs() -> None:
    """`fet run` asks DVC for them one by one, in this order."""
    made: set[str] = {"${item.root}"}
    for name, stage in STAGES.items():
        needed = {dep for dep in stage["deps"] if not dep.startswith("probes/")}
        assert needed <= made, name
        made |= produced(stage)


def test_the_papers_pipeline_never_waits_for_the_comparison() -> None:
    theirs = set().union(*(produced(stage["do"]) for stage in ALL["comparison/dvc.yaml"].values()))
    assert theirs
    for name, stage in ALL["dvc.yaml"].items():
        assert not theirs & set(stage["do"]["deps"]), name


@pytest.mark.parametrize("name", STAGES)
def test_every_param_exists(name: str) -> None:
    params = read_yaml(ROOT / "params.yaml")
    for data_set in params["datasets"]:
        for key in STAGES[name].get("params", []):
            value = params
            for part in re.sub(r"\$\{[a-z.]+\}", data_set, key).split("."):
                value = value[part]


@pytest.mark.parametrize("name", STAGES)
def test_what_the_run_cache_would_not_see_is_listed_by_its_own_name(name: str) -> None:
    """DVC's run cache takes no notice of a key `size` or `nfiles` in a listed section."""
    params = read_yaml(ROOT / "params.yaml")
    listed = STAGES[name].get("params", [])
    for section in set(listed) & set(params):
        for key, value in params[section].items() if isinstance(params[section], dict) else ():
            assert key not in ("size", "nfiles") or f"{section}.{key}" in listed, f"{section}.{key}"
            assert not isinstance(value, dict) or not {"size", "nfiles"} & set(value)


def test_every_evaluation_reads_the_truths_which_no_choice_of_figures_reads_again() -> None:
    assert "params" not in STAGES["truths"]
    assert set(STAGES["truths"]["deps"]) == {
        "data/${key}/align",
        "data/${key}/augment",
        "probes/truths.json",
    }
    for name, stage in STAGES.items():
        assert ("data/${key}/truths" in stage["deps"]) == name.startswith("evaluate"), name


def test_omega_of_the_paper_is_of_no_use_to_fet_plus() -> None:
    """`dvc exp run -S transfer.mu2=50` trains Ω and evaluates it, and nothing else."""
    omega = "data/${key}/train_transfer"
    assert [name for name, stage in STAGES.items() if omega in stage["deps"]] == ["evaluate"]


@pytest.mark.parametrize("name", STAGES)
def test_the_command_is_the_stages_own(name: str) -> None:
    from fet_core import registry

    trained = {part.stage: f"train {own}" for own, part in reversed(list(registry.part_names()))}
    stages = {f"evaluate_{model}": f"evaluate --row {model}" for model in BASELINES}
    options = trained | stages | {"evaluate_plus": "evaluate --row fet-plus"}
    assert STAGES[name]["cmd"] == f"python -m pipeline {options.get(name, name)}"


def test_the_models_of_the_registry_are_those_of_the_pipelines() -> None:
    from fet_core import registry

    assert registry.BASELINES == BASELINES
    wanted = [one for one in registry.MODELS if one.tables]
    parts = {part.stage: part for one in wanted for part in one.parts}
    assert set(parts) == {name for name in STAGES if name.startswith("train_")}
    for name, part in parts.items():
        sections = [key for key in STAGES[name]["params"] if "." not in key]
        assert sections == ["figures", part.params]
    folders = {f"data/${{key}}/{one.stage}" for one in wanted}
    assert folders == {
        STAGES[name]["outs"][0]
        if isinstance(STAGES[name]["outs"][0], str)
        else next(iter(STAGES[name]["outs"][0]))
        for name in STAGES
        if name.startswith("evaluate")
    }


def test_what_compare_needs_of_each_row_is_put_out_and_listed() -> None:
    from pipeline.evaluate import OURS, ROWS

    needed = {f"data/${{key}}/{folder}" for folder in ROWS}
    needed |= {f"metrics/${{key}}/{row}.json" for rows in ROWS.values() for row in rows}
    deps = {dep for dep in STAGES["compare"]["deps"] if not dep.startswith("probes/")}
    assert deps - {"data/${key}/align", "data/${key}/augment"} == needed
    made = {out.rsplit("/", 1)[1] for out in produced(STAGES["compare"])}
    assert made == {*OURS.values(), "table.md", "expressions.json", "models"}


def test_the_metrics_that_dvc_shows_are_the_short_files() -> None:
    """The rows in full have too many numbers for the columns of `dvc exp show`."""
    from fet_core import registry

    shown = {
        metric
        for stage in STAGES.values()
        for metric in stage.get("metrics", [])
        if isinstance(metric, str)
    }
    short = [one.name for one in registry.MODELS if one.short]
    assert shown == {f"metrics/${{key}}/short/{name}.json" for name in short}


def test_nothing_keeps_the_papers_stages_out_of_the_run_cache() -> None:
    """A plain output that is not in DVC's cache would; among the metrics it does not."""
    for name, stage in ALL["dvc.yaml"].items():
        assert all(isinstance(out, str) for out in stage["do"]["outs"]), name


def test_stages_read_the_raw_root_where_their_command_does() -> None:
    for name, stage in STAGES.items():
        takes = inspect.signature(find(str(stage["cmd"]).split()[3])).parameters
        assert ("${item.root}" in stage["deps"]) == ("root" in takes), name
