"""`fet study` on a few demo faces: shared stages, resuming, and what ends it."""

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
from fet_core.files import listing_digest, write_text
from fet_core.locks import locked
from fet_core.paramsfile import dump_yaml, load
from fet_core.registry import STAGES as STAGE_LINES
from fet_core.show.sweeps import read, table
from pipeline.jobs import plan
from pipeline.stages import find_stages
from pipeline.study import BUSY, Chain, result_folders, study

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"
STAGES = ["prepare", "train fet/fusion"]
LINES = ["ingest", "grayscale", "align", "landmarks", "augment", "truths", "train fet/fusion"]
SETS = ("ckplus", "rafd")
SMALL = {
    "align.size": 32,
    "split.test_share": 0.4,
    "split.seed": 3,
    "fusion.size": 32,
    "fusion.width": 4,
    "fusion.d_width": 4,
    "fusion.bottleneck": 8,
    "fusion.epochs": 100,
    "fusion.grids": 0,
    "fusion.validate_every": 100,
}


class Place:
    """A folder with a few demo faces, a params file and a study with a grid."""

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
        """Write the study's file; a key with None is left out."""
        values = {
            "title": "A title",
            "question": "What?",
            "base": str(self.folder / "params.yaml"),
            "stages": STAGES,
            "set": SMALL,
            "grid": {"fusion.lambda2": [0, 10]},
            "paper": {"fusion.lambda2": 10},
            "collect": ["train_fusion.test_l1"],
        }
        kept = {key: value for key, value in (values | changes).items() if value is not None}
        YAML(typ="safe").dump(kept, self.folder / "made.yaml")
        return self.folder / "made.yaml"

    def run(self, file: Path | None = None, **options: Any) -> None:
        """Run it in this process."""
        folders = {"out": self.folder / "out", "metrics": self.folder / "metrics"}
        study(str(file or self.folder / "made.yaml"), **(folders | options))

    def start(self) -> subprocess.Popen[str]:
        """Run it in a process of its own."""
        command = [sys.executable, "-m", "pipeline", "study", str(self.folder / "made.yaml")]
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


