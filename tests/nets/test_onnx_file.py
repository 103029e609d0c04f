"""FET+ as an ONNX file: what torch makes, at every size, of operators that every runtime has."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fet_core.errors import UserError
from fet_core.geometry.align import alignment, apply_picture, apply_points
from fet_core.geometry.raster import spline_field, to_float
from fet_core.nets import onnx_file
from fet_core.nets.fusion import PointFusion
from fet_core.nets.onnx_file import Graph, difference, reference, write_onnx
from fet_core.nets.plus_file import Alignment, Plus, load_plus
from fet_core.nets.warping import FIELD, Warping

SOURCES = ("28_Caucasian_male_happy", "08_Caucasian_female_surprised")


@pytest.fixture(scope="module")
def plus() -> Plus:
    return load_plus()


@pytest.fixture(scope="module")
def runtime() -> Any:
    pytest.importorskip("onnx", reason="onnx is not installed; run `make env-onnx`")
    return pytest.importorskip("onnxruntime", reason="run `make env-onnx`")


def session(runtime: Any, path: Path) -> Any:
    return runtime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def free(runtime: Any, plus: Plus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights, for pictures of any side and number."""
    path = tmp_path_factory.mktemp("onnx") / "plus.onnx"
    assert write_onnx(path, plus) < 0.1
    assert [entry.name for entry in path.parent.iterdir()] == ["plus.onnx"]
    return path


def inputs(face: np.ndarray, side: int, channels: int = 3, batch: int = 1) -> tuple[Tensor, ...]:
    """Noise, a face on it, another that moved by some percent, and a strong expression."""
    rng = torch.Generator().manual_seed(side)
    points = (torch.from_numpy(face) + 0.5) * (side / 96) - 0.5
    target, source = (
        points + side / 50 * torch.randn(batch, 68, 2, generator=rng) for _ in range(2)
    )
    picture = torch.rand(batch, channels, side, side, generator=rng) * 2 - 1
    return picture, target, source, torch.full((1,), 1.7)


