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

from fet_core import ranks
from fet_core.acceleration import Acceleration
from fet_core.params import Optimisation
from fet_core.ssim import ssim


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


def dissimilarity(a: Tensor, b: Tensor) -> Tensor:
    """1 - SSIM (Wang 2004), the mean over a batch: 0 for equal pictures.

    Black is 0 here too, as in the tables' SSIM, whose term of the means compares them relative to
    their size.

    Args:
        a: [B, C, S, S], -1 to 1, S at least 11.
        b: the same.
    """
    return 1 - ssim((a + 1) / 2, (b + 1) / 2, 1.0).mean()


Net = TypeVar("Net", bound=nn.Module)


def seeded(seed: int, build: type[Net], *args: Any, **named: Any) -> Net:
    """Build a network whose first weights depend on `seed` alone; the CPU's global state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(*args, **named)


def adam(net: nn.Module, rate: float, params: Optimisation, how: Acceleration) -> Adam:
    """Adam (Kingma 2014) with the betas of `params`."""
    betas = (params.beta1, params.beta2)
    return Adam(net.parameters(), lr=rate, betas=betas, fused=how.fused or None)


def update(optimizer: Adam, loss: Tensor, longest: float | None = None) -> None:
    """One step down the gradient of `loss`, the mean of all processes', cut to a length if wanted.

    Args:
        optimizer: of what is to be changed.
        loss: a mean over the batch, or over this process's share of it.
        longest: length of the gradient at most.
    """
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    values = [value for group in optimizer.param_groups for value in group["params"]]
    ranks.average(value.grad for value in values if value.grad is not None)
    if longest is not None:
        nn.utils.clip_grad_norm_(values, longest)
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