@pytest.mark.slow
def test_a_real_grid(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """In one test, as each stage takes seconds to start; 100 epochs, so that a stop is in time."""
    place.write()
    process = place.start()
    # In the middle of the first training, which saves its state when it is told to stop.
    log = "train-fet-fusion*/checkpoints/*/live/plots/metrics/loss_l1.tsv"
    while not list((place.folder / "out" / "_stages").glob(log)):
        assert process.poll() is None, "the study ended before it could be stopped"
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM
    assert len(place.stages()) == 7
    assert not (place.stages("train-fet-fusion")[0] / "done.json").exists()
    assert list(place.stages("train-fet-fusion")[0].glob("checkpoints/*/step-*.pt"))
    assert not (place.folder / "metrics").exists()

    place.run()
    said = capsys.readouterr().out
    assert said.startswith("made: 2 points, 2 of 8 stages to run\n")
    assert said.count("train fet/fusion, ") == 2
    assert "align, " not in said

    result = read(place.folder / "metrics" / "experiments" / "made.json")
    assert (place.folder / "metrics" / "experiments" / "made.md").read_text(
        encoding="utf-8"
    ) == table(result)
    assert [(point.values, point.paper) for point in result.points] == [
        ({"fusion.lambda2": 0.0}, False),
        ({"fusion.lambda2": 10.0}, True),
    ]
    assert result.size == 32
    for point, name in zip(result.points, ("lambda2=0", "lambda2=10"), strict=True):
        file = "train-fet-fusion/metrics/train_fusion/metrics.json"
        written = json.loads(
            (place.folder / "out" / "_points" / "made" / name / "stages" / file).read_text()
        )
        assert point.results == {"test_l1": written["test_l1"]}
    assert result.points[0].results != result.points[1].results

    place.write(title="Another", answer="It does not.")
    place.run(table=True)
    assert read(place.folder / "metrics" / "experiments" / "made.json") == result.model_copy(
        update={"title": "Another", "answer": "It does not."}
    )
    before = (place.folder / "metrics" / "experiments" / "made.json").read_bytes()
    place.run()
    assert "made: 2 points, 0 of 8 stages to run" in capsys.readouterr().out
    assert (place.folder / "metrics" / "experiments" / "made.json").read_bytes() == before

    place.write(grid={"fusion.lambda2": [0, 1]}, paper={})
    with pytest.raises(UserError, match="other points than the study"):
        place.run(table=True)

    # A study without a grid shares stages with one that has a grid.
    same = SMALL | {"fusion.lambda2": 10}
    path = place.write(grid=None, paper=None, collect=None, set=same, answer="Both.")
    path = path.rename(place.folder / "plain.yaml")
    stale = place.folder / "metrics/plain/train_fusion/plots/images/000099.png"
    write_text(stale, "of a longer training")
    write_text(place.folder / "metrics/plain/mine.txt", "mine")
    place.run(path)
    said = capsys.readouterr().out
    assert said.startswith("plain: 1 data set, 0 of 7 stages to run\n## A title\n\nWhat?\n")
    assert said.splitlines()[-2] == "Both."
    found = place.folder / "metrics" / "plain"
    assert json.loads((found / "train_fusion/metrics.json").read_text()) == written
    assert load(found / "params.yaml").fusion.lambda2 == 10
    assert not stale.exists()
    assert (found / "mine.txt").is_file()
    assert (place.folder / "out/_points/plain/rafd/augment/triples.parquet").is_file()


def test_a_stage_that_fails_is_named_with_its_last_sentence(place: Place) -> None:
    for path in place.raw.iterdir():
        path.write_bytes(b"no picture")
    place.write(stages=["ingest"])
    with pytest.raises(UserError) as error:
        place.run()
    message = str(error.value)
    assert message.startswith("the stage ingest of the point lambda2=0 failed: ")
    assert "fet: " not in message
    said = (place.stages("ingest")[0] / "stderr.txt").read_text(encoding="utf-8")
    assert said.strip().split("\n")[-1].removeprefix("fet: ") in message
    assert not (place.folder / "metrics").exists()


def test_a_stage_that_does_not_exist(place: Place) -> None:
    for wrong in ("train fet/fusoin", "show", ""):
        place.write(stages=["ingest", wrong])
        with pytest.raises(UserError, match=f'no stage "{wrong}" \\(there are: ingest, '):
            place.run()
    assert not (place.folder / "out").exists()


def test_a_grid_neither_compares_rows_nor_merges(place: Place) -> None:
    merged = {"datasets.merged": {"reader": "rafd", "root": "nowhere"}}
    for stage in ("compare", "merge"):
        place.write(stages=["ingest", stage], set=SMALL | merged, datasets=["rafd"])
        with pytest.raises(UserError, match=rf'cannot run the stage "{stage}"; end with evaluate'):
            place.run()


PLAIN = {"grid": None, "paper": None, "collect": None}


def test_a_study_without_stages_is_a_profile(place: Place) -> None:
    place.write(**PLAIN, stages=None)
    with pytest.raises(UserError, match=r"no stages.*`fet profile made` puts its values"):
        place.run()


def test_a_study_that_would_write_into_others_results(place: Place) -> None:
    path = place.write(**PLAIN)
    for name in ("rafd", "experiments", "benchmarks"):
        path = path.rename(place.folder / f"{name}.yaml")
        with pytest.raises(UserError, match=f"metrics/{name}; give the study's file another name"):
            place.run(path)
    assert not (place.folder / "out").exists()


def test_one_data_set_alone_has_its_place_beside_the_others(place: Place) -> None:
    sets = {name: {"reader": "rafd", "root": str(place.raw)} for name in (*SETS, "merged")}
    values = {"datasets": sets, "align.size": 32, "split.test_share": 0.4, "split.seed": 3}
    place.write(**PLAIN, set=values, datasets=list(SETS), stages=["ingest", "grayscale"])
    for name in SETS:
        place.run(dataset=name)
    for name in SETS:
        assert (place.folder / "out/_points/made" / name / "grayscale").is_dir()
    assert len(place.stages("ingest")) == 2
    with pytest.raises(UserError, match=r"alone: .* has the data sets ckplus, rafd; say one of"):
        place.run(dataset="london")
    place.write(**PLAIN, set=values, datasets=list(SETS), stages=["prepare", "merge"])
    with pytest.raises(UserError, match="which it merges; run it whole"):
        place.run(dataset="rafd")


def test_results_of_several_data_sets_have_a_folder_each() -> None:
    jobs = plan(find_stages(["train fet/fusion"]), params(), "rafd", "raw", "cpu", Path("s"))
    chain = Chain("rafd", {}, "rafd", jobs)
    assert result_folders([chain], Path("m"), several=True) == {"rafd": Path("m/rafd")}
    assert result_folders([chain], Path("m"), several=False) == {"rafd": Path("m")}


def test_whose_a_raw_folder_is(place: Place) -> None:
    sets = {name: {"reader": "rafd", "root": "nowhere"} for name in ("a", "b", "merged")}
    place.write(**PLAIN, set=SMALL | {"datasets": sets}, stages=["ingest", "merge"])
    with pytest.raises(UserError, match="the data sets a, b; write --root b=raw"):
        place.run(root=["raw"])
    with pytest.raises(UserError, match="lies inside the raw data"):
        place.run(root=[f"b={place.folder}"])
    with pytest.raises(UserError, match="a: there is no raw folder nowhere; say where with --root"):
        place.run(root=[f"b={place.raw}"])


def test_what_is_merged_is_a_data_set_of_its_own(place: Place) -> None:
    stages = find_stages(["ingest", "augment", "merge", "train fet-plus/fusion", "export --out x"])
    content = params(datasets__merged=params()["datasets"]["rafd"])
    first = {name: plan(stages[:2], content, name, "raw", "cpu", Path("s")) for name in SETS}
    every = [job for row in first.values() for job in row]
    (joined,) = plan(stages[2:3], content, "merged", None, "cpu", Path("s"), every)
    assert joined.before == tuple(every)
    trained, exported = plan(stages[3:], content, "merged", None, "cpu", Path("s"), [joined])
    assert trained.before == (joined,)
    assert exported.before == (joined, trained)
    assert [path.name for path in stages[2].code] == ["merge.json"]


def test_a_stage_reads_what_dvc_says_and_nothing_more() -> None:
    lines = [line for lines in STAGE_LINES.values() for line in lines]
    jobs = plan(find_stages(lines), params(), "rafd", "raw", "cpu", Path("store"))
    before = {
        " ".join(job.stage.words): {" ".join(one.stage.words) for one in job.before} for job in jobs
    }
    assert before["ingest"] == set()
    assert before["evaluate --row cgan"] == {"align", "augment", "truths", "train cgan"}
    assert before["compare"] == {"align", "augment"} | {
        line for line in lines if line.startswith("evaluate")
    }
    assert "truth.json" in jobs[-1].stage.rows


def test_code_is_what_dvc_says_or_a_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"cmd": "python -m pipeline ingest", "deps": ["a.py", "probes/p.json", "gone.py", "b"]}
    for file in ("dvc.yaml", "comparison/dvc.yaml"):
        write_text(tmp_path / file, dump_yaml({"stages": {"one": {"do": body}}}))
    for name in ("a.py", "probes/p.json", "b"):
        write_text(tmp_path / name, "1")
    monkeypatch.setattr("pipeline.stages.TOP", tmp_path)
    files = tuple(tmp_path / file for file in ("dvc.yaml", "comparison/dvc.yaml"))
    monkeypatch.setattr("pipeline.stages.FILES", files)
    names = []
    for content in ("1", "2"):
        write_text(tmp_path / "probes/p.json", content)
        (stage,) = find_stages(["ingest"])
        assert stage.code == (tmp_path / "a.py", tmp_path / "probes/p.json")
        (job,) = plan([stage], params(), "rafd", "raw", "cpu", tmp_path)
        names.append(job.folder.name)
    assert names[0] != names[1]


