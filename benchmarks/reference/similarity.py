"""SSIM and PSNR of pairs of pictures by scikit-image, pair after pair."""

from __future__ import annotations

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def scores(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """SSIM and PSNR [N, 2] of pictures [N, S, S, 3] uint8, with Wang's Gaussian window."""
    found = []
    for one, other in zip(ones, others, strict=True):
        similarity = structural_similarity(
            one,
            other,
            channel_axis=2,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        found.append((similarity, peak_signal_noise_ratio(one, other, data_range=255)))
    return np.array(found)
