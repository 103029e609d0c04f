"""SSIM against scikit-image for any range, and 1 - SSIM as a loss, with a gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from torch import Tensor

from fet_core.geometry.raster import to_float
from fet_core.measure import metrics
from fet_core.ssim import ssim
from fet_core.train.losses import dissimilarity


def pictures(seed: int, noise: float = 20.0, channels: int = 3) -> tuple[Tensor, Tensor]:
    """Smooth bytes and the same with noise."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(2, channels, 6, 6, generator=generator) * 255
    smooth = torch.nn.functional.interpolate(coarse, (24, 24), mode="bilinear")
    other = smooth + noise * torch.randn(smooth.shape, generator=generator)
    one, two = (p.clamp(0, 255).round().to(torch.uint8) for p in (smooth, other))
    return one, two


def theirs(a: Tensor, b: Tensor, data_range: float) -> list[float]:
    return [
        structural_similarity(
            x.numpy(),
            y.numpy(),
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=data_range,
        )
        for x, y in zip(a, b, strict=True)
    ]


SEEDS, NOISES, CHANNELS = st.integers(0, 200), st.floats(0, 80), st.sampled_from([1, 3])


@given(seed=SEEDS, noise=NOISES, channels=CHANNELS, white=st.sampled_from([1.0, 255.0]))
def test_it_is_what_scikit_image_measures(
    seed: int, noise: float, channels: int, white: float
) -> None:
    a, b = (one.double() / 255 * white for one in pictures(seed, noise, channels))
    found = ssim(a, b, white)
    assert (found.shape, found.dtype) == ((2,), torch.float64)
    np.testing.assert_allclose(found, theirs(a, b, white), atol=1e-9, rtol=0)
    torch.testing.assert_close(ssim(a.float(), b.float(), white).double(), found, atol=1e-4, rtol=0)


@given(seed=SEEDS, noise=NOISES, channels=CHANNELS)
def test_planes_alone_give_what_the_convolution_gives(
    seed: int, noise: float, channels: int
) -> None:
    a, b = (one.double() for one in pictures(seed, noise, channels))
    convolved = ssim(a.clone().requires_grad_(), b, 255.0)
    assert convolved.requires_grad
    torch.testing.assert_close(ssim(a, b, 255.0), convolved.detach(), atol=1e-12, rtol=0)


@given(seed=SEEDS, noise=NOISES, channels=CHANNELS)
def test_bytes_have_the_range_of_bytes(seed: int, noise: float, channels: int) -> None:
    a, b = pictures(seed, noise, channels)
    found = metrics.ssim(a, b)
    np.testing.assert_allclose(found, theirs(a, b, 255), atol=1e-9, rtol=0)
    assert torch.equal(found, ssim(a.double(), b.double(), 255.0))


@given(seed=SEEDS, noise=NOISES, channels=CHANNELS)
def test_the_loss_has_its_black_where_the_tables_have_it(
    seed: int, noise: float, channels: int
) -> None:
    a, b = pictures(seed, noise, channels)
    found = dissimilarity(to_float(a), to_float(b)).item()
    assert found == pytest.approx(1 - metrics.ssim(a, b).mean().item(), abs=1e-4)


def test_equal_pictures_have_none() -> None:
    a = to_float(pictures(0)[0])
    assert dissimilarity(a, a).item() == pytest.approx(0, abs=1e-6)
    black = torch.full((1, 1, 16, 16), -1.0)
    assert dissimilarity(black, black).item() == pytest.approx(0, abs=1e-6)


def test_it_does_not_matter_which_is_first() -> None:
    a, b = map(to_float, pictures(1))
    torch.testing.assert_close(dissimilarity(a, b), dissimilarity(b, a))


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_its_gradient_is_finite_and_leads_down(noise: float) -> None:
    a, b = map(to_float, pictures(2))
    if not noise:
        # Without contrast both variances are 0.
        a, b = torch.full_like(a, 0.2), torch.full_like(a, -0.3)
    a.requires_grad_()
    before = dissimilarity(a, b)
    before.backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()
    with torch.no_grad():
        step = a - 0.01 * a.grad / a.grad.norm()
        assert dissimilarity(step, b) < before
