"""FET+ on a few demo faces, from pictures to tables and one file; and its user's mistakes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from ruamel.yaml import YAML

from fet_core import tables
from fet_core.data.frames import open_faces
from fet_core.nets.plus_file import load_plus
from fet_core.paramsfile import dump_yaml, load
from pipeline.cli import main

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"
SMALL = {
    "split": {"test_share": 0.4, "seed": 3},
    "align": {"size": 32},
    "landmarks": {"readings": 1},
    "augment": {"max_triples": 6},
    "fusion": {"size": 32, "width": 4, "d_width": 4, "epochs": 1, "grids": 0},
    "transfer": {"width": 4, "d_width": 4, "epochs": 1, "grids": 0},
    "fusion_plus": {"rank": 4, "width": 8, "code": 4, "batch_size": 8, "epochs": 1, "grids": 1},
    "transfer_plus": {"width": 8, "working": 32, "d_width": 4, "mu1": 0.1, "epochs": 1, "grids": 1},
    "evaluate": {"figure_columns": 2, "figure_train_targets": 1, "figure_test_targets": 1},
}
ROWS = {"unchanged", "displacement", "mean shift", "Φ, decoded", "Φ+"}


class Place:
    """A folder with a few demo faces and a params file, in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "rafd"
        self.raw = folder / "raw"
        self.raw.mkdir()
        people = sorted({path.name.split("_")[1] for path in DEMO.glob("Rafd090_*.jpg")})
        for person in people[:7]:
            for expression in ("neutral", "happy", "surprised"):
                for path in DEMO.glob(f"Rafd090_{person}_*_{expression}_frontal.jpg"):
                    shutil.copy(path, self.raw)
        self.params = folder / "params.yaml"
        self.write()

    def write(self, **changes: dict[str, Any]) -> None:
        """Write the params: the project's, made small, with some values of sections changed."""
        params = YAML(typ="safe").load(TOP / "params.yaml")
        params["datasets"] = {"rafd": {"root": str(self.raw)}}
        for section, values in SMALL.items():
            params[section].update(values)
        for section, values in changes.items():
            params[section].update(values)
        self.params.write_text(dump_yaml(params), encoding="utf-8")

    def code(self, *words: str) -> int:
        """Run a command line; its exit code."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["fet", *words])
            with pytest.raises(SystemExit) as stopped:
                main()
        return int(stopped.value.code or 0)

    def run(self, *words: str, out: Path | None = None) -> int:
        """Run a stage on the data set; its exit code."""
        options = ["--dataset", "rafd", "--params", str(self.params)]
        options += ["--in", str(self.work)] if words[0] != "ingest" else []
        options += ["--out", str(out or self.work)] if words[0] != "export" else []
        if words[0].startswith("train"):
            options += ["--checkpoints", str(self.folder / "checkpoints")]
        return self.code(*words, *options)

    def json(self, path: str) -> Any:
        found = json.loads((self.work / path).read_text(encoding="utf-8"))
        return found[0] if isinstance(found, list) else found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """After all stages of FET+ and the paper's before them."""
    if not DEMO.is_dir():
        pytest.skip("data/demo/rafd is not there")
    pytest.importorskip("dlib", reason="dlib is not installed")
    made = Place(tmp_path_factory.mktemp("plus"))
    stages = ["ingest", "grayscale", "align", "landmarks", "augment", "truths", "train-fusion"]
    stages += ["train-transfer", "train-fusion-plus", "train-transfer-plus"]
    for stage in stages:
        assert made.run(stage) == 0, stage
    assert made.run("evaluate", "--row", "fet-plus") == 0
    yield made
    made.write()


def read(place: Place, path: str, schema: pa.Schema) -> pa.Table:
    return tables.read(place.work / path, schema)


def shapes(table: pa.Table, name: str) -> np.ndarray:
    return np.array(table[name].to_pylist()).reshape(-1, 68, 2)


def test_every_sample_has_both_readings_of_its_face(place: Place) -> None:
    samples = read(place, "augment/samples.parquet", tables.SAMPLES)
    one, two = (shapes(samples, name) for name in ("points", "mean"))
    apart = np.linalg.norm(one - two, axis=2).mean(axis=1)
    # Two readings of a face 32 pixels wide.
    assert 0.01 < apart.mean() < 1


def test_the_single_reading_is_what_align_found_carried_into_the_face(place: Place) -> None:
    faces = read(place, "align/faces.parquet", tables.FACES)
    landmarks = read(place, "landmarks/landmarks.parquet", tables.LANDMARKS)
    assert landmarks["sample_id"].to_pylist() == faces["sample_id"].to_pylist()
    matrices = np.array(faces["matrix"].to_pylist()).reshape(-1, 2, 3)
    found = shapes(faces, "points")
    wanted = np.einsum("nij,nkj->nki", matrices[:, :, :2], found) + matrices[:, None, :, 2]
    np.testing.assert_allclose(shapes(landmarks, "points"), wanted, atol=1e-4)
    # In pixels of a picture of some hundreds, and of a face of 32.
    assert found.max() > 60 > 40 > shapes(landmarks, "points").max()


