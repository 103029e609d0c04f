"""`fet sweep` on a few demo faces: shared stages, resuming, and what ends it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from fet_core.errors import UserError
from fet_core.evaluation.sweeps import read, table
from fet_core.files import write_json
from fet_core.grids import dump_yaml
from pipeline.stages import find_stages
from pipeline.sweep import sweep
from pipeline.sweeping import Job, collect, locked, plan, raw_digest

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"
STAGES = ["ingest", "grayscale", "align", "landmarks", "augment", "train-fusion"]
SMALL = {
    "align.size": 32,
    "split.test_share": 0.4,
    "split.seed": 3,
    "fusion.size": 32,
    "fusion.width": 4,
    "fusion.d_width": 4,
    "fusion.bottleneck": 8,
    "fusion.epochs": 30,
    "fusion.grids": 0,
    "fusion.validate_every": 30,
}


class Place:
    """A folder with a few demo faces, a params file and a grid file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = folder / "raw"
        self.raw.mkdir()
        people = sorted({path.name.split("_")[1] for path in DEMO.glob("Rafd090_*.jpg")})
        for person in people[:7]:
            for expression in ("neutral", "happy", "surprised"):
                for path in DEMO.glob(f"Rafd090_{person}_*_{expression}_frontal.jpg"):
                    shutil.copy(path, self.raw)
        params = YAML(typ="safe").load(TOP / "params.yaml")
        params["datasets"] = {"rafd": {"root": str(self.raw)}}
        (folder / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")

    def write(self, **changes: Any) -> Path:
        """Write the grid file."""
        grid = {
            "title": "A title",
            "question": "What?",
            "dataset": "rafd",
            "params": str(self.folder / "params.yaml"),
            "stages": STAGES,
            "set": SMALL,
            "grid": {"fusion.lambda2": [0, 10]},
            "paper": {"fusion.lambda2": 10},
            "collect": ["train_fusion.test_l1"],
        }
        YAML(typ="safe").dump(grid | changes, self.folder / "made.yaml")
        return self.folder / "made.yaml"

    def sweep(self, **options: Any) -> None:
        """Run it in this process."""
        sweep(self.folder / "made.yaml", self.folder / "out", self.folder / "metrics", **options)

    def start(self) -> subprocess.Popen[str]:
        """Run it in a process of its own."""
        code = "import typer; from pipeline.sweep import sweep; typer.run(sweep)"
        command = [sys.executable, "-c", code, str(self.folder / "made.yaml")]
        command += ["--out", str(self.folder / "out"), "--metrics", str(self.folder / "metrics")]
        return subprocess.Popen(command, cwd=TOP, text=True, stdout=subprocess.PIPE)

    def stages(self, name: str = "") -> list[Path]:
        """The folders of stages that were begun."""
        return sorted((self.folder / "out" / "_stages").glob(f"{name}*"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    if not DEMO.is_dir():
        pytest.skip("data/demo/rafd is not there")
    monkeypatch.chdir(TOP)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return Place(tmp_path)


def test_a_real_sweep(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """In one test, because each stage is a process that takes seconds to start."""
    place.write()
    process = place.start()
    # In the middle of the first training, which saves its state when it is told to stop.
    log = "train-fusion*/metrics/train_fusion/plots/metrics/loss_l1.tsv"
    while not list((place.folder / "out" / "_stages").glob(log)):
        assert process.poll() is None, "the sweep ended before it could be stopped"
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM
    assert len(place.stages()) == 6
    assert not (place.stages("train-fusion")[0] / "done.json").exists()
    assert list(place.stages("train-fusion")[0].glob("checkpoints/*/step-*.safetensors"))
    assert not (place.folder / "metrics").exists()

    place.sweep()
    said = capsys.readouterr().out
    assert said.startswith("made: 2 points, 2 of 7 stages to run\n")
    assert said.count("train-fusion, ") == 2
    assert "align, " not in said

    result = read(place.folder / "metrics" / "made.json")
    assert (place.folder / "metrics" / "made.md").read_text(encoding="utf-8") == table(result)
    assert [(point.values, point.paper) for point in result.points] == [
        ({"fusion.lambda2": 0.0}, False),
        ({"fusion.lambda2": 10.0}, True),
    ]
    assert result.size == 32
    for point, name in zip(result.points, ("lambda2=0", "lambda2=10"), strict=True):
        file = "train-fusion/metrics/train_fusion/metrics.json"
        written = json.loads((place.folder / "out" / "_points" / "made" / name / file).read_text())
        assert point.results == {"test_l1": written["test_l1"]}
    assert result.points[0].results != result.points[1].results

    place.write(title="Another", answer="It does not.")
    place.sweep(table=True)
    assert read(place.folder / "metrics" / "made.json") == result.model_copy(
        update={"title": "Another", "answer": "It does not."}
    )
    before = (place.folder / "metrics" / "made.json").read_bytes()
    place.sweep()
    assert "made: 2 points, 0 of 7 stages to run" in capsys.readouterr().out
    assert (place.folder / "metrics" / "made.json").read_bytes() == before

    place.write(grid={"fusion.lambda2": [0, 1]}, paper={})
    with pytest.raises(UserError, match="other points than the grid file"):
        place.sweep(table=True)


def test_a_stage_that_fails_is_named_with_its_last_sentence(place: Place) -> None:
    for path in place.raw.iterdir():
        path.write_bytes(b"no picture")
    place.write(stages=["ingest"])
    with pytest.raises(UserError) as error:
        place.sweep()
    message = str(error.value)
    assert message.startswith("the stage ingest of the point lambda2=0 failed: ")
    assert "fet: " not in message
    said = (place.stages("ingest")[0] / "stderr.txt").read_text(encoding="utf-8")
    assert said.strip().split("\n")[-1].removeprefix("fet: ") in message
    assert not (place.folder / "metrics").exists()


def test_a_stage_that_does_not_exist(place: Place) -> None:
    for wrong in ("train-fusoin", "show", ""):
        place.write(stages=["ingest", wrong])
        with pytest.raises(UserError, match=f'no stage "{wrong}" \\(there are: ingest, '):
            place.sweep()
    assert not (place.folder / "out").exists()


def test_a_grid_does_not_compare_rows(place: Place) -> None:
    place.write(stages=["ingest", "compare"])
    with pytest.raises(UserError, match=r'cannot run the stage "compare", .* end with evaluate'):
        place.sweep()


def test_a_sweep_into_a_file_is_refused_before_anything_runs(place: Place) -> None:
    file = place.folder / "file"
    file.write_text("mine", encoding="utf-8")
    place.write(stages=["ingest"])
    before = sorted(place.folder.rglob("*"))
    for below in ("", "a/b"):
        for out, metrics in ((file / below, place.folder), (place.folder, file / below)):
            with pytest.raises(UserError, match="file is a file, not a folder"):
                sweep(place.folder / "made.yaml", out, metrics)
    assert sorted(place.folder.rglob("*")) == before


def test_an_installed_package_has_no_stages_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.stages.TOP", tmp_path)
    with pytest.raises(UserError, match=r"dvc\.yaml, .* from a clone"):
        find_stages(["train-fusion"])


def test_outputs_in_the_raw_data_are_refused(place: Place) -> None:
    place.write()
    here, raw = place.folder, place.raw
    (here / "linked").mkdir()
    (here / "linked" / "_points").symlink_to(raw)
    for out, metrics in ((raw / "out", here), (here / "linked", here), (here / "out", raw)):
        with pytest.raises(UserError, match="lies inside the raw data"):
            sweep(here / "made.yaml", out, metrics)
    assert {path.suffix for path in raw.iterdir()} == {".jpg"}
    assert not (here / "out").exists()


def test_only_the_points_of_a_sweep_are_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grid may have the name of any folder, and `--out` may be where others lie."""

    def refuse(*_: Any) -> None:
        raise UserError("as far as it goes")

    monkeypatch.setattr("pipeline.sweeping.run", refuse)
    place.write()
    named = (place.folder / "made.yaml").rename(place.folder / "raw.yaml")
    before = {path: path.read_bytes() for path in place.raw.iterdir()}
    old = place.folder / "_points" / "raw" / "lambda2=1"
    old.mkdir(parents=True)
    with pytest.raises(UserError, match="as far as it goes"):
        sweep(named, place.folder, place.folder / "metrics")
    assert {path: path.read_bytes() for path in place.raw.iterdir()} == before
    assert [path.name for path in old.parent.iterdir()] == ["lambda2=0"]


def params(**changes: Any) -> dict[str, Any]:
    from fet_core.params import load

    found = load(TOP / "params.yaml").model_dump()
    for dotted, value in changes.items():
        section, key = dotted.split("__")
        found[section][key] = value
    return found


def folders(changed: dict[str, Any], raw: str = "raw", dataset: str = "rafd") -> list[str]:
    stages = find_stages([*STAGES, "train-transfer", "evaluate"])
    jobs = plan(stages, changed, dataset, raw, "cpu", Path("store"))
    return [job.folder.name for job in jobs]


@pytest.mark.parametrize(
    ("changed", "shared"),
    [
        (params(), 8),
        (params(evaluate__figure_columns=3), 7),
        (params(transfer__mu1=1.0), 6),
        (params(fusion__lambda1=1.0), 5),
        (params(augment__max_pairs=5), 4),
        (params(align__size=64), 2),
        (params(split__seed=1), 0),
        (params(datasets__rafd=params()["datasets"]["rafd"] | {"peak_frames": 1}), 0),
        (params(datasets__rafd=params()["datasets"]["rafd"] | {"root": "elsewhere"}), 8),
        (params(datasets__ckplus=params()["datasets"]["rafd"]), 8),
    ],
)
def test_points_share_the_stages_before_the_first_that_they_change(
    changed: dict[str, Any], shared: int
) -> None:
    first, second = folders(params()), folders(changed)
    assert [a == b for a, b in zip(first, second, strict=True)] == [n < shared for n in range(8)]


def test_other_raw_data_and_other_sets_share_nothing() -> None:
    assert not set(folders(params())) & set(folders(params(), raw="other"))
    assert not set(folders(params())) & set(folders(params(), dataset="ckplus"))


def test_the_digest_of_raw_data_sees_names_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    found = [raw_digest(tmp_path)]
    (tmp_path / "a.png").write_bytes(b"12")
    found.append(raw_digest(tmp_path))
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    found.append(raw_digest(tmp_path))
    assert len(set(found)) == 3


def test_numbers_are_collected_with_their_intervals(tmp_path: Path) -> None:
    (stage,) = find_stages(["evaluate"])
    metrics = tmp_path / "job" / "metrics"
    means = {"transfer": {"ssim": 0.7, "kid": None}}
    intervals = {"transfer": {"ssim": [0.6, 0.8], "kid": None}}
    write_json(metrics / "fet.json", means | {"intervals": intervals})
    write_json(metrics / "warp.json", {"transfer": {"ssim": 0.5}, "intervals": {"transfer": {}}})
    jobs = [Job(stage, tmp_path / "job", ())]
    assert collect("fet.transfer.ssim", jobs) == (0.7, (0.6, 0.8))
    assert collect("fet.transfer.kid", jobs) == (None, None)
    assert collect("warp.transfer.ssim", jobs) == (0.5, None)
    write_json(metrics / "train_fusion/metrics.json", {"test_l1": 0.1, "step": 4})
    assert collect("train_fusion.test_l1", jobs) == (0.1, None)
    for wrong in ("fet.oracle.ssim", "g2gan.transfer.ssim", "train_fusion.test_l2"):
        with pytest.raises(UserError, match=f"names {wrong}, but no stage wrote it"):
            collect(wrong, jobs)


def test_a_second_sweep_in_the_same_folder_is_refused(place: Place) -> None:
    place.write()
    with (
        locked(place.folder / "out"),
        pytest.raises(UserError, match=r"another sweep is running in .*out; wait for it"),
    ):
        place.sweep()
    assert place.stages() == []
    with locked(place.folder / "out"):
        assert (place.folder / "out").is_dir()
