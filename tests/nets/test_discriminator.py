"""The discriminator against Table 2, its number of parameters, and spectral normalisation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fet_core.nets.blocks import PatchDiscriminator


def test_every_layer_is_that_of_table_2() -> None:
    with torch.device("meta"):
        net = PatchDiscriminator(6, 64)
        seen: list[tuple[int, ...]] = []
        for layer in net.layers:
            if isinstance(layer, nn.Conv2d):
                layer.register_forward_hook(
                    lambda _, __, out: seen.append((*out.shape[2:], out.shape[1]))
                )
        net(torch.empty(1, 6, 256, 256))
    assert seen == [(128, 128, 64), (64, 64, 128), (32, 32, 256), (31, 31, 512), (30, 30, 1)]


def test_the_number_of_parameters() -> None:
    # pix2pix publishes 2,768,705 for its PatchGAN on 6 channels. Three BatchNorms of 128, 256 and
    # 512 channels are gone (1,792), and their convolutions have a bias instead (896).
    with torch.device("meta"):
        net = PatchDiscriminator(6, 64)
    assert sum(parameter.numel() for parameter in net.parameters()) == 2_768_705 - 1_792 + 896
    assert not any(isinstance(module, nn.BatchNorm2d) for module in net.modules())


def test_the_activations_are_those_of_the_text() -> None:
    net = PatchDiscriminator(1, 4)
    kinds = [type(layer) for layer in net.layers if not isinstance(layer, nn.Conv2d)]
    assert kinds == [nn.LeakyReLU, nn.ReLU, nn.ReLU, nn.LeakyReLU]
    assert isinstance(net.layers[-1], nn.Conv2d)


@pytest.mark.parametrize(("size", "side"), [(32, 2), (64, 6), (96, 10), (128, 14)])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_map_at_other_sizes(size: int, side: int, channels: int) -> None:
    assert PatchDiscriminator(channels, 4)(torch.zeros(3, channels, size, size)).shape == (
        3, 1, side, side,
    )  # fmt: skip


def norm(convolution: nn.Module) -> float:
    """Largest singular value of a convolution's weight as a matrix."""
    weight = convolution.weight.detach()
    assert isinstance(weight, torch.Tensor)
    return float(torch.linalg.matrix_norm(weight.flatten(1), 2))


def test_spectral_normalisation_holds_three_layers_at_one() -> None:
    torch.manual_seed(0)
    net = PatchDiscriminator(2, 8)
    convolutions = [layer for layer in net.layers if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        for layer in convolutions[1:4]:
            layer.parametrizations.weight.original.mul_(50)  # type: ignore[operator, union-attr]
        for layer in (convolutions[0], convolutions[4]):
            layer.weight.mul_(50)
    for _ in range(60):  # each call in training mode is one power iteration
        net(torch.zeros(1, 2, 32, 32))
    net.eval()
    for layer in convolutions[1:4]:
        assert norm(layer) == pytest.approx(1, abs=0.02)
    for layer in (convolutions[0], convolutions[4]):
        assert norm(layer) > 3


def test_eval_mode_makes_no_power_iteration() -> None:
    net = PatchDiscriminator(1, 4).eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net(torch.ones(1, 1, 32, 32))
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_with_batch_normalisation_nothing_else_changes() -> None:
    spectral, batch = PatchDiscriminator(6, 8), PatchDiscriminator(6, 8, "batch")
    convolutions = [
        [layer.weight.shape for layer in net.layers if isinstance(layer, torch.nn.Conv2d)]
        for net in (spectral, batch)
    ]
    assert convolutions[0] == convolutions[1]
    assert sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in batch.layers) == 3
    assert not any("parametrizations" in name for name, _ in batch.named_parameters())
    picture = torch.zeros(2, 6, 64, 64)
    assert batch(picture).shape == spectral(picture).shape
