"""Training cgan and pix2pix, whose one generator is conditioned on a label or on landmarks."""

from __future__ import annotations

from torch import Tensor

from fet_core.models.cgan import LABELS, Cgan, label_planes
from fet_core.models.pix2pix import PatchGAN, Pix2pix
from fet_core.params import Baseline
from fet_core.store import Store
from fet_core.training.observed import Validation
from fet_core.training.optimisation import seeded
from fet_core.training.schedule import Rows
from fet_core.training.translation import TranslationTask, Weights


def pix2pix_task(
    store: Store, params: Baseline, validation: Validation[Pix2pix]
) -> TranslationTask[Pix2pix]:
    """pix2pix on target photo and the *source's* landmark image, adversarial loss and L1.

    Args:
        store: pictures and landmarks of all samples.
        params: sizes, weights and rates.
        validation: what looks at the generator.
    """

    def landmarks(rows: Rows) -> Tensor:
        return store.landmark_images(rows.source, store.size, params.sigma)

    channels, seed = store.channels, params.seed
    return TranslationTask(
        "pix2pix",
        seeded(seed, Pix2pix, store.size, channels, params.width),
        seeded(seed + 1, PatchGAN, 2 * channels + 1, params.d_width),
        landmarks,
        True,
        store,
        params,
        Weights(params.adversarial, params.l1, params.jitter),
        validation,
    )


def cgan_task(
    store: Store, params: Baseline, validation: Validation[Cgan]
) -> TranslationTask[Cgan]:
    """CGAN on target photo and the label of the wanted expression: adversarial loss alone.

    Args:
        store: pictures and labels of all samples.
        params: sizes and rates (`cgan_lr_g`, `cgan_lr_d`); its weights do not count.
        validation: what looks at the generator.
    """

    # Where no L1 term holds the generator, it outruns its discriminator at the others' rates.
    rates = {"lr_g": params.cgan_lr_g, "lr_d": params.cgan_lr_d}

    def labels(rows: Rows) -> Tensor:
        return label_planes(store.expression[rows.truth])

    channels, seed = store.channels, params.seed
    return TranslationTask(
        "cgan",
        seeded(seed, Cgan, store.size, channels, params.width),
        seeded(seed + 1, PatchGAN, 2 * channels + LABELS, params.d_width),
        labels,
        True,
        store,
        params.model_copy(update=rates),
        Weights(1.0, 0.0, params.jitter),
        validation,
    )
