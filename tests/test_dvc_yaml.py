"""Both dvc.yaml: every stage names all modules, params and outputs it uses, and no others.

DVC does not follow imports, so a module that is missing among `deps` would leave old results in
place after a change of the code.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from import_graph import ROOT, closure

from fet_core.params import read_yaml

ALL = {file: read_yaml(ROOT / file)["stages"] for file in ("dvc.yaml", "comparison/dvc.yaml")}
STAGES: dict[str, dict[str, Any]] = {
    name: stage["do"] for stages in ALL.values() for name, stage in stages.items()
}
BASELINES = ("cgan", "pix2pix", "g2gan")

CHAIN = re.compile(r"(inputs\.)?(settings|values)\.(?P<key>[a-z_0-9.]+)")

LOOKED_UP = {
    # The registry READERS imports a reader when it is asked for.
    Path("fet_core/datasets/base.py"): {
        Path(f"fet_core/datasets/{name}.py") for name in ("ckplus", "rafd", "london")
    },
}

INFRASTRUCTURE = {
    # What these do shows in no result: a changed message, progress bar or way to spread work over
    # processes must not train everything again. Values of params.yaml are in each stage's params.
    "fet_core/errors.py",
    "fet_core/files.py",
    "fet_core/params.py",
    "fet_core/pool.py",
    "fet_core/progress.py",
    "fet_core/workers.py",
    "pipeline/common.py",
}


def command(name: str) -> str:
    """The subcommand that a stage calls, as "train-fusion"."""
    return str(STAGES[name]["cmd"]).split()[3]


def module(name: str) -> Path:
    return Path("pipeline") / f"{command(name).replace('-', '_')}.py"


def produced(stage: dict[str, Any]) -> set[str]:
    """What a stage puts out."""
    return {
        out if isinstance(out, str) else next(iter(out))
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    }


def listed(name: str) -> set[str]:
    return {dep for dep in STAGES[name]["deps"] if dep.endswith(".py")}


def used(name: str) -> set[str]:
    files = {path.as_posix() for path in closure(module(name), LOOKED_UP)}
    return {file for file in files if not file.endswith("__init__.py")} - INFRASTRUCTURE


def parameters(name: str) -> set[str]:
    """Dotted params that a stage's command and its helpers take from the settings."""
    found: set[str] = set()
    for path in closure(module(name), LOOKED_UP):
        if path.parts[0] != "pipeline" or path.name == "common.py":
            continue
        nodes = list(ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))))
        attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
        inner = {id(node.value) for node in attributes}
        for node in attributes:
            # As "settings.align.size", "inputs.settings.dataset(inputs.dataset).channels".
            match = CHAIN.match(ast.unparse(node))
            if match and id(node) not in inner:
                key = match["key"]
                found.add("datasets" if key.split(".")[0] in ("dataset", "datasets") else key)
    return found


def within(key: str, other: str) -> bool:
    key, other = (re.sub(r"^datasets\.\$\{[a-z.]+\}$", "datasets", one) for one in (key, other))
    return key == other or key.startswith(f"{other}.")


def test_the_stages_are_those_of_the_design() -> None:
    first = ["ingest", "grayscale", "align", "landmarks", "augment"]
    paper = ["train_fusion", "train_transfer"]
    plus = ["refine", "train_fusion_plus", "train_transfer_plus"]
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


@pytest.mark.parametrize("name", STAGES)
def test_every_module_that_a_stage_uses_is_listed(name: str) -> None:
    assert used(name) - listed(name) == set()


@pytest.mark.parametrize("name", STAGES)
def test_no_module_is_listed_that_a_stage_does_not_use(name: str) -> None:
    assert listed(name) - used(name) == set()


def test_the_registry_of_readers_is_as_written_here() -> None:
    from fet_core.datasets.base import READERS

    files = {
        Path(*where.partition(":")[0].split(".")).with_suffix(".py") for where in READERS.values()
    }
    assert files == LOOKED_UP[Path("fet_core/datasets/base.py")]