def test_truths_reads_one_face_on_every_triple(place: Place) -> None:
    readings = read(place, "truths/readings.parquet", tables.READINGS)
    triples = read(place, "augment/triples.parquet", tables.TRIPLES)
    assert readings["triple"].to_pylist() == triples["triple"].to_pylist()
    scores = read(place, "evaluate_fet_plus/fet-plus.parquet", tables.SCORES).to_pylist()
    found = {row["triple"]: row["points"] is not None for row in readings.to_pylist()}
    assert {row["triple"]: row["measurable"] for row in scores} == found
    assert any(found.values())


def test_the_trainings_leave_weights_curves_and_a_grid(place: Place) -> None:
    for stage in ("fusion_plus", "transfer_plus"):
        weights = list((place.work / f"train_{stage}").iterdir())
        assert [path.name for path in weights] == [f"{stage}.safetensors"]
        live = place.work / "metrics" / f"train_{stage}"
        assert (live / "plots/metrics/loss_total.tsv").is_file()
        assert len(list((live / "plots/images").rglob("*.png"))) == 1
    assert (place.work / "metrics/train_transfer_plus/plots/metrics/ssim.tsv").is_file()
    assert (place.work / "metrics/train_fusion_plus/plots/metrics/test_nme.tsv").is_file()
    assert not list((place.folder / "checkpoints").iterdir())


def test_evaluate_writes_the_row_the_figures_and_the_landmarks(place: Place) -> None:
    numbers = place.json("metrics/fet-plus.json")
    assert list(numbers) == ["schema", "triples", "transfer", "oracle", "intervals"]
    assert (numbers["triples"]["n"], numbers["triples"]["size"]) == (6, 32)
    assert 0 < numbers["transfer"]["ssim"] < 1
    assert set(numbers["intervals"]) == {"transfer", "oracle"}
    ((dataset, rows),) = place.json("metrics/short/fet-plus.json").items()
    assert dataset == "rafd"
    assert rows["fet-plus"]["ssim"] == round(numbers["transfer"]["ssim"], 4)
    assert rows["fet-plus"]["psnr"] == round(numbers["transfer"]["psnr"], 2)
    for name in ("transfer", "comparison"):
        assert (place.work / f"metrics/plus/{name}.png").read_bytes()[:4] == b"\x89PNG"
    found = place.json("metrics/landmarks.json")
    assert set(found) == {"schema", "one reading", "mean of readings"}
    for read in ("one reading", "mean of readings"):
        assert set(found[read]) == ROWS
        for values in found[read].values():
            assert values["low"] <= values["nme"] <= values["high"]
    assert found["one reading"]["unchanged"] != found["mean of readings"]["unchanged"]
    assert (place.work / "evaluate_fet_plus/fet-plus.parquet").is_file()
    # The paper's row is scored elsewhere.
    assert not (place.work / "metrics/fet.json").exists()


def test_one_file_holds_what_was_trained(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    path = place.folder / "fet-plus.safetensors"
    assert place.run("export", "--out", str(path)) == 0
    assert str(path) in capsys.readouterr().out
    plus = load_plus(path)
    params = load(place.params)
    assert (plus.alignment.size, plus.alignment.readings, plus.channels) == (32, 1, 3)
    assert plus.alignment.eye_distance == params.align.eye_distance
    assert plus.alignment.eye_height == params.align.eye_height
    samples = read(place, "augment/samples.parquet", tables.SAMPLES).to_pylist()
    points = torch.tensor(samples[0]["mean"]).reshape(1, 68, 2)
    photo = torch.from_numpy(np.array(open_faces(place.work / "align/faces.npy")[:1]))
    photo = photo.permute(0, 3, 1, 2) / 127.5 - 1
    wanted = plus.points(points, points)
    assert (wanted - points).norm(dim=2).mean() < 3
    assert torch.isfinite(plus.picture(photo, points, wanted)).all()


def test_the_same_as_an_onnx_file(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason="run `make env-onnx`")
    path = place.folder / "fet-plus.onnx"
    capsys.readouterr()
    assert place.run("export", "--format", "onnx", "--out", str(path)) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"rafd: {path}, ")
    assert shown.err == ""
    assert path.stat().st_size > 100_000


