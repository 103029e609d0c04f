"""Sets of values for params.yaml: the paper's, the demo's, and tiny ones for trying things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fet_core.params import Params

PROFILES: dict[str, dict[str, Any]] = {
    "paper": {
        "align.size": 256,
        "augment.pairs_per_target": 1,
        "augment.max_pairs": 1000,
        "fusion.size": 256,
        "fusion.width": 64,
        "fusion.bottleneck": 8,
        "fusion.sigma": 0.0156,
        "fusion.d_width": 64,
        "fusion.epochs": 400,
        "fusion.decay_from": 1.0,
        "fusion.validate_every": 10,
        "fusion.identities": 0.0,
        "transfer.width": 64,
        "transfer.d_width": 64,
        "transfer.epochs": 120,
        "transfer.decay_from": 1.0,
        "transfer.validate_every": 1,
        "transfer.lr_g": 0.0002,
        "fusion.lr_g": 0.0002,
        "transfer.mu1": 1.0,
        "transfer.jitter": 0.0,
        "transfer.true_landmarks": 0.0,
        "fusion_plus.epochs": 200,
        "transfer_plus.width": 48,
        "transfer_plus.working": 256,
        "transfer_plus.epochs": 60,
        "refine.readings": 12,
        "baseline.width": 64,
        "baseline.d_width": 64,
        "baseline.epochs": 120,
        "baseline.decay_from": 1.0,
        "baseline.validate_every": 1,
        "baseline.lr_g": 0.0002,
        "baseline.adversarial": 1.0,
        "baseline.cgan_lr_g": 0.0002,
        "baseline.cgan_lr_d": 0.0001,
        "baseline.jitter": 0.0,
    },
    "demo": {
        "align.size": 96,
        "augment.pairs_per_target": 1,
        "augment.max_pairs": 160,
        "fusion.size": 64,
        "fusion.width": 32,
        "fusion.bottleneck": 8,
        "fusion.sigma": 0.0156,
        "fusion.d_width": 32,
        "fusion.epochs": 20,
        "fusion.decay_from": 0.3,
        "fusion.validate_every": 2,
        "fusion.identities": 1.0,
        "transfer.width": 32,
        "transfer.d_width": 16,
        "transfer.epochs": 14,
        "transfer.decay_from": 0.2,
        "transfer.validate_every": 2,
        "transfer.lr_g": 0.001,
        "fusion.lr_g": 0.002,
        "transfer.mu1": 0.05,
        "transfer.jitter": 0.5,
        "transfer.true_landmarks": 0.5,
        "fusion_plus.epochs": 100,
        "transfer_plus.width": 24,
        "transfer_plus.working": 128,
        "transfer_plus.epochs": 10,
        "refine.readings": 12,
        "baseline.width": 32,
        "baseline.d_width": 16,
        "baseline.epochs": 14,
        "baseline.decay_from": 0.2,
        "baseline.validate_every": 2,
        "baseline.lr_g": 0.001,
        "baseline.adversarial": 0.05,
        "baseline.cgan_lr_g": 0.0002,
        "baseline.cgan_lr_d": 0.001,
        "baseline.jitter": 0.5,
    },
}
"""By profile: values by dotted key. All have the same keys, so that each undoes any other."""

# 64 pixels, because evaluation reads what is made: dlib finds every demo face at 32 and 48 too, but
# places its embedding 0.31 and 0.14 away from that at 64, where 0.6 is another person. Finding
# faces takes most of the time, and that does not depend on this size.
PROFILES["tiny"] = PROFILES["demo"] | {
    "align.size": 64,
    "augment.max_pairs": 12,
    "fusion.size": 32,
    "fusion.width": 8,
    "fusion.d_width": 8,
    "fusion.epochs": 2,
    "transfer.width": 8,
    "transfer.d_width": 8,
    "transfer.epochs": 2,
    "fusion_plus.epochs": 10,
    "transfer_plus.width": 8,
    "transfer_plus.working": 64,
    "transfer_plus.epochs": 1,
    "refine.readings": 2,
    "baseline.width": 8,
    "baseline.d_width": 8,
    "baseline.epochs": 2,
}

COMMON: dict[str, Any] = {
    "fusion.lambda1": 0.1,
    "fusion.lambda2": 10.0,
    "fusion.lambda3": 100.0,
    "transfer.mu2": 100.0,
    "transfer.d_norm": "spectral",
    "baseline.l1": 100.0,
} | {
    f"{section}.{key}": value
    for section in ("fusion", "transfer", "baseline")
    for key, value in {
        "batch_size": 8,
        "lr_d": 0.0001,
        "beta1": 0.5,
        "beta2": 0.999,
    }.items()
}
"""The paper's weights and rates (its sections IV and V.B), which the demo keeps."""


def with_profile(params: Params, name: str) -> Params:
    """The params with a profile's values, validated.

    Args:
        params: as a file has them.
        name: a key of `PROFILES`.
    """
    content: dict[str, Any] = params.model_dump()
    values: Mapping[str, Any] = COMMON | PROFILES[name]
    for dotted, value in values.items():
        section, key = dotted.split(".")
        content[section][key] = value
    return Params.model_validate(content)
