"""The losses of the paper, each a free function of tensors."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


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
