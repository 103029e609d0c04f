"""The pipeline by the mesh, `landmarks.eye: mesh`: what it sees, and that dlib is not needed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from without_dlib import without_dlib

from fet_core import Transfer, tables
from fet_core.data.aligned import Face, align_face, make_finder
from fet_core.data.faces import align_all
from fet_core.data.pictures import read_picture
from fet_core.errors import UserError
from fet_core.geometry.landmarks import eye_centres, eye_distance
from fet_core.geometry.mesh import PACKAGE
from fet_core.nets.plus_file import load_plus
from fet_core.params import Align
from fet_core.paramsfile import dump_yaml

pytestmark = pytest.mark.skipif(
    find_spec(PACKAGE) is None, reason="the face mesh's models are not installed"
)

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"
PEOPLE = ("05", "14", "27", "28")
SMALL = {
    "split": {"test_share": 0.5, "seed": 4},
    "align": {"size": 32},
    "landmarks": {"eye": "mesh"},
    "fusion": {"size": 32, "width": 4, "d_width": 4, "epochs": 1, "grids": 0},
    "transfer": {"width": 4, "d_width": 4, "epochs": 1, "grids": 0},
    "fusion_plus": {"rank": 4, "width": 8, "code": 4, "batch_size": 8, "epochs": 1, "grids": 0},
    "transfer_plus": {"width": 8, "working": 32, "d_width": 4, "epochs": 1, "grids": 0},
}
PARAMS = Align(
    size=96,
    eye_distance=0.3,
    eye_height=0.35,
    scales=[0.5, 1.0, 2.0],
    several_faces="reject",
    max_reject_share=0.2,
)
NEUTRAL = "Rafd090_14_Caucasian_female_neutral_frontal.jpg"
HAPPY = "Rafd090_28_Caucasian_male_happy_frontal.jpg"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all stages but the measuring ones ran without dlib, and export."""
    folder = tmp_path_factory.mktemp("mesh")
    raw, place = folder / "raw", folder / "rafd"
    raw.mkdir()
    for person in PEOPLE:
        for path in DEMO.glob(f"Rafd090_{person}_*.jpg"):
            if path.name.split("_")[4] in ("neutral", "happy", "surprised"):
                (raw / path.name).write_bytes(path.read_bytes())
    values = YAML(typ="safe").load(TOP / "params.yaml")
    values["datasets"] = {"rafd": {"root": str(raw)}}
    for section, changes in SMALL.items():
        values[section].update(changes)
    params = folder / "params.yaml"
    params.write_text(dump_yaml(values), encoding="utf-8")
    given: list[str | Path] = ["--dataset", "rafd", "--params", params]
    in_: list[str | Path] = ["--in", place]
    kept: list[str | Path] = ["--checkpoints", folder / "checkpoints"]
    stages: tuple[list[str | Path], ...] = (
        ["ingest", *given, "--out", place],
        *([stage, *given, *in_, "--out", place] for stage in ("grayscale", "align")),
        *([stage, *given, *in_, "--out", place] for stage in ("landmarks", "augment")),
        *(
            ["train", part, *given, *in_, *kept, "--out", place]
            for part in ("fet/fusion", "fet/transfer", "fet-plus/fusion", "fet-plus/transfer")
        ),
        ["export", *given, *in_, "--out", folder / "plus.safetensors"],
    )
    done = without_dlib(TOP, *stages)
    assert done.returncode == 0, done.stderr
    assert "68 landmarks on 16 faces, as the mesh has read them" in done.stdout
    return folder


def test_the_mean_is_the_mesh_s_own(work: Path) -> None:
    table = tables.read(work / "rafd/landmarks/landmarks.parquet", tables.LANDMARKS)
    points, means = (
        np.array(table[name].to_pylist()).reshape(-1, 68, 2) for name in ("points", "mean")
    )
    np.testing.assert_array_equal(points, means)
    across = (31 * np.array([0.5, 0.5]) + 32 * np.array([-0.15, 0.15])).round(3)
    for one in points:
        np.testing.assert_allclose(eye_centres(one)[:, 0], across, atol=1e-2)


def test_both_see_the_same_faces() -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    paths = [DEMO / NEUTRAL, DEMO / HAPPY]
    mine, theirs = (list(align_all(paths, 3, PARAMS, eye, processes=1)) for eye in ("mesh", "dlib"))
    for one, other in zip(mine, theirs, strict=True):
        assert isinstance(one, Face)
        assert isinstance(other, Face)
        off = np.linalg.norm(one.points - other.points, axis=1)[17:]
        assert 0 < off.mean() < 0.06 * eye_distance(other.points)
        centres = eye_centres(one.points) - eye_centres(other.points)
        assert np.abs(centres).max() < 0.06 * eye_distance(other.points)
        assert one.picture.shape == (96, 96, 3)


def test_two_faces_and_none_are_reasons() -> None:
    eye = make_finder("mesh")
    picture = read_picture(DEMO / HAPPY, 3)
    both = np.concatenate([picture, read_picture(DEMO / NEUTRAL, 3)[: len(picture)]], axis=1)
    reason = align_face(eye, both, PARAMS)
    assert isinstance(reason, str)
    assert reason.startswith("2 faces found")
    largest = PARAMS.model_copy(update={"several_faces": "largest"})
    assert isinstance(align_face(eye, both, largest), Face)
    assert align_face(eye, np.full_like(picture, 90), PARAMS) == "no face found"


def test_what_it_has_trained_is_used_without_dlib(work: Path) -> None:
    model = work / "plus.safetensors"
    assert load_plus(model).alignment.eye == "mesh"
    made = work / "made.png"
    words = ["transfer", DEMO / HAPPY, DEMO / NEUTRAL, "-o", made, "--model", model]
    done = without_dlib(TOP, [*words], [*words[:4], work / "same.png", *words[5:], "--eye", "mesh"])
    assert done.returncode == 0, done.stderr
    assert Image.open(made).size == Image.open(DEMO / NEUTRAL).size
    assert made.read_bytes() == (work / "same.png").read_bytes()


def test_a_model_refuses_the_other_eye(work: Path) -> None:
    with pytest.raises(UserError, match='knows the points of the eye "mesh" alone; leave "dlib"'):
        Transfer(work / "plus.safetensors", eye="dlib")


def test_measuring_says_what_it_needs(work: Path) -> None:
    place: list[str | Path] = ["--in", work / "rafd", "--out", work / "rafd"]
    done = without_dlib(
        TOP, ["truths", "--dataset", "rafd", "--params", work / "params.yaml", *place]
    )
    assert done.returncode == 2
    assert "dlib is not installed; install the package dlib-bin" in done.stderr
