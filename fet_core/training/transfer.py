"""Training Ω with Φ frozen: Eq. 2 and Eq. 7 to 9."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fet_core.models.discriminator import PatchDiscriminator
from fet_core.models.fusion import Fusion
from fet_core.models.transfer import Transfer
from fet_core.params import Transfer as TransferParams
from fet_core.store import Store
from fet_core.training.acceleration import upload
from fet_core.training.observed import Validation
from fet_core.training.optimisation import seeded
from fet_core.training.schedule import Rows
from fet_core.training.translation import TranslationTask, Weights


def transfer_task(
    store: Store,
    fusion: Fusion,
    sigma: float,
    params: TransferParams,
    validation: Validation[Transfer],
    first_norm: bool = False,
) -> TranslationTask[Transfer]:
    """Ω and D_I in training on the pictures of a store; D_I sees the target photo beside a picture.

    Ω is given J_gen (Eq. 2), or for a random share of the triples, `params.true_landmarks`, the
    landmarks of the truth: J_gen is faint where Φ is unsure, and an Ω that sees nothing else soon
    learns to look past it.

    Args:
        store: pictures and landmarks of all samples.
        fusion: Φ, trained; it is not changed.
        sigma: of a landmark's spot, as Φ was trained with.
        params: sizes, weights μ and rates.
        validation: what looks at Ω.
        first_norm: as for `Transfer`.
    """
    frozen = fusion.to(store.device).eval().requires_grad_(False)

    def given(rows: Rows) -> Tensor:
        source, target, truth = (
            store.landmark_images(samples, fusion.size, sigma)
            for samples in (rows.source, rows.target, rows.truth)
        )
        generated = frozen.fuse(source, target)
        if not params.true_landmarks:
            return generated
        u = np.random.default_rng([params.seed, 5, rows.step]).random(len(truth))
        exact = upload(u < params.true_landmarks, store.device)
        return torch.where(exact[:, None, None, None], truth, generated)

    channels, seed = store.channels, params.seed
    return TranslationTask(
        "transfer",
        seeded(seed, Transfer, store.size, channels, params.width, first_norm),
        seeded(seed + 1, PatchDiscriminator, 2 * channels, params.d_width, params.d_norm),
        given,
        False,
        store,
        params,
        Weights(params.mu1, params.mu2, params.jitter),
        validation,
    )