def test_the_papers_parts_take_the_places_of_the_new_ones(place: Place) -> None:
    """Φ with its peaks decoded, Ω painting on points: trained and evaluated as models."""
    for model in ("fet-plus-heatmap", "fet-plus-unet", "fet-letter"):
        assert place.run("train", f"{model}/transfer") == 0, model
        assert place.run("evaluate", "--row", model) == 0, model
        assert place.json(f"metrics/{model}.json")["triples"]["n"] == 6
        assert not (place.work / f"metrics/short/{model}.json").exists()


def test_two_sets_merged_are_trained_as_one(place: Place) -> None:
    twin, merged = place.folder / "twin", place.folder / "merged"
    shutil.copytree(place.work, twin)
    assert place.code("merge", str(place.work), str(twin), "--out", str(merged)) == 0
    faces = open_faces(place.work / "align/faces.npy")
    both = open_faces(merged / "align/faces.npy")
    np.testing.assert_array_equal(both, np.concatenate([faces, faces]))
    usual, place.work = place.work, merged
    try:
        for stage in ("train-fusion-plus", "train-transfer-plus"):
            assert place.run(stage) == 0, stage
    finally:
        place.work = usual
    assert (merged / "train_transfer_plus/transfer_plus.safetensors").is_file()


def said(place: Place, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one sentence with which a command line ends."""
    capsys.readouterr()
    assert place.code(*words) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("fet: ")
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err
    return shown.err


def test_what_is_missing_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    bare, out = place.folder / "bare", place.folder / "nowhere"
    rest = ["--dataset", "rafd", "--params", str(place.params), "--in", str(bare)]
    evaluate = ("evaluate", "--row", "fet-plus", *rest, "--out", str(out))
    for command in (("train-fusion-plus", *rest, "--out", str(out)), evaluate):
        assert f"{bare}/augment/samples.parquet" in said(place, capsys, *command)
    for stage in ("align", "augment", "grayscale"):
        shutil.copytree(place.work / stage, bare / stage)
    error = said(place, capsys, *evaluate)
    assert f"{bare}/truths/readings.parquet; run `fet truths` first" in error
    shutil.copytree(place.work / "truths", bare / "truths")
    error = said(place, capsys, "train-transfer-plus", *rest, "--out", str(out))
    missing = f"no weights at {bare}/train_fusion_plus/fusion_plus.safetensors"
    assert missing in error
    assert missing in said(place, capsys, *evaluate)
    error = said(place, capsys, "export", *rest, "--out", str(out / "a.safetensors"))
    assert missing in error
    assert not out.exists()


def test_few_faces_have_fewer_components(place: Place) -> None:
    """A user with few pictures and the project's own params; what is trained is read again."""
    few = place.folder / "few"
    shutil.copytree(place.work, few)
    shutil.rmtree(few / "train_fusion_plus")
    place.write(fusion_plus={"rank": 136})
    rest = ["--dataset", "rafd", "--params", str(place.params), "--in", str(few)]
    trained = ["--checkpoints", str(place.folder / "few-checkpoints"), "--out", str(few)]
    try:
        assert place.code("train-fusion-plus", *rest, *trained) == 0
        assert place.code("train-transfer-plus", *rest, *trained) == 0
        assert place.code("export", *rest, "--out", str(few / "few.safetensors")) == 0
    finally:
        place.write()
    samples = read(place, "augment/samples.parquet", tables.SAMPLES)
    train = sum(split == "train" for split in samples["split"].to_pylist())
    plus = load_plus(few / "few.safetensors")
    assert plus.fusion.shapes.shape == (136, train - 1)
    assert 1 < train < 136


def test_a_model_is_a_safetensors_file(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    rest = ["--dataset", "rafd", "--params", str(place.params), "--in", str(place.work)]
    for name in ("model.pt", "model"):
        error = said(place, capsys, "export", *rest, "--out", str(place.folder / name))
        assert f"{name} does not end in .safetensors" in error
        assert not (place.folder / name).exists()


def test_sets_that_cannot_be_merged(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    large, out = place.folder / "large", place.folder / "no"
    shutil.copytree(place.work, large)
    np.save(large / "align/faces.npy", np.zeros((21, 64, 64, 3), np.uint8))
    error = said(place, capsys, "merge", str(place.work), str(large), "--out", str(out))
    assert "at different sizes (rafd 32, large 64)" in error
    twin = place.folder / "a" / "rafd"
    shutil.copytree(place.work, twin)
    error = said(place, capsys, "merge", str(place.work), str(twin), "--out", str(out))
    assert "do not have different names" in error
    (large / "align/faces.npy").unlink()
    error = said(place, capsys, "merge", str(place.work), str(large), "--out", str(out))
    assert f"there is no {large}/align/faces.npy" in error
    shutil.copy(place.work / "align/faces.npy", large / "align/faces.npy")
    shutil.rmtree(large / "augment")
    error = said(place, capsys, "merge", str(place.work), str(large), "--out", str(out))
    assert f"{large}/augment/samples.parquet" in error
    assert not out.exists()