def test_a_study_into_a_file_is_refused_before_anything_runs(place: Place) -> None:
    file = place.folder / "file"
    file.write_text("mine", encoding="utf-8")
    place.write(stages=["ingest"])
    before = sorted(place.folder.rglob("*"))
    for below in ("", "a/b"):
        for out, metrics in ((file / below, place.folder), (place.folder, file / below)):
            with pytest.raises(UserError, match="file is a file, not a folder"):
                place.run(out=out, metrics=metrics)
    assert sorted(place.folder.rglob("*")) == before


def test_an_installed_package_has_no_stages_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.stages.TOP", tmp_path)
    with pytest.raises(UserError, match=r"dvc\.yaml, .* from a clone"):
        find_stages(["train fet/fusion"])


def test_outputs_in_the_raw_data_are_refused(place: Place) -> None:
    place.write()
    here, raw = place.folder, place.raw
    (here / "linked").mkdir()
    (here / "linked" / "_points").symlink_to(raw)
    for out, metrics in ((raw / "out", here), (here / "linked", here), (here / "out", raw)):
        with pytest.raises(UserError, match="lies inside the raw data"):
            place.run(out=out, metrics=metrics)
    assert {path.suffix for path in raw.iterdir()} == {".jpg"}
    assert not (here / "out").exists()


