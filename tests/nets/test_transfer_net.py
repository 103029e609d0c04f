"""Ω against Table 1: side and channels of every layer, the number of parameters, other sizes.

The bottleneck of the table is the innermost pair of layers: one down to 1×1 and one back.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fet_core.nets.blocks import halvings
from fet_core.nets.generators import Transfer


def blocks(net: Transfer) -> list[nn.Module]:
    return [*net.down, *net.up, net.output]


def outputs(net: Transfer, size: int, channels: int) -> list[tuple[int, ...]]:
    """(side, side, channels) of what each block puts out, as the paper writes it."""
    seen: list[tuple[int, ...]] = []
    for block in blocks(net):
        block.register_forward_hook(lambda _, __, out: seen.append((*out.shape[2:], out.shape[1])))
    device = next(net.parameters()).device
    net(
        torch.zeros(1, 1, size, size, device=device),
        torch.zeros(1, channels, size, size, device=device),
    )
    return seen


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_every_layer_is_that_of_table_1() -> None:
    with torch.device("meta"):
        net = Transfer(256, 3, 64)
    down = [(128, 64), (64, 128), (32, 256), (16, 512), (8, 512), (4, 512), (2, 512)]
    up = [(4, 512), (8, 512), (16, 512), (32, 256), (64, 128), (128, 64)]
    table = [*down, (1, 512), (2, 512), *up, (256, 3)]
    assert outputs(net, 256, 3) == [(side, side, channels) for side, channels in table]


@pytest.mark.parametrize(
    ("channels", "count"),
    [
        # pix2pix publishes 54,413,955 for its U-net-256 from 3 to 3 channels. Ω has one input
        # channel more, the landmarks: 64 · 4 · 4 = 1,024.
        (3, 54_413_955 + 1_024),
        # Grey has two channels fewer on the way in (2 · 64 · 16) and out (2 · 128 · 16, 2 biases).
        (1, 54_414_979 - 2_048 - 4_096 - 2),
    ],
)
def test_the_number_of_parameters(channels: int, count: int) -> None:
    with torch.device("meta"):
        assert parameters(Transfer(256, channels, 64)) == count


def test_the_layers_are_of_the_kinds_the_paper_names() -> None:
    with torch.device("meta"):
        net = Transfer(256, 3, 64)
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert {(m.kernel_size, m.stride) for m in convolutions} == {((4, 4), (2, 2))}
    leaky = [m.negative_slope for m in net.modules() if isinstance(m, nn.LeakyReLU)]
    assert set(leaky) == {0.2}
    first, *others = blocks(net)
    assert [type(layer) for layer in first] == [nn.Conv2d]  # type: ignore[attr-defined]
    # The innermost leads to one pixel, from which nothing can be normalised.
    ends = {net.output: nn.Tanh, net.down[-1]: nn.Conv2d}
    for block in others:
        last = block[-1]  # type: ignore[index]
        assert isinstance(last, ends.get(block, nn.BatchNorm2d))
    assert not [m for m in net.modules() if isinstance(m, nn.Dropout)]


def test_to_the_letter_a_batchnorm_follows_the_first_convolution_too() -> None:
    with torch.device("meta"):
        ours, letter = Transfer(256, 3, 64), Transfer(256, 3, 64, first_norm=True)
    assert [type(layer) for layer in letter.down[0]] == [nn.Conv2d, nn.BatchNorm2d]  # type: ignore[arg-type]
    assert parameters(letter) == parameters(ours) + 2 * 64


@pytest.mark.parametrize("size", [64, 96, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_sizes_go_down_to_two_or_three_and_come_back(size: int, channels: int) -> None:
    net = Transfer(size, channels, 4)
    seen = outputs(net, size, channels)
    smallest = 3 if size == 96 else 2
    depth = halvings(size, 2)
    assert size == smallest << depth
    assert [side for side, _, _ in seen[: depth + 2]] == [
        *(size >> level for level in range(1, depth + 1)),
        1,
        smallest,
    ]
    assert seen[-1] == (size, size, channels)


def test_the_output_lies_between_minus_one_and_one_and_depends_on_both_inputs() -> None:
    net = Transfer(64, 1, 4).eval()
    generator = torch.Generator().manual_seed(0)
    spots, photo = (torch.rand(2, 1, 64, 64, generator=generator) * 2 - 1 for _ in range(2))
    with torch.no_grad():
        made = net(spots, photo)
        assert made.shape == (2, 1, 64, 64)
        assert made.abs().max() <= 1
        assert not torch.equal(net(-spots, photo), made)
        assert not torch.equal(net(spots, -photo), made)
        torch.testing.assert_close(net(spots[:1], photo[:1]), made[:1])


def test_skips_join_the_layers_of_one_side() -> None:
    net = Transfer(64, 3, 4).eval()
    down: list[torch.Tensor] = []
    up: list[torch.Tensor] = []
    *outer, _ = net.down
    _, *inner = net.up
    for layer in outer:
        layer.register_forward_hook(lambda _, __, out: down.append(out.clone()))
    for layer in (*inner, net.output):
        layer.register_forward_pre_hook(lambda _, given: up.append(given[0].clone()))
    net(torch.rand(1, 1, 64, 64), torch.rand(1, 3, 64, 64))
    for skip, given in zip(reversed(down), up, strict=True):
        assert torch.equal(given[:, -skip.shape[1] :], skip)
        assert skip.any()


def test_landmarks_of_another_size_are_scaled() -> None:
    net = Transfer(64, 1, 4).eval()
    spots = torch.full((1, 1, 32, 32), 0.25)
    photo = torch.zeros(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(net(spots, photo), net(torch.full_like(photo, 0.25), photo))


def test_every_parameter_gets_a_gradient() -> None:
    net = Transfer(96, 3, 4)
    made = net(torch.rand(2, 1, 96, 96) * 2 - 1, torch.rand(2, 3, 96, 96) * 2 - 1)
    made.square().mean().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@pytest.mark.parametrize(("size", "smallest", "count"), [(256, 2, 7), (96, 2, 5), (64, 4, 4)])
def test_halvings_by_hand(size: int, smallest: int, count: int) -> None:
    assert halvings(size, smallest) == count


def test_a_side_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="25"):
        halvings(100, 2)
