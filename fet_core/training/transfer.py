"""Training Ω with Φ frozen: Eq. 2 and Eq. 7 to 9."""

from __future__ import annotations

from torch import Tensor

from fet_core.models.discriminator import PatchDiscriminator
from fet_core.models.fusion import Fusion
from fet_core.models.transfer import Transfer
from fet_core.params import Transfer as TransferParams
from fet_core.store import Store
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
) -> TranslationTask[Transfer]:
    """Ω and D_I in training on the pictures of a store; D_I sees the target photo beside a picture.

    Args:
        store: pictures and landmarks of all samples.
        fusion: Φ, trained; it is not changed.
        sigma: of a landmark's spot, as Φ was trained with.
        params: sizes, weights μ and rates.
        validation: what looks at Ω.
    """
    frozen = fusion.to(store.device).eval().requires_grad_(False)

    def generated(rows: Rows) -> Tensor:
        source, target = (
            store.landmark_images(samples, fusion.size, sigma)
            for samples in (rows.source, rows.target)
        )
        return frozen.fuse(source, target)

    channels, seed = store.channels, params.seed
    return TranslationTask(
        "transfer",
        seeded(seed, Transfer, store.size, channels, params.width),
        seeded(seed + 1, PatchDiscriminator, 2 * channels, params.d_width, params.d_norm),
        generated,
        False,
        store,
        params,
        Weights(params.mu1, params.mu2, params.jitter),
        validation,
    )
