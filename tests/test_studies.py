"""Study files: what they stand for, what is refused, and the committed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from fet_core.errors import UserError
from fet_core.paramsfile import dump_yaml, load, read_yaml
from fet_core.show.sweeps import read
from fet_core.studies import Point, expand, find_study, make_points, open_study, read_study
from pipeline.commands import COMMANDS
from pipeline.stages import FILES, find_stages
from pipeline.study import resolved

TOP = Path(__file__).resolve().parents[1]
COMMITTED = sorted((TOP / "studies").glob("*.yaml"))
GRID: dict[str, Any] = {
    "title": "A title",
    "question": "What?",
    "datasets": ["rafd"],
    "stages": ["ingest", "train fet/fusion"],
    "base": str(TOP / "params.yaml"),
    "collect": ["train_fusion.test_l1"],
}


def study_file(folder: Path, **changes: Any) -> Path:
    path = folder / "made.yaml"
    value = {key: item for key, item in (GRID | changes).items() if item is not ...}
    YAML(typ="safe").dump(value, path)
    return path


def points(folder: Path, **changes: Any) -> list[Point]:
    return make_points(open_study(str(study_file(folder, **changes))))


def test_one_at_a_time_stands_for_the_base_and_its_neighbours(tmp_path: Path) -> None:
    found = points(
        tmp_path,
        set={"fusion.lambda1": 0.5},
        one_at_a_time={"fusion.lambda1": [0, 0.5], "fusion.lambda2": [1, 10]},
        paper={"fusion.lambda2": 1},
    )
    assert [tuple(point.values.values()) for point in found] == [(0.5, 10), (0, 10), (0.5, 1)]
    assert [point.paper for point in found] == [False, False, True]
    assert found[2].params["fusion"]["lambda1"] == 0.5
    assert found[2].params["fusion"]["lambda2"] == 1
    assert found[2].name == "lambda1=0.5,lambda2=1"


def test_a_grid_stands_for_all_combinations(tmp_path: Path) -> None:
    found = points(tmp_path, grid={"fusion.seed": [1, 2], "transfer.seed": [3, 4]})
    assert [tuple(point.values.values()) for point in found] == [(1, 3), (1, 4), (2, 3), (2, 4)]
    assert found[1].name == "fusion.seed=1,transfer.seed=4"


def test_points_one_by_one_and_none_twice(tmp_path: Path) -> None:
    found = points(
        tmp_path,
        set={"align.size": 64},
        points=[{"transfer.mu1": 1}, {"transfer.mu1": 1.0}, {"transfer.mu1": 0}],
    )
    assert [point.values["transfer.mu1"] for point in found] == [1, 0]
    assert all(point.params["align"]["size"] == 64 for point in found)


def test_a_points_params_file_is_read_as_what_it_is(tmp_path: Path) -> None:
    (point,) = points(tmp_path, points=[{"fusion.lr_g": 1e-05}])
    path = tmp_path / "params.yaml"
    path.write_text(dump_yaml(point.params), encoding="utf-8")
    assert load(path).model_dump() == point.params
    assert load(path).fusion.lr_g == 1e-05


MU = {"transfer.mu1": [0, 1]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red", "grid": MU}, '"colour"'),
        ({"title": ..., "grid": MU}, '"title" is missing'),
        ({}, "but no point that has them"),
        ({"collect": ..., "grid": MU}, '"collect" is missing'),
        ({"grid": MU, "one_at_a_time": MU}, "there is grid and one_at_a_time; drop"),
        ({"grid": {}}, "grid holds no values"),
        ({"grid": {"transfer.mu1": []}}, "grid holds no values"),
        ({"points": []}, "points holds no values"),
        ({"points": [{}]}, "points holds no values"),
        ({"points": [{"transfer.mu1": 1}, {"transfer.mu2": 1}]}, "must have the same keys"),
        ({"grid": MU, "set": {"transfer.mu1": 1}}, "varies too"),
        ({"grid": MU, "paper": {"transfer.mu2": 1}}, "which does not vary"),
        ({"grid": MU, "collect": ["fet.transfer.beauty"]}, '"fet.transfer.beauty"'),
        ({"grid": MU, "collect": ["ssim"]}, '"ssim"'),
        ({"grid": {"transfer.mu3": [1]}}, 'no parameter "transfer.mu3" in '),
        ({"grid": {"transfer": [1]}}, 'no parameter "transfer" in '),
        ({"grid": MU, "set": {"transfer.mu1.x": 1}}, 'no parameter "transfer.mu1.x" in '),
        ({"grid": {"transfer.mu1": [1, -1]}}, "mu1=-1: "),
        ({"grid": {"transfer.d_norm": ["layer"]}}, "d_norm=layer: "),
        ({"grid": MU, "datasets": ["nosuch"]}, 'no data set "nosuch"'),
        ({"grid": MU, "datasets": []}, '"datasets" is [], but must be '),
        ({"grid": MU, "stages": []}, '"stages" is [], but must be '),
        ({"grid": MU, "set": {"transfer": {}}}, 'no parameter "transfer" in '),
        ({"grid": MU, "set": {"datasets.x.root": "y"}}, 'no parameter "datasets.x.root" in '),
        ({"grid": MU, "set": {"datasets.x": {"root": "y"}}}, "datasets.x.reader"),
        ({"grid": MU, "base": "nosuch"}, 'no study "nosuch" (there are: cycle, '),
        ({"grid": MU, "base": "made"}, "made.yaml builds on itself through "),
        ({"grid": MU, "base": "nosuch.yaml"}, "no params file nosuch.yaml"),
    ],
)
def test_a_mistake_in_a_study(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        points(tmp_path, **changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_study_that_is_not_there_or_has_no_keys(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no study .*the project's are in studies/"):
        find_study(str(tmp_path / "made.yaml"))
    with pytest.raises(UserError, match=r'no study "nosuch" \(there are: cycle, demo, '):
        find_study("nosuch")
    (tmp_path / "made.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(UserError, match="does not hold the keys"):
        read_study(tmp_path / "made.yaml")
    with pytest.raises(UserError, match="use letters"):
        read_study(Path(study_file(tmp_path, grid=MU).rename(tmp_path / "a b.yaml")))


def test_a_study_takes_values_sets_and_stages_from_those_below(tmp_path: Path) -> None:
    plain = {"collect": ..., "base": ...}
    changes = {"fusion.epochs": 7, "fusion.seed": 3}
    below = study_file(tmp_path, **plain | {"set": changes, "base": str(TOP / "params.yaml")})
    below.rename(tmp_path / "below.yaml")
    own = {"stages": ..., "datasets": ..., "base": "below", "set": {"fusion.seed": 4}}
    opened = open_study(str(study_file(tmp_path, **plain | own)))
    assert opened.values == {"fusion.epochs": 7, "fusion.seed": 4}
    assert (opened.stages, opened.datasets) == (["ingest", "train fet/fusion"], ["rafd"])
    assert (opened.params["fusion"]["epochs"], opened.params["fusion"]["seed"]) == (7, 4)
    other = open_study(str(study_file(tmp_path, **plain | own | {"stages": ["plus"]})))
    assert other.stages[0] == "train fet-plus/fusion"


def test_a_study_may_have_other_data_sets(tmp_path: Path) -> None:
    sets = {"mine": {"root": "x", "reader": "rafd"}, "merged": {"root": "y", "reader": "rafd"}}
    free = {"datasets": ..., "collect": ..., "set": {"datasets": sets}}
    opened = open_study(str(study_file(tmp_path, **free)))
    assert sorted(opened.datasets) == ["merged", "mine"]
    assert opened.params["datasets"]["mine"]["channels"] == 3
    free |= {"stages": ["ingest", "merge"]}
    assert open_study(str(study_file(tmp_path, **free))).datasets == ["mine"]
    more = {"set": {"datasets.mine": sets["mine"]}, "datasets": ["mine"]}
    assert open_study(str(study_file(tmp_path, **free | more | {"stages": ["ingest"]}))).datasets


def test_the_row_of_a_study_alone_reads_all_that_comes_before() -> None:
    trained, scored = find_stages(["train fet-plus-unet/transfer", "evaluate --row fet-plus-unet"])
    assert trained.reads is scored.reads is None
    assert scored.makes == {"evaluate_fet_plus_unet"}
    assert {path.stem for path in scored.code} == {"evaluate_fet_plus_unet", "measure"}
    (longer,) = find_stages(["train cgan --save-every 5"])
    assert longer.makes == {"train_cgan"}
    with pytest.raises(UserError, match='no stage "evaluate --row fet-plus-unit"'):
        find_stages(["evaluate --row fet-plus-unit"])


def test_a_grid_may_vary_the_model(tmp_path: Path) -> None:
    stages = ["prepare", "train {model}", "evaluate --row {model}"]
    varied = {"model": "cgan", "one_at_a_time": {"model": ["pix2pix"], "split.seed": [1]}}
    free = {"stages": stages, "collect": ["{model}.transfer.ssim"]}
    found = points(tmp_path, **free | varied)
    assert [point.of_model(stages[1]) for point in found] == [
        "train cgan",
        "train pix2pix",
        "train cgan",
    ]
    with pytest.raises(UserError, match='no model "g2gna"'):
        points(tmp_path, **free, grid={"model": ["g2gna"]})
    with pytest.raises(UserError, match="no model"):
        points(tmp_path, **free, grid={"split.seed": [1]})


def test_the_words_for_stages_are_the_stages_of_both_pipelines() -> None:
    """In an order in which each has what it reads."""
    commands, made = [], []
    for file in FILES:
        for stage in read_yaml(file)["stages"].values():
            if "do" in stage:
                commands.append(stage["do"]["cmd"].removeprefix("python -m pipeline "))
    lines = expand(["all"])
    assert sorted(lines) == sorted(commands)
    assert {line.split()[0] for line in lines} <= set(COMMANDS)
    for stage in find_stages(lines):
        assert stage.reads is not None
        assert stage.reads <= set(made)
        made += list(stage.makes or ())


def test_the_studies_of_the_project_are_there() -> None:
    grids = ["cycle", "eye", "fet-plus", "g2gan-identity", "lambda", "mu", "normalisation"]
    grids.append("normalisation-london")
    plain = [
        "demo",
        "london",
        "london-256",
        "paper",
        "paper-cpu",
        "paper-schedule",
        "shipped",
        "tiny",
    ]
    assert sorted(path.stem for path in COMMITTED) == sorted(grids + plain)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_study_can_be_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    opened = open_study(path.stem)
    if opened.study.keys:
        assert len(make_points(opened)) >= 2
        assert len(opened.datasets) == 1
    point = make_points(opened)[0] if opened.study.keys else None
    lines = [point.of_model(line) if point else line for line in opened.stages]
    assert [" ".join(stage.words) for stage in find_stages(lines)] == lines


@pytest.mark.parametrize("name", ["london", "london-256", "shipped"])
def test_the_params_beside_results_are_those_of_the_study(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever profile is in params.yaml: what the demo sets is set below these studies."""
    monkeypatch.chdir(TOP)
    committed = TOP / "metrics" / name / "params.yaml"
    assert committed.read_text(encoding="utf-8") == resolved(open_study(name))


@pytest.mark.parametrize(
    "path", sorted((TOP / "metrics" / "experiments").glob("*.json")), ids=lambda path: path.stem
)
def test_a_committed_result_is_that_of_its_study(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TOP)
    result, opened = read(path), open_study(path.stem)
    assert [point.values for point in result.points] == [
        point.values for point in make_points(opened)
    ]
    assert (result.title, result.answer) == (opened.study.title, opened.study.answer)
    assert [result.dataset] == opened.datasets
    assert result.answer, "the answer is still to be written"