@pytest.mark.parametrize("name", STAGES)
def test_every_dep_is_a_file_or_what_another_stage_puts_out(name: str) -> None:
    outs = set().union(*(produced(stage) for stage in STAGES.values()))
    for dep in STAGES[name]["deps"]:
        if dep.endswith(".py"):
            assert (ROOT / dep).is_file(), dep
        elif dep != "${item.root}":
            assert dep in outs, dep
    assert len(STAGES[name]["deps"]) == len(set(STAGES[name]["deps"]))


def test_the_papers_pipeline_never_waits_for_the_comparison() -> None:
    theirs = set().union(*(produced(stage["do"]) for stage in ALL["comparison/dvc.yaml"].values()))
    assert theirs
    for name, stage in ALL["dvc.yaml"].items():
        assert not theirs & set(stage["do"]["deps"]), name


@pytest.mark.parametrize("name", STAGES)
def test_the_params_are_those_that_are_read(name: str) -> None:
    listed, read = STAGES[name]["params"], parameters(name)
    assert [key for key in read if not any(within(key, own) for own in listed)] == []
    assert [own for own in listed if not any(within(key, own) for key in read)] == []


@pytest.mark.parametrize("name", STAGES)
def test_every_param_exists(name: str) -> None:
    params = read_yaml(ROOT / "params.yaml")
    for data_set in params["datasets"]:
        for key in STAGES[name]["params"]:
            value = params
            for part in re.sub(r"\$\{[a-z.]+\}", data_set, key).split("."):
                value = value[part]


@pytest.mark.parametrize("name", STAGES)
def test_the_command_is_the_stages_own(name: str) -> None:
    options = {f"train_{model}": f"train-baseline --model {model}" for model in BASELINES}
    options |= {f"evaluate_{model}": f"evaluate --row {model}" for model in BASELINES}
    options |= {"evaluate_plus": "evaluate --row fet-plus"}
    own = options.get(name, name.replace("_", "-"))
    assert STAGES[name]["cmd"] == f"python -m pipeline {own}"


def test_the_baselines_are_the_same_everywhere() -> None:
    from pipeline.compare import ROWS
    from pipeline.evaluate import Which
    from pipeline.train_baseline import Model

    assert [model.value for model in Model] == list(BASELINES)
    assert list(ROWS) == [*(f"evaluate_{m}" for m in BASELINES), "evaluate_fet_plus", "evaluate"]
    assert [which.value for which in Which] == ["paper", *BASELINES, "fet-plus"]


def test_what_compare_needs_of_each_row_is_put_out_and_listed() -> None:
    from pipeline.compare import OURS, ROWS

    needed = {f"data/${{key}}/{folder}" for folder in ROWS}
    needed |= {f"metrics/${{key}}/{row}.json" for rows in ROWS.values() for row in rows}
    deps = {dep for dep in STAGES["compare"]["deps"] if not dep.endswith(".py")}
    assert deps - {"data/${key}/align", "data/${key}/augment"} == needed
    made = {out.rsplit("/", 1)[1] for out in produced(STAGES["compare"])}
    assert made == {*OURS.values(), "table.md", "expressions.json", "models"}


def test_the_metrics_that_dvc_shows_are_the_short_files() -> None:
    """The rows in full have too many numbers for the columns of `dvc exp show`."""
    from pipeline.evaluate import SHORT

    shown = {
        metric
        for stage in STAGES.values()
        for metric in stage.get("metrics", [])
        if isinstance(metric, str)
    }
    assert shown == {f"metrics/${{key}}/short/{row}.json" for row in SHORT if row not in BASELINES}


def test_nothing_keeps_the_papers_stages_out_of_the_run_cache() -> None:
    """A plain output that is not in DVC's cache would; among the metrics it does not."""
    for name, stage in ALL["dvc.yaml"].items():
        assert all(isinstance(out, str) for out in stage["do"]["outs"]), name


def test_stages_read_the_raw_root_where_their_command_does() -> None:
    for name, stage in STAGES.items():
        reads = "raw_root" in (ROOT / module(name)).read_text(encoding="utf-8")
        assert ("${item.root}" in stage["deps"]) == reads, name
