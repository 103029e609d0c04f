"""DVC as people use it: the real dvc on a small project."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file
from small_project import DEMO, Project, add_person, stages_run


def weights(project: Project, stage: str, name: str) -> dict[str, bytes]:
    path = project.folder / "data" / "rafd" / stage / f"{name}.safetensors"
    return {key: value.tobytes() for key, value in load_file(path).items()}


def sides(project: Project) -> dict[str, str]:
    table = pq.read_table(project.folder / "data" / "rafd" / "ingest" / "manifest.parquet")
    columns = table.select(["subject", "split"]).to_pylist()
    return {row["subject"]: row["split"] for row in columns}


def test_a_second_repro_does_nothing(project: Project) -> None:
    output = project.dvc("repro")
    assert stages_run(output) == []
    assert "up to date" in output


def test_outputs_of_a_run_are_committed_or_ignored_but_never_left_over(project: Project) -> None:
    assert project.git("status", "--porcelain") == ""


def test_faces_of_another_size_are_made_and_not_brought_back(project: Project) -> None:
    """DVC's run cache takes no notice of a param that is called `size` in a section."""
    for size in (64, 32):
        project.set({"align.size": size})
        project.dvc("repro", "align@rafd")
        faces = np.load(project.folder / "data" / "rafd" / "align" / "faces.npy", mmap_mode="r")
        assert faces.shape[1:3] == (size, size)


@pytest.mark.slow
def test_an_experiment_never_goes_on_from_another_ones_checkpoint(project: Project) -> None:
    project.set({"transfer.epochs": 40})
    process = project.start(
        *("python", "-m", "pipeline", "train-transfer", "--dataset", "rafd", "--save-every", "0")
    )
    checkpoints = project.folder / "checkpoints"
    while not list(checkpoints.glob("rafd-train_transfer-*/step-*.pt")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    project.set({"transfer.epochs": 2})
    project.git("checkout", "-q", "metrics")

    project.dvc("exp", "run", "-S", "transfer.mu2=50")
    found = weights(project, "train_transfer", "transfer")

    shutil.rmtree(project.folder / "checkpoints")
    project.run("python", "-m", "pipeline", "train-transfer", "--dataset", "rafd")
    assert weights(project, "train_transfer", "transfer") == found


@pytest.mark.slow
def test_plots_of_two_branches_stand_side_by_side(project: Project) -> None:
    project.git("checkout", "-q", "-b", "other")
    project.set({"transfer.mu2": 10.0})
    project.dvc("repro")
    project.commit("less L1")
    project.dvc("plots", "diff", "main", "other")
    page = (project.folder / "dvc_plots" / "index.html").read_text()
    assert "ssim.tsv" in page


def test_a_typo_and_a_wrong_type_are_refused_with_a_sentence(project: Project) -> None:
    typo = project.dvc("exp", "run", "-S", "transfer.mu_2=50", code=None)
    assert "mu_2" in typo
    assert "Traceback" not in typo
    assert stages_run(typo) == []
    wrong = project.dvc("exp", "run", "-S", "transfer.mu2=much", code=None)
    assert 'fet: params.yaml: "transfer.mu2" is "much"' in wrong
    assert "Traceback" not in wrong


def test_an_unknown_key_in_the_file_is_refused_too(project: Project) -> None:
    path = project.folder / "params.yaml"
    path.write_text(path.read_text().replace("  mu2:", "  mu_2:"))
    output = project.dvc("repro", code=None)
    assert "transfer.mu" in output
    assert "Traceback" not in output


@pytest.mark.skipif(not DEMO.is_dir(), reason="data/demo/rafd is not there")
@pytest.mark.slow
def test_a_new_person_reruns_what_depends_on_it_and_moves_nobody(project: Project) -> None:
    before = sides(project)
    people = sorted({path.name.split("_")[1] for path in DEMO.glob("Rafd090_*.jpg")})
    add_person(project.folder / "data" / "demo" / "rafd", people[-1])
    output = project.dvc("repro")
    assert stages_run(output)[:2] == ["ingest", "grayscale"]
    made = ["align", "landmarks", "augment", "truths", "evaluate", "evaluate_plus"]
    made += [f"train_{model}" for model in ("fusion", "transfer", "fusion_plus", "transfer_plus")]
    assert sorted(stages_run(output)[2:]) == sorted(made)
    assert stages_run(output)[-1] in ("evaluate", "evaluate_plus")
    after = sides(project)
    assert set(after) - set(before) == {people[-1]}
    assert {name: after[name] for name in before} == before


@pytest.mark.slow
def test_a_queued_experiment_ends_well(project: Project) -> None:
    project.dvc("exp", "run", "--queue", "-n", "queued", "-S", "transfer.mu2=50")
    project.dvc("queue", "start")
    status = ""
    for _ in range(120):
        status = project.dvc("queue", "status")
        if "Success" in status or "Failed" in status:
            break
        project.run("python", "-c", "import time; time.sleep(1)")
    assert "Success" in status, status + project.dvc("queue", "logs", "queued", code=None)
    assert "queued" in project.dvc("exp", "show", "--csv")


def test_the_command_and_the_module_do_the_same(project: Project, tmp_path: Path) -> None:
    for name, command in (("a", ["fet"]), ("b", ["python", "-m", "pipeline"])):
        options = ["--in", "data/rafd", "--out", str(tmp_path / name)]
        project.run(*command, "augment", "--dataset", "rafd", *options)
    for table in ("samples", "triples"):
        one, two = (pq.read_table(tmp_path / n / "augment" / f"{table}.parquet") for n in "ab")
        assert one.equals(two)