def test_only_the_points_of_a_study_are_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study may have the name of any folder, and `--out` may be where others lie."""

    def refuse(*_: Any) -> None:
        raise UserError("as far as it goes")

    monkeypatch.setattr("pipeline.jobs.run", refuse)
    place.write()
    named = (place.folder / "made.yaml").rename(place.folder / "raw.yaml")
    before = {path: path.read_bytes() for path in place.raw.iterdir()}
    old = place.folder / "_points" / "raw" / "lambda2=1"
    old.mkdir(parents=True)
    with pytest.raises(UserError, match="as far as it goes"):
        place.run(named, out=place.folder)
    assert {path: path.read_bytes() for path in place.raw.iterdir()} == before
    assert [path.name for path in old.parent.iterdir()] == ["lambda2=0"]


def params(**changes: Any) -> dict[str, Any]:
    found = load(TOP / "params.yaml").model_dump()
    for dotted, value in changes.items():
        section, key = dotted.split("__")
        found[section][key] = value
    return found


def folders(changed: dict[str, Any], raw: str = "raw", dataset: str = "rafd") -> list[str]:
    stages = find_stages([*LINES, "train fet/transfer", "evaluate"])
    jobs = plan(stages, changed, dataset, raw, "cpu", Path("store"))
    return [job.folder.name for job in jobs]


@pytest.mark.parametrize(
    ("changed", "shared"),
    [
        (params(), 9),
        (params(evaluate__figure_columns=3), 8),
        (params(transfer__mu1=1.0), 7),
        (params(fusion__lambda1=1.0), 6),
        # Who may be shown changes figures, and nothing that is read on truths.
        (params(figures__subjects={"rafd": ["01"]}), 6),
        (params(augment__max_triples=5), 4),
        (params(landmarks__readings=5), 3),
        (params(align__size=64), 2),
        (params(split__seed=1), 0),
        (params(datasets__rafd=params()["datasets"]["rafd"] | {"peak_frames": 1}), 0),
        (params(datasets__rafd=params()["datasets"]["rafd"] | {"root": "elsewhere"}), 9),
        (params(datasets__ckplus=params()["datasets"]["rafd"]), 9),
    ],
)
def test_points_share_the_stages_before_the_first_that_they_change(
    changed: dict[str, Any], shared: int
) -> None:
    first, second = folders(params()), folders(changed)
    assert [a == b for a, b in zip(first, second, strict=True)] == [n < shared for n in range(9)]


def test_other_raw_data_and_other_sets_share_nothing() -> None:
    assert not set(folders(params())) & set(folders(params(), raw="other"))
    assert not set(folders(params())) & set(folders(params(), dataset="ckplus"))


def test_the_digest_of_raw_data_sees_names_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    found = [listing_digest(tmp_path)]
    (tmp_path / "a.png").write_bytes(b"12")
    found.append(listing_digest(tmp_path))
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    found.append(listing_digest(tmp_path))
    assert len(set(found)) == 3


def test_a_second_study_in_the_same_folder_is_refused(place: Place) -> None:
    place.write()
    with (
        locked(place.folder / "out", BUSY),
        pytest.raises(
            UserError,
            match=r"another study is running in .*out, or a stage of one that was killed; wait",
        ),
    ):
        place.run()
    assert place.stages() == []
    with locked(place.folder / "out", BUSY):
        assert (place.folder / "out").is_dir()
