"""Φ: sizes, Eq. 1, and the target left as it is where the deviation is nothing."""

from __future__ import annotations

import pytest
import torch

from fet_core.nets.fusion import Fusion


def images(size: int, count: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    first = torch.rand(count, 1, size, size, generator=generator) * 2 - 1
    return first, first.flip(0, 2)


@pytest.mark.parametrize("size", [32, 64, 96, 128])
def test_the_deviation_has_the_size_of_its_inputs(size: int) -> None:
    net = Fusion(size, 4)
    codes: list[torch.Size] = []
    for encoder in (net.encode_source, net.encode_target):
        encoder.register_forward_hook(lambda _, __, out: codes.append(out.shape))
    assert net(*images(size)).shape == (2, 1, size, size)
    assert {tuple(code[2:]) for code in codes} == {(6, 6) if size == 96 else (4, 4)}


def test_the_papers_size_works() -> None:
    with torch.device("meta"):
        net = Fusion(256, 64)
        shape = net(torch.empty(8, 1, 256, 256), torch.empty(8, 1, 256, 256)).shape
    assert shape == (8, 1, 256, 256)


def test_j_gen_is_the_target_and_the_deviation() -> None:
    net = Fusion(32, 4).eval()
    source, target = images(32)
    with torch.no_grad():
        deviation = net(source, target)
        # Exactly, because the first weights make small deviations.
        assert torch.equal(net.fuse(source, target), target + deviation)
        assert not torch.equal(target + net(target, source), target + deviation)
        assert deviation.abs().max() > 0


def test_no_deviation_leaves_the_target() -> None:
    net = Fusion(32, 4)
    torch.nn.init.zeros_(net.decode[-1].weight)
    torch.nn.init.zeros_(net.decode[-1].bias)
    source, target = images(32)
    torch.testing.assert_close(net.fuse(source, target), target, atol=0, rtol=0)


def test_source_and_target_have_encoders_of_their_own() -> None:
    net = Fusion(32, 4).eval()
    source, target = images(32)
    with torch.no_grad():
        assert not torch.allclose(net(source, target), net(target, source))
    shared = {id(p) for p in net.encode_source.parameters()} & {
        id(p) for p in net.encode_target.parameters()
    }
    assert not shared


def test_every_parameter_gets_a_gradient() -> None:
    net = Fusion(64, 4)
    net(*images(64)).square().mean().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_a_face_does_not_depend_on_its_batch_at_test_time() -> None:
    net = Fusion(32, 4)
    net(*images(32, 8))
    net.eval()
    source, target = images(32, 3)
    with torch.no_grad():
        torch.testing.assert_close(net(source[1:2], target[1:2]), net(source, target)[1:2])