@pytest.mark.parametrize("side", [64, 128, 200])
def test_products_and_sums_give_what_solvers_and_complex_numbers_give(
    plus: Plus, face: np.ndarray, side: int
) -> None:
    given = inputs(face, side, batch=2)
    with torch.no_grad():
        made = Graph(plus)(*given)
    for one, other in zip(made, reference(plus, *given), strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


@pytest.mark.parametrize("moved", [0.001, 0.1, 3.0])
def test_the_spline_is_the_same_however_far_points_move(face: np.ndarray, moved: float) -> None:
    points = torch.from_numpy(face)[None]
    points = points.expand(4, -1, -1)
    wanted = points + moved * torch.randn(4, 68, 2, generator=torch.Generator().manual_seed(0))
    found = onnx_file._spline_field(points, wanted, 96)
    torch.testing.assert_close(found, spline_field(points, wanted, 96, FIELD), atol=1e-7, rtol=0)


@pytest.mark.parametrize(("side", "size"), [(300, 128), (129, 128), (128, 128), (48, 128)])
def test_pictures_are_scaled_as_torch_does(side: int, size: int) -> None:
    picture = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    wanted = F.interpolate(picture, (size, size), mode="bilinear", antialias=True)
    torch.testing.assert_close(onnx_file._shrunk(picture, size), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", [40, 128, 129, 256, 333])
def test_one_file_takes_every_side(
    runtime: Any, free: Path, plus: Plus, face: np.ndarray, side: int
) -> None:
    assert difference(session(runtime, free), plus, inputs(face, side)) < 0.5


def test_pictures_of_a_batch_do_not_see_each_other(
    runtime: Any, free: Path, plus: Plus, face: np.ndarray
) -> None:
    run = session(runtime, free)
    given = inputs(face, 96, batch=3)
    assert difference(run, plus, given) < 0.5
    together = dict(zip(onnx_file.INPUTS, (value.numpy() for value in given), strict=True))
    alone = together | {name: together[name][1:2] for name in onnx_file.INPUTS[:3]}
    for one, all_of_them in zip(run.run(None, alone), run.run(None, together), strict=True):
        np.testing.assert_allclose(one[0], all_of_them[1], atol=1e-4)


@pytest.mark.parametrize("side", [128, 144])
def test_a_file_for_one_side(
    runtime: Any, plus: Plus, face: np.ndarray, tmp_path: Path, side: int
) -> None:
    write_onnx(tmp_path / "plus.onnx", plus, side)
    run = session(runtime, tmp_path / "plus.onnx")
    shapes = {one.name: one.shape for one in [*run.get_inputs(), *run.get_outputs()]}
    assert shapes["picture"] == shapes["moved"] == shapes["painted"] == [1, 3, side, side]
    assert shapes["target"] == shapes["source"] == shapes["wanted"] == [1, 68, 2]
    assert difference(run, plus, inputs(face, side)) < 0.5


def test_a_grey_model(runtime: Any, face: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(0)
    fusion, transfer = PointFusion(rank=5, width=8, code=4), Warping(1, 8, 32)
    faces = torch.from_numpy(face) + torch.randn(20, 68, 2)
    fusion.fit(faces, faces, faces + torch.randn(20, 68, 2))
    torch.nn.init.normal_(transfer.paint[-1].weight, 0.0, 0.05)
    torch.nn.init.normal_(transfer.motion.weight, 0.0, 0.002)
    grey = Plus(fusion.eval(), transfer.eval(), Alignment(64, 0.3, 0.35, 7))
    write_onnx(tmp_path / "grey.onnx", grey)
    run = session(runtime, tmp_path / "grey.onnx")
    assert run.get_inputs()[0].shape == ["batch", 1, "side", "side"]
    assert difference(run, grey, inputs(face, 70, channels=1)) < 0.5


def test_twenty_demo_faces_within_one_level(
    runtime: Any, free: Path, plus: Plus, repository: Path
) -> None:
    pytest.importorskip("dlib", reason="dlib is not installed")
    from fet_core.geometry.eye import Eye
    from fet_core.portrait import open_picture

    run, eye, how, side = session(runtime, free), Eye(readings=1), plus.alignment, 192
    folder = repository / "data/demo/rafd"
    if not folder.is_dir():
        pytest.skip("data/demo/rafd is not there")

    def read(name: str) -> tuple[np.ndarray, np.ndarray]:
        picture = open_picture(folder / f"Rafd090_{name}_frontal.jpg")
        return picture, eye.read(picture, eye.find(picture)[0])

    sources = [torch.from_numpy(read(name)[1]).float()[None] for name in SOURCES]
    names = [path.stem.split("_", 1)[1].rsplit("_", 1)[0] for path in folder.glob("*neutral*")]
    assert len(names) >= 20
    for number, name in enumerate(sorted(names)[:20]):
        picture, points = read(name)
        matrix = alignment(points, side, how.eye_distance, how.eye_height)
        face = torch.from_numpy(apply_picture(matrix, picture, side)).permute(2, 0, 1)
        target = torch.from_numpy(apply_points(matrix, points)).float()
        given = (to_float(face)[None], target[None], sources[number % 2], torch.ones(1))
        assert difference(run, plus, given) < 1, name


def test_operators_that_every_runtime_has(free: Path) -> None:
    import onnx

    model = onnx.load(str(free))
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 16)]
    assert not model.functions
    sampled = [node for node in model.graph.node if node.op_type == "GridSample"]
    modes = [
        attribute.s.decode()
        for node in model.graph.node
        if node.op_type in ("GridSample", "Resize")
        for attribute in node.attribute
        if attribute.name == "mode"
    ]
    assert set(modes) == {"bilinear", "linear"}
    shapes = onnx.shape_inference.infer_shapes(model).graph.value_info
    ranks = {one.name: len(one.type.tensor_type.shape.dim) for one in shapes}
    ranks |= {one.name: 4 for one in model.graph.input if one.name == "picture"}
    assert len(sampled) == 3
    assert {ranks[name] for node in sampled for name in node.input} == {4}
    assert not {n.op_type for n in model.graph.node} & {"Loop", "If", "Scan"}


def test_the_file_says_what_it_is_and_what_it_is_not_for(
    runtime: Any, free: Path, plus: Plus
) -> None:
    notes = session(runtime, free).get_modelmeta()
    said = notes.custom_metadata_map
    assert json.loads(said["alignment"]) == vars(plus.alignment)
    assert "pictures of people" in said["about"]
    assert "deceive" in said["not to be used"]
    assert "deceive" in notes.description
    assert "MIT" in said["licence"]
    assert b".py" not in free.read_bytes()


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_packages(
    plus: Plus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "onnxruntime":
        pytest.importorskip("onnx", reason="run `make env-onnx`")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError, match=f"package {missing} is not installed; run `make env-onnx`"):
        write_onnx(tmp_path / "plus.onnx", plus)
    assert not list(tmp_path.iterdir())


def test_what_would_differ_is_not_written(
    runtime: Any, plus: Plus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plus.onnx"
    path.write_bytes(b"before")
    monkeypatch.setattr(onnx_file, "difference", lambda *_: float("nan"))
    with pytest.raises(UserError, match="differs from torch's by nan/255"):
        write_onnx(path, plus, 64)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("side", [-1, 0, 15, 5000])
def test_sides_that_nobody_needs(plus: Plus, tmp_path: Path, side: int) -> None:
    with pytest.raises(UserError, match=f"a side of {side} is asked for; choose one from 16"):
        write_onnx(tmp_path / "plus.onnx", plus, side)
    assert not list(tmp_path.iterdir())
