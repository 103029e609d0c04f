"""For `fet probe`: the switches of trainings, and by formula what models and evaluations leave."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import probe_inputs as inputs

if TYPE_CHECKING:
    from torch import nn


TRAINING: dict[str, dict[str, dict[str, Any]]] = {
    "train_fusion": {
        "plain": {},
        "grey": {"dataset.channels": 1, "fusion.identities": 0.0, "fusion.decay_from": 1.0},
        "neutral": {"neutral_only": True, "fusion.size": 48, "fusion.bottleneck": 6},
        "deep": {"fusion.size": 64, "fusion.bottleneck": 2, "fusion.width": 4},
    },
    "train_transfer": {
        "plain": {},
        "batch": {"transfer.d_norm": "batch", "transfer.true_landmarks": 0.0},
        "still": {"transfer.augmentation": 0.0, "dataset.channels": 1, "neutral_only": True},
        "three": {"size": 48, "transfer.grids": 0, "figures.subjects": {inputs.NAME: []}},
        "deep": {"size": 64, "transfer.width": 4},
    },
    "train_fusion_plus": {
        "plain": {},
        "bare": {"fusion_plus.noise": 0.0, "fusion_plus.dropout": 0.0, "neutral_only": True},
        "own": {"fusion_plus.identities": 0.0, "fusion_plus.weight_decay": 0.0},
        "between": {"fusion_plus.look_alikes": True},
    },
    "train_transfer_plus": {
        "plain": {},
        "still": {"transfer_plus.motion": False, "transfer_plus.mu1": 0.0, "neutral_only": True},
        "exact": {"transfer_plus.true_landmarks": 1.0, "transfer_plus.augmentation": 0.0},
        "large": {"size": 64, "dataset.channels": 1, "transfer_plus.structure": 0.0},
        "deep": {"size": 128, "transfer_plus.working": 128, "transfer_plus.motion": False},
    },
    "train_cgan": {
        "plain": {},
        "still": {"baseline.augmentation": 0.0, "dataset.channels": 1},
        "deep": {"size": 64, "baseline.width": 4},
    },
    "train_pix2pix": {
        "plain": {},
        "still": {"baseline.augmentation": 0.0, "neutral_only": True},
        "deep": {"size": 64, "baseline.width": 4},
    },
    "train_g2gan": {
        "plain": {},
        "bare": {"baseline.identity": 0.0, "baseline.cycle": 0.0},
        "deep": {"size": 64, "baseline.width": 4},
    },
}
"""Switches of each training by the name of the variant; one that is not named has none."""


def weights(place: Path, channels: int, models: tuple[str, ...]) -> None:
    """Weights of models as their trainings write them, of which two may share a part.

    Args:
        place: holds what `probe_inputs.write_samples` writes.
        channels: of the pictures there.
        models: names of models, of which none needs another's weights before its own.
    """
    from fet_core import registry
    from fet_core.params import Params
    from fet_core.recipes.base import Training, open_inputs

    # Fitting a motion takes most of the time that a recipe takes, and is written over.
    values = {"dataset.channels": channels, "transfer_plus.motion": False}
    params = Params.model_validate(inputs.content(place, values))
    opened = open_inputs(place, params, inputs.NAME, "cpu")
    for part in {part.stage: part for one in models for part in registry.model(one).parts}.values():
        training: Training = registry.look_up(part.recipe)(opened, place)
        path = place / part.stage / f"{part.kind}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_weights(path, part.kind, training.task.net, training.sizes, training.note)


def _write_weights(
    path: Path, kind: str, net: nn.Module, sizes: Mapping[str, Any], note: Mapping[str, Any]
) -> None:
    """Weights of a network by formula: those that it begins with may be zero or change."""
    import torch

    from fet_core.nets import weights

    with torch.no_grad():
        for number, (name, value) in enumerate(net.state_dict().items()):
            if value.is_floating_point():
                along = torch.arange(value.numel(), dtype=torch.float64)
                wave = torch.cos(1.7 * along + number)
                # A variance is never below zero.
                wave = wave.abs() + 0.5 if name.endswith("running_var") else 0.05 * wave
                value.copy_(wave.reshape(value.shape))
    weights.save(path, kind, sizes, net, dict(note))


PLACES = ("cgan", "pix2pix", "g2gan", "fet-plus", "copy", "warp", "fet", "truth")
"""Rows by what their numbers are made of."""


def write_rows(data: Path, metrics: Path) -> None:
    """What every row's evaluation puts out, by formula, for the samples that lie in a folder.

    Args:
        data: with what `probe_inputs.write_samples` writes.
        metrics: the folder of the rows' results.
    """
    import numpy as np

    from fet_core import tables
    from fet_core.data.dataset import Dataset
    from fet_core.geometry.raster import choose_device
    from fet_core.measure import results, summaries
    from fet_core.measure.triples import Triples, identify
    from fet_core.show.figures import note_shown
    from fet_core.show.shown import shown_triples

    from .evaluate import ROWS

    cpu = choose_device("cpu")
    samples = tables.read(data / "augment" / "samples.parquet", tables.SAMPLES)
    table = tables.read(data / "augment" / "triples.parquet", tables.TRIPLES)
    dataset = Dataset.open(data / "align" / "faces.npy", samples, cpu)
    triples = identify(dataset, Triples.of(table, cpu), table)
    shown = shown_triples(table, 6, None)
    for stage, rows in ROWS.items():
        for row in rows:
            number = 1 + (PLACES.index(row) if row in PLACES else len(PLACES) + len(row))
            protocols = ("transfer",) if row == "cgan" else ("transfer", "oracle")
            lines = [
                _score(one, protocol, number + 0.3 * place)
                for place, protocol in enumerate(protocols)
                for one in table.to_pylist()
            ]
            inputs.write(data / stage / f"{row}.parquet", lines, tables.SCORES)
            found = tables.from_rows(lines, tables.SCORES)
            form = (len(shown), inputs.SIZE, inputs.SIZE, dataset.channels)
            made = np.full(form, 20 * number, np.uint8)
            np.save(data / stage / f"{row}.npy", made)
            told = summaries.summary(found), summaries.interval_summary(found)
            results.write_row(metrics / f"{row}.json", results.Scored(triples, *told))
        note_shown(data / stage, table, shown)


def drawn(folder: Path) -> dict[str, Any]:
    """Training triples drawn from more people than the pictures have, by both rules."""
    from fet_core import tables
    from fet_core.data.training_triples import training_index
    from fet_core.probes import account
    from fet_core.train.checkpoint import Schedule

    folder.mkdir(parents=True)
    every = itertools.product(range(14), tables.EXPRESSIONS[:6], range(5), (False, True))
    rows = [
        {
            "sample_id": f"{person}-{expression}-{shot}-{flipped}",
            "row": number // 2,
            "flipped": flipped,
        }
        | {"subject": f"{person}", "sequence": "", "expression": expression, "gaze": "frontal"}
        | {"camera": "090", "split": "train", "points": [0.0] * 136, "mean": [0.0] * 136}
        for number, (person, expression, shot, flipped) in enumerate(every)
    ]
    samples = tables.from_rows(rows, tables.SAMPLES)
    for rule in (False, True):
        schedule = Schedule(training_index(samples, rule), 16, 5)
        steps = (0, 1, schedule.steps_per_epoch - 1, schedule.steps_per_epoch)
        batches = [schedule.batch(step) for step in steps]
        told = [[b.truth, b.target, b.source, b.reference] for b in batches]
        text = json.dumps([[column.tolist() for column in batch] for batch in told])
        (folder / f"neutral_only {rule}.json").write_text(text, encoding="utf-8")
    return account(folder)


def decoded(folder: Path) -> dict[str, Any]:
    """Points read from a landmark image whose spots are of every height, down to none.

    Those that the paper's Φ makes of weights by formula are all of about one height.
    """
    import numpy as np
    import torch

    from fet_core.geometry.raster import decode_peaks
    from fet_core.probes import account

    side, spots = 64, 68
    place = torch.arange(spots)
    points = torch.stack([4 + 6.3 * (place % 9), 5 + 7.1 * (place // 9)], dim=1)
    height = 2.0 * (place + 1) / spots
    line = torch.arange(side, dtype=torch.float32)
    near = (line[None, None, :] - points[:, 0, None, None]) ** 2
    near = near + (line[None, :, None] - points[:, 1, None, None]) ** 2
    image = (height[:, None, None] * torch.exp(-near / 2)).amax(dim=0) - 1
    # Some have a longer way than others, and some too long a one.
    moved = points + 0.15 * place[:, None]
    folder.mkdir(parents=True)
    found = decode_peaks(image[None, None], moved[None])
    np.save(folder / "points.npy", found.numpy().astype(np.float32))
    return account(folder)


def _score(triple: dict[str, Any], protocol: str, phase: float) -> dict[str, Any]:
    wave = math.sin(triple["triple"] * 2.1 + phase)
    found = triple["triple"] % 5 != int(phase) % 5
    return {
        "triple": triple["triple"],
        "protocol": protocol,
        "subject": triple["target_subject"],
        "expression": triple["expression"],
        "ssim": 0.7 + 0.1 * wave,
        "psnr": 20 + 3 * wave,
        "measurable": True,
        "found": found,
        "identity": 0.5 + 0.2 * wave if found else None,
        "nme": 0.05 + 0.02 * wave if found else None,
        "read": ("happy" if wave > 0 else "neutral") if found else None,
    }
