"""FET+ as one ONNX file: what `fet transfer --model` makes of an aligned face, without torch.

ONNX has neither complex numbers nor solvers of linear equations, and no scaling with filters before
opset 18. What needs these is written here once more in products and sums; all else is the networks'
own code, traced.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fet_core.errors import UserError, shown
from fet_core.files import atomic_path
from fet_core.geometry.landmarks import POINTS
from fet_core.geometry.raster import SMOOTHNESS
from fet_core.nets.fusion import PointFusion
from fet_core.nets.plus_file import Plus
from fet_core.nets.warping import FIELD, Motion, faded

OPSET = 16
"""The first with GridSample, and so read by the most runtimes."""

INPUTS = ("picture", "target", "source", "intensity")
OUTPUTS = ("moved", "painted", "wanted")

SIDES = (16, 4096)
"""The least and the largest side of pictures for which a file may be written."""

_ABOUT = (
    "FET+ makes pictures of people: the target's aligned face with the source's expression. "
    "picture: -1 to 1, RGB or grey; target: 68 points (x, y) in its pixels, the centre of the "
    "first at 0, in the order of iBUG 300-W; source: 68 points of the other face, in any unit; "
    "intensity: 0 keeps the target's expression, 1 takes the source's, 2 doubles it. moved: the "
    "picture with its pixels moved; painted: the same with what no pixel shows, for the face "
    "alone; wanted: where the 68 points come to lie."
)
_LICENCE = (
    "The code that wrote this file is MIT; the weights may be used as the pictures allow that they "
    "were trained on. "
)
_EYES = {
    "dlib": "dlib's 68-point weights are not for commercial use.",
    "mesh": "The points that it learned from are MediaPipe's mesh's, which is free for any use.",
}
_NEVER = (
    "Not to be used to show a person with an expression they did not have in order to deceive, "
    "harass or defame, nor on pictures of anyone who has not agreed, nor for anything that feeds a "
    "decision about a person. Say that a picture was made where you show one."
)
_FURTHEST = 1.0  # of 255, between onnxruntime's picture and torch's


def write_onnx(path: Path, plus: Plus, side: int | None = None) -> float:
    """Write both networks as one ONNX file, if onnxruntime makes of it what torch makes.

    Args:
        path: ends in .onnx.
        plus: what is written.
        side: of the only pictures, one at a time, that the file takes; None leaves the side and the
            number of pictures open.

    Returns:
        the largest difference that was found between both, in levels of 255.

    Raises:
        UserError: onnx or onnxruntime is not installed, there is no such side, the path cannot be
            written, or the results differ by more than a level.
    """
    low, high = SIDES
    if side is not None and not low <= side <= high:
        raise UserError(f"a side of {side} is asked for; choose one from {low} to {high}")
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise UserError(
            f"{shown(path)} was not written: the package {error.name} is not installed; run "
            "`make env-onnx`"
        ) from error
    # No side of this is that of a plane inside, where scaling would be left out for all sides.
    traced = 2 * plus.transfer.working + 2 if side is None else side
    inputs = _example(plus, traced, seed=0)
    with atomic_path(path) as temporary:
        _trace(temporary, Graph(plus).eval(), inputs, side is None)
        model = onnx.load(str(temporary))
        model.graph.name, model.doc_string = "fet-plus", f"{_ABOUT}\n\n{_NEVER}"
        notes = {
            "about": _ABOUT,
            "licence": _LICENCE + _EYES[plus.alignment.eye],
            "not to be used": _NEVER,
            "alignment": json.dumps(vars(plus.alignment)),
        }
        onnx.helper.set_model_props(model, notes)
        onnx.checker.check_model(model)
        temporary.write_bytes(model.SerializeToString())
        session = onnxruntime.InferenceSession(temporary, providers=["CPUExecutionProvider"])
        again = _example(plus, plus.alignment.size if side is None else side, seed=1)
        apart = difference(session, plus, again)
        if not apart <= _FURTHEST:
            raise UserError(
                f"{shown(path)} was not written: onnxruntime {onnxruntime.__version__} makes a "
                f"picture that differs from torch's by {apart:.3g}/255; install the versions of "
                f"requirements-onnx.lock (`make env-onnx`)"
            )
    return apart


def difference(session: Any, plus: Plus, inputs: tuple[Tensor, ...]) -> float:
    """The largest difference between onnxruntime's pictures and torch's, in levels of 255.

    Args:
        session: an `onnxruntime.InferenceSession` of a file of `write_onnx`.
        plus: what was written.
        inputs: as `INPUTS` names them.
    """
    given = {name: value.numpy() for name, value in zip(INPUTS, inputs, strict=True)}
    found = session.run(OUTPUTS[:2], given)
    made = zip(found, reference(plus, *inputs), strict=False)
    return max(float(np.abs(one - other.numpy()).max()) for one, other in made) * 127.5


@torch.no_grad()
def reference(
    plus: Plus, picture: Tensor, target: Tensor, source: Tensor, intensity: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What `Graph` gives, by the networks' own code."""
    wanted = plus.points(source, target, float(intensity))
    field = faded(plus.transfer.motion(target, wanted, picture.shape[-1]))
    made = plus.transfer(picture, target, wanted, field)
    return made.moved, made.picture, wanted


