"""SSIM and PSNR against scikit-image, on noise and on photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from fet_core.measure.metrics import psnr, ssim


def theirs(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """SSIM and PSNR of pictures [H, W, C] with scikit-image's options for Wang 2004."""
    similarity = structural_similarity(
        a,
        b,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=2,
    )
    return float(similarity), float(peak_signal_noise_ratio(a, b, data_range=255))


def batch(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())


def compare(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    wanted = np.array([theirs(x, y) for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(ssim(batch(*a), batch(*b)), wanted[:, 0], atol=1e-9, rtol=0)
    np.testing.assert_allclose(psnr(batch(*a), batch(*b)), wanted[:, 1], atol=1e-9, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("spread", [2, 40, 255])
def test_noise(channels: int, spread: int) -> None:
    rng = np.random.default_rng(spread)
    shape = (3, 31, 40, channels)
    a = rng.integers(0, 256, shape)
    b = (a + rng.integers(-spread, spread + 1, shape)).clip(0, 255)
    compare(list(a.astype(np.uint8)), list(b.astype(np.uint8)))


@pytest.mark.parametrize("channels", [1, 3])
def test_photographs(london: Path, channels: int) -> None:
    from fet_core.data.pictures import read_picture

    pictures = [
        read_picture(sorted((london / folder).glob("*.jpg"))[number], channels)
        for folder in ("neutral_front", "smiling_front")
        for number in (0, 1)
    ]
    small = [picture[100:600:4, 100:600:4].reshape(125, 125, channels) for picture in pictures]
    compare(small[:2], small[2:])


def test_whole_numbers_give_the_error_of_floats() -> None:
    rng = np.random.default_rng(0)
    a, b = (torch.from_numpy(rng.integers(0, 256, (4, 3, 40, 31), np.uint8)) for _ in range(2))
    error = (a.double() - b.double()).square().flatten(1).mean(dim=1)
    assert torch.equal(psnr(a, b), 10 * torch.log10(255**2 / error))


def test_flat_pictures_by_hand() -> None:
    a = torch.full((1, 1, 16, 16), 100, dtype=torch.uint8)
    b = torch.full((1, 1, 16, 16), 110, dtype=torch.uint8)
    constant = (0.01 * 255) ** 2
    wanted = (2 * 100 * 110 + constant) / (100**2 + 110**2 + constant)
    assert ssim(a, b).item() == pytest.approx(wanted, abs=1e-9)
    assert psnr(a, b).item() == pytest.approx(10 * np.log10(255**2 / 100))


def noise(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 20, 20), generator=generator, dtype=torch.uint8)


def test_equal_pictures() -> None:
    a = noise(2, 0)
    torch.testing.assert_close(ssim(a, a), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(psnr(a, a), torch.full((2,), 100.0, dtype=torch.float64))


def test_a_pair_does_not_depend_on_its_batch_nor_on_its_order() -> None:
    a, b = noise(4, 0), noise(4, 1)
    for measure in (ssim, psnr):
        together = measure(a, b)
        alone = torch.cat([measure(a[i : i + 1], b[i : i + 1]) for i in range(4)])
        torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)
        torch.testing.assert_close(measure(b, a), together)
        assert len(set(together.tolist())) == 4
