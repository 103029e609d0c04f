"""Grid files: the points they stand for, what is refused, and the committed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from fet_core.errors import UserError
from fet_core.evaluation.sweeps import read
from fet_core.grids import Point, dump_yaml, make_points, read_grid
from fet_core.params import load
from pipeline.stages import find_stages

TOP = Path(__file__).resolve().parents[1]
COMMITTED = sorted((TOP / "experiments").glob("*.yaml"))
GRID: dict[str, Any] = {
    "title": "A title",
    "question": "What?",
    "dataset": "rafd",
    "stages": ["ingest", "train-fusion"],
    "params": str(TOP / "params.yaml"),
    "collect": ["train_fusion.test_l1"],
}


def grid_file(folder: Path, **changes: Any) -> Path:
    path = folder / "made.yaml"
    value = {key: item for key, item in (GRID | changes).items() if item is not ...}
    YAML(typ="safe").dump(value, path)
    return path


def points(folder: Path, **changes: Any) -> list[Point]:
    path = grid_file(folder, **changes)
    return make_points(read_grid(path), path)


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
        ({}, "exactly one, but there is none"),
        ({"grid": MU, "one_at_a_time": MU}, "there is grid and one_at_a_time"),
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
        ({"grid": MU, "dataset": "nosuch"}, 'no data set "nosuch"'),
        ({"grid": MU, "params": "nosuch.yaml"}, "no params file nosuch.yaml"),
    ],
)
def test_a_mistake_in_a_grid_file(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        points(tmp_path, **changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_grid_file_that_is_not_there_or_has_no_keys(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no grid file"):
        read_grid(tmp_path / "made.yaml")
    (tmp_path / "made.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(UserError, match="does not hold the keys"):
        read_grid(tmp_path / "made.yaml")
    with pytest.raises(UserError, match="use letters"):
        read_grid(Path(grid_file(tmp_path, grid=MU).rename(tmp_path / "a b.yaml")))


def test_the_experiments_of_the_project_are_there() -> None:
    wanted = ["cycle", "fet-plus", "g2gan-identity", "lambda", "mu", "normalisation-london"]
    wanted.append("normalisation")
    assert [path.stem for path in COMMITTED] == wanted


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_grid_can_be_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    grid = read_grid(path)
    assert len(make_points(grid, path)) >= 2
    stages = find_stages(grid.stages)
    assert [" ".join(stage.words) for stage in stages] == grid.stages


@pytest.mark.parametrize(
    "path", sorted((TOP / "metrics" / "experiments").glob("*.json")), ids=lambda path: path.stem
)
def test_a_committed_result_is_that_of_its_grid(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(TOP)
    file = TOP / "experiments" / f"{path.stem}.yaml"
    result, grid = read(path), read_grid(file)
    assert [point.values for point in result.points] == [
        point.values for point in make_points(grid, file)
    ]
    assert (result.title, result.answer) == (grid.title, grid.answer)
    assert result.answer, "the answer is still to be written"
