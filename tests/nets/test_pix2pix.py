"""pix2pix against its published sizes, and the networks built from it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fet_core.nets.blocks import PatchGAN, UNet
from fet_core.nets.generators import Cgan, G2gan, Likeness, Pix2pix, label_planes


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_the_generator_has_the_published_number_of_weights() -> None:
    with torch.device("meta"):
        assert parameters(UNet(256, 3, 0, 64)) == 54_413_955


def test_the_discriminator_has_the_published_number_of_weights_and_maps() -> None:
    seen: list[int] = []
    with torch.device("meta"):
        net = PatchGAN(6, 64)
        for layer in net.layers:
            if isinstance(layer, nn.Conv2d):
                layer.register_forward_hook(lambda _, __, out: seen.append(out.shape[-1]))
        net(torch.zeros(1, 6, 256, 256))
    assert parameters(net) == 2_768_705
    assert seen == [128, 64, 32, 31, 30]


def test_a_logit_sees_a_patch_of_70_by_70() -> None:
    net = PatchGAN(1, 4).eval()
    picture = torch.rand(1, 1, 128, 128).requires_grad_()
    net(picture)[0, 0, 7, 7].backward()
    seen = picture.grad[0, 0].nonzero()  # type: ignore[index]
    assert (seen.amax(dim=0) - seen.amin(dim=0) + 1).tolist() == [70, 70]


def test_normalisation_and_dropout_stand_where_they_were_published() -> None:
    with torch.device("meta"):
        net = UNet(256, 3, 0, 64)
    normed = [any(isinstance(m, nn.BatchNorm2d) for m in layer) for layer in net.down]
    assert normed == [False, *[True] * 6, False]
    dropped = [any(isinstance(m, nn.Dropout) for m in layer) for layer in net.up]
    assert dropped == [False, True, True, True, False, False, False]
    assert not any(isinstance(m, nn.BatchNorm2d | nn.Dropout) for m in net.output)


@pytest.mark.parametrize("size", [32, 64, 96, 128, 192, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_comes_back(size: int, channels: int) -> None:
    made = Pix2pix(size, channels, 4)(
        torch.zeros(2, 1, 48, 48), torch.rand(2, channels, size, size)
    )
    assert made.shape == (2, channels, size, size)
    assert made.abs().max() <= 1


def test_the_condition_changes_the_picture() -> None:
    torch.manual_seed(0)
    net = Pix2pix(32, 3, 4).eval()
    photo = torch.rand(1, 3, 32, 32)
    first, second = (net(torch.full((1, 1, 32, 32), value), photo) for value in (-1.0, 1.0))
    assert not torch.equal(first, second)


def test_a_label_is_one_plane_in_eight() -> None:
    planes = label_planes(torch.tensor([2, 0]))
    assert planes.shape == (2, 8, 1, 1)
    assert planes[0, :, 0, 0].tolist() == [-1, -1, 1, -1, -1, -1, -1, -1]
    assert planes[1, 0, 0, 0] == 1
    made = Cgan(32, 1, 4)(planes, torch.rand(2, 1, 32, 32))
    assert made.shape == (2, 1, 32, 32)


def test_g2gan_is_two_u_nets() -> None:
    assert parameters(G2gan(64, 3, 4)) == 2 * parameters(UNet(64, 3, 1, 4))


def test_likenesses_have_unit_length_and_a_logit_for_each_person() -> None:
    net = Likeness(3, 7, 4)
    pictures = torch.rand(5, 3, 64, 64)
    assert torch.allclose(net.embed(pictures).norm(dim=1), torch.ones(5), atol=1e-5)
    assert net(pictures).shape == (5, 7)
