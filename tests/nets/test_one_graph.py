"""Every network is one graph to torch.compile, which computes what the plain network does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fet_core.geometry.raster import SMOOTHNESS, evaluate, spline, spline_field
from fet_core.nets.blocks import PatchDiscriminator, PatchGAN
from fet_core.nets.fusion import Fusion, PointCritic, PointFusion
from fet_core.nets.generators import Cgan, G2gan, Likeness, Pix2pix, Transfer
from fet_core.nets.warping import SPOT, Output, Painting, Warping

BATCH = 2


def planes(channels: int, side: int) -> Tensor:
    return torch.rand(BATCH, channels, side, side) * 2 - 1


def points() -> Tensor:
    return torch.rand(BATCH, 68, 2) * 32


def fitted() -> PointFusion:
    net = PointFusion(6, 16, 4)
    faces = torch.randn(1, 68, 2) * 8 + 16 + torch.randn(20, 68, 2)
    net.fit(faces, faces, faces + torch.randn(20, 68, 2))
    return net


CASES: dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Tensor, ...]]]] = {
    "Φ": (lambda: Fusion(32, 4, 8), lambda: (planes(1, 32), planes(1, 32))),
    "Φ+": (fitted, lambda: (points(), points())),
    "Ω": (lambda: Transfer(32, 3, 4), lambda: (planes(1, 32), planes(3, 32))),
    "Ω to the letter": (
        lambda: Transfer(32, 3, 4, first_norm=True),
        lambda: (planes(1, 32), planes(3, 32)),
    ),
    "Ω+": (lambda: Warping(3, 8, 32), lambda: (planes(3, 64), points(), points())),
    "Ω+, motion known": (
        lambda: Warping(3, 8, 32),
        lambda: (planes(3, 32), points(), points(), 0.01 * planes(2, 32)),
    ),
    "Ω on points": (
        lambda: Painting(32, 3, 4, SPOT),
        lambda: (planes(3, 32), points(), points()),
    ),
    "pix2pix": (lambda: Pix2pix(32, 3, 4), lambda: (planes(1, 32), planes(3, 32))),
    "cgan": (lambda: Cgan(32, 3, 4), lambda: (planes(8, 1), planes(3, 32))),
    "g2gan": (lambda: G2gan(32, 3, 4).removal, lambda: (planes(1, 32), planes(3, 32))),
    "D_I": (lambda: PatchDiscriminator(6, 4), lambda: (planes(6, 32),)),
    "D_I with BatchNorm": (lambda: PatchDiscriminator(6, 4, "batch"), lambda: (planes(6, 32),)),
    "D_J": (lambda: PatchDiscriminator(1, 4), lambda: (planes(1, 32),)),
    "D_J over points": (lambda: PointCritic(8), lambda: (points(),)),
    "PatchGAN": (lambda: PatchGAN(7, 4), lambda: (planes(7, 32),)),
    "likeness": (lambda: Likeness(3, 5, 4), lambda: (planes(3, 32),)),
}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch.manual_seed(0)
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def first(made: Any) -> Tensor:
    return made.picture if isinstance(made, Output) else made


@pytest.mark.parametrize("name", CASES)
def test_a_network_is_one_graph_with_the_same_results(name: str) -> None:
    build, inputs = CASES[name]
    net, given = build(), inputs()
    other = deepcopy(net)
    # A graph break is an error here.
    compiled = torch.compile(other, backend="eager", fullgraph=True)
    torch.manual_seed(1)
    plain = first(net(*given))
    torch.manual_seed(1)
    made = first(compiled(*given))
    assert torch.equal(plain, made)
    for value in (plain, made):
        value.square().mean().backward()
    ways = zip(net.named_parameters(), other.parameters(), strict=True)
    assert all(
        one.grad is two.grad or torch.equal(one.grad, two.grad)
        for (_, one), two in ways
        if one.requires_grad
    )
    # Running statistics, and the vectors of spectral normalisation.
    buffers = zip(net.buffers(), other.buffers(), strict=True)
    assert all(torch.equal(one, two) for one, two in buffers)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler")
def test_compiled_code_computes_what_the_network_does() -> None:
    build, inputs = CASES["Ω+"]
    net, given = build().eval(), inputs()
    with torch.no_grad():
        made = torch.compile(net, fullgraph=True)(*given).picture
        torch.testing.assert_close(made, net(*given).picture, rtol=1e-4, atol=1e-4)


def test_the_frame_of_a_spline_is_all_of_it_but_the_middle() -> None:
    here, there, size, side = points(), points(), 32, 8
    line = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    frame = torch.cartesian_prod(line, line)
    frame = frame[frame.abs().amax(dim=1) > 0].expand(BATCH, -1, -1)
    origin, place = (
        torch.cat([(p.double() * 2 + 1) / size - 1, frame], dim=1) for p in (here, there)
    )
    axis = (torch.arange(side, dtype=torch.float64) * 2 + 1) / side - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    at = torch.stack([x, y], dim=2).reshape(1, -1, 2).expand(BATCH, -1, -1)
    found = evaluate(place, *spline(place, origin - place, SMOOTHNESS), at)
    wanted = found.reshape(BATCH, side, side, 2).permute(0, 3, 1, 2).float()
    assert torch.equal(spline_field(here, there, size, side), wanted)
