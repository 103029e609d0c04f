"""The losses of the paper, and the steps down them: first weights, Adam, one update."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.params import Optimisation


def discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """What a discriminator minimises: minus Eq. 3 (D_J) or Eq. 7 (D_I).

    -E log D(real) - E log(1 - D(fake)), from logits: log σ(x) = -softplus(-x) has the same value
    as sigmoid and logarithm and does not overflow. The mean runs over all patches.

    Args:
        real: logits of true pictures, any shape.
        fake: logits of generated ones.

    Returns:
        a scalar; 2 log 2 where both logits are 0.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator(fake: Tensor) -> Tensor:
    """What a generator minimises of Eq. 3 or Eq. 7: -E log D(fake), from logits.

    Goodfellow 2014 (section 3) and pix2pix train with this form of the same minimax, because
    log(1 - D) has next to no gradient while the discriminator wins, as it does at the start.
    """
    return F.softplus(-fake).mean()


def l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference: Eq. 4, 5 and 8, whose norms are taken as means over pixels."""
    return F.l1_loss(a, b)


_SIGMA = 1.5
_RADIUS = 5
_C1 = (0.01 * 2) ** 2
_C2 = (0.03 * 2) ** 2


def dissimilarity(a: Tensor, b: Tensor) -> Tensor:
    """1 - SSIM (Wang 2004), the mean over a batch: 0 for equal pictures.

    The same as scikit-image's with a Gaussian window of σ 1.5 and `data_range` 2. The tables' SSIM
    (`fet_core.measure.metrics.ssim`) is of bytes, whose black is 0 and not -1: contrast and
    structure count alike in both, but the term of the means, which compares them relative to their
    size, is stricter here about mid-grey and milder in black and white.

    Args:
        a: [B, C, S, S], -1 to 1, S at least 11.
        b: the same.
    """
    x = torch.arange(-_RADIUS, _RADIUS + 1, dtype=a.dtype, device=a.device)
    line = torch.exp(-(x**2) / (2 * _SIGMA**2))
    line = line / line.sum()
    size = a.shape[-1]
    a, b = (planes.reshape(-1, 1, size, size) for planes in (a, b))

    def blur(value: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(value, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))

    ma, mb = blur(a), blur(b)
    va = blur(a * a) - ma * ma
    vb = blur(b * b) - mb * mb
    vab = blur(a * b) - ma * mb
    top = (2 * ma * mb + _C1) * (2 * vab + _C2)
    bottom = (ma * ma + mb * mb + _C1) * (va + vb + _C2)
    return 1 - (top / bottom).mean()


Net = TypeVar("Net", bound=nn.Module)


def seeded(seed: int, build: type[Net], *args: Any, **named: Any) -> Net:
    """Build a network whose first weights depend on `seed` alone; the CPU's global state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(*args, **named)


def adam(net: nn.Module, rate: float, params: Optimisation) -> Adam:
    """Adam (Kingma 2014) with the betas of `params`."""
    return Adam(net.parameters(), lr=rate, betas=(params.beta1, params.beta2))


def update(optimizer: Adam, loss: Tensor) -> None:
    """One step down the gradient of `loss`."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


@contextmanager
def drawing(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """Inside the block, torch's own random numbers (dropout) depend on seed and step alone."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        state = np.random.SeedSequence([seed, 3, step]).generate_state(1, np.uint64)
        torch.manual_seed(int(state[0]))
        yield


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Eval mode (BatchNorm with its running statistics) and no gradients inside the block."""
    training = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        net.train(training)