class Graph(nn.Module):
    """Φ+ and Ω+ one after the other, in operators that ONNX has.

    Args:
        plus: both, in eval mode on the CPU.
    """

    def __init__(self, plus: Plus) -> None:
        super().__init__()
        self.fusion = plus.fusion
        self.transfer = plus.transfer

    def forward(
        self, picture: Tensor, target: Tensor, source: Tensor, intensity: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The aligned face with its pixels moved, the same with the paint, and the wanted points.

        Args:
            picture: [B, C, S, S], -1 to 1.
            target: [B, 68, 2] pixels of it.
            source: [B, 68, 2], points of the other face in any unit.
            intensity: [1], as in `PointFusion.fuse`.

        Returns:
            [B, C, S, S], [B, C, S, S] and [B, 68, 2].
        """
        wanted = target + intensity * _deviation(self.fusion, source, target)
        field = faded(_motion(self.transfer.motion, target, wanted, picture.shape[-1]))
        small = _shrunk(picture, self.transfer.working)
        made = self.transfer(picture, target, wanted, field, small)
        return made.moved, made.picture, wanted


def _trace(path: Path, graph: Graph, inputs: tuple[Tensor, ...], free: bool) -> None:
    axes = {name: {0: "batch"} for name in (*INPUTS[:3], *OUTPUTS)}
    for name in ("picture", "moved", "painted"):
        axes[name] |= {2: "side", 3: "side"}
    with warnings.catch_warnings(), torch.no_grad():
        # Of branches that the side of the example decides, and that there is another exporter.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            inputs,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes if free else None,
        )


def _example(plus: Plus, side: int, seed: int) -> tuple[Tensor, ...]:
    """The mean face, moved a little, on noise."""
    rng = torch.Generator().manual_seed(seed)
    shape = plus.fusion.mean.cpu()
    face = shape / shape.std() * side / 6 + side / 2
    target, source = (face + side / 100 * torch.randn(1, POINTS, 2, generator=rng) for _ in "ab")
    picture = torch.rand(1, plus.channels, side, side, generator=rng) * 2 - 1
    return picture, target, source, torch.ones(1)


def _deviation(fusion: PointFusion, source: Tensor, target: Tensor) -> Tensor:
    """`PointFusion.forward` in real numbers."""
    seen, (own, real, imaginary) = _shape(fusion, source)[0], _shape(fusion, target)
    code = torch.cat([fusion.encode_source(seen), fusion.encode_target(own), own], dim=1)
    moved = (fusion.decode(code) * fusion.reach) @ fusion.moves.T
    square = real.square() + imaginary.square()
    return _turned(moved.reshape(-1, POINTS, 2), real / square, -imaginary / square)


def _shape(fusion: PointFusion, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A face in the space of shapes, and both parts [B, 1] of the turn that brought it there."""
    centred = points - points.mean(dim=1, keepdim=True)
    (x, y), (u, v) = centred.unbind(-1), fusion.mean.unbind(-1)
    size = centred.square().sum(dim=(1, 2)).clamp(min=1e-12).unsqueeze(1)
    real = (u * x + v * y).sum(dim=1, keepdim=True) / size
    imaginary = (v * x - u * y).sum(dim=1, keepdim=True) / size
    normed = _turned(centred, real, imaginary)
    flat = (normed - fusion.mean).reshape(-1, 2 * POINTS)
    return flat @ fusion.shapes / fusion.spread, real, imaginary


def _turned(points: Tensor, real: Tensor, imaginary: Tensor) -> Tensor:
    """Points [B, 68, 2] as complex numbers times another [B, 1]."""
    x, y = points.unbind(-1)
    return torch.stack([x * real - y * imaginary, x * imaginary + y * real], dim=-1)


def _motion(motion: Motion, points: Tensor, wanted: Tensor, size: int) -> Tensor:
    """`Motion.forward`, of which the spline alone needs other operators."""
    rest = ((wanted - points) / size).reshape(-1, 2 * POINTS) @ motion.weight
    return _spline_field(points, wanted, size) + rest.reshape(-1, 2, FIELD, FIELD)


_CORNERS = ((-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0))
_EDGES = ((-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


def _spline_field(points: Tensor, wanted: Tensor, size: int) -> Tensor:
    """`fet_core.geometry.raster.spline_field` without a solver.

    The weights of a thin-plate spline have no sum and no moments, so that those of three corners of
    the frame, which never move, follow from all others: w_c = -Gᵀ w, where G are the others' places
    in coordinates of the three corners. What is left is a positive definite system of equations,
    which needs no search for pivots. It is solved in double precision: in single precision its
    errors are seen.
    """
    corners = torch.tensor(_CORNERS, dtype=torch.float64)
    edges = torch.tensor(_EDGES, dtype=torch.float64)
    plane = torch.cat([torch.ones(3, 1, dtype=torch.float64), corners], dim=1).inverse()
    origin, place = ((p.double() * 2 + 1) / size - 1 for p in (points, wanted))
    none = 0 * place[:, :1]
    value = torch.cat([origin - place, none.expand(-1, len(edges), -1)], dim=1)
    place = torch.cat([place, none + edges], dim=1)
    corners = none + corners
    others = torch.cat([torch.ones_like(place[:, :, :1]), place], dim=2) @ plane
    back = others.transpose(1, 2)
    near = _kernel(place, place) + SMOOTHNESS * torch.eye(POINTS + len(edges), dtype=torch.float64)
    across = _kernel(corners, place)
    far = _kernel(corners, corners) + SMOOTHNESS * torch.eye(3, dtype=torch.float64)
    system = near - others @ across - (others @ across).transpose(1, 2) + others @ far @ back
    weights = _solved(system, value)
    at_corners = -back @ weights
    affine = -plane @ (across @ weights + far @ at_corners)
    axis = (torch.arange(FIELD, dtype=torch.float64) * 2 + 1) / FIELD - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    at = torch.stack([x, y], dim=2).reshape(1, -1, 2)
    pulled = _kernel(at, torch.cat([place, corners], dim=1))
    field = pulled @ torch.cat([weights, at_corners], dim=1)
    field = field + torch.cat([torch.ones_like(at[:, :, :1]), at], dim=2) @ affine
    return field.reshape(-1, FIELD, FIELD, 2).permute(0, 3, 1, 2).float()


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """r² log r² between [B, N, 2] and [B, M, 2], 0 where they coincide."""
    square = (a[:, :, None] - b[:, None]).square().sum(dim=-1)
    return square * torch.log(square.clamp(min=1e-12))


def _solved(system: Tensor, right: Tensor) -> Tensor:
    """Solution [B, N, K] of positive definite equations [B, N, N], by Gauss and Jordan."""
    count = system.shape[1]
    unit = torch.eye(count, dtype=system.dtype)
    rows = torch.cat([system, right], dim=2)
    for k in range(count):
        pivot = rows[:, k : k + 1] / rows[:, k : k + 1, k : k + 1]
        rows = rows - (rows[:, :, k : k + 1] - unit[:, k : k + 1]) * pivot
    return rows[:, :, count:]


def _shrunk(picture: Tensor, size: int) -> Tensor:
    """Scaled bilinearly without aliasing: a tent as wide as a pixel of the result, [B, C, s, s]."""
    side = picture.shape[-1]
    scale = torch.as_tensor(side / size).clamp(min=1)
    middle = (torch.arange(size) + 0.5) * (side / size) - 0.5
    tent = (1 - (torch.arange(side) - middle[:, None]).abs() / scale).clamp(min=0)
    tent = tent / tent.sum(dim=1, keepdim=True)
    return tent @ picture @ tent.T
