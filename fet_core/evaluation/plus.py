"""FET+ in training and in the tables: its row, and what Φ+'s training shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol as Interface

import pyarrow as pa
import torch
from torch import Tensor

from fet_core import tables
from fet_core.errors import UserError
from fet_core.evaluation.figures import Picture, column_sheet
from fet_core.evaluation.predictors import Predictor, errors
from fet_core.evaluation.protocols import Pairs, Protocol
from fet_core.evaluation.rows import Row
from fet_core.models.painting import SPOT
from fet_core.models.points import PointFusion
from fet_core.models.warping import Made
from fet_core.store import Store, to_bytes

_SIDE = 128


class Fuses(Interface):
    """Φ+, or the paper's Φ with its peaks decoded."""

    def fuse(self, source: Tensor, target: Tensor, intensity: float = 1.0) -> Tensor:
        """J_gen [B, 68, 2]; see `PointFusion.fuse`."""
        ...


def refined(store: Store, samples: pa.Table, points: Path) -> Store:
    """A store with the landmarks of the stage `refine` in the place of its own.

    Args:
        store: of the same samples.
        samples: with the schema `fet_core.tables.SAMPLES`.
        points: the stage's samples.parquet.

    Raises:
        UserError: the file is missing, or is of other samples.
    """
    from dataclasses import replace

    import numpy as np

    table = tables.read(points, tables.SAMPLES)
    if table["sample_id"].to_pylist() != samples["sample_id"].to_pylist():
        raise UserError(
            f"{points} is of other samples than samples.parquet; run `fet refine` again"
        )
    found = np.stack(table["points"].to_numpy(zero_copy_only=False)).astype(np.float32)
    found = found.reshape(store.points.shape)
    return replace(store, points=torch.from_numpy(found).to(store.device))


def plus_row(store: Store, fusion: Fuses, transfer: Callable[..., Made]) -> Row:
    """FET+; *oracle* takes the truth's points in the place of J_gen.

    Args:
        store: pictures and refined landmarks.
        fusion: Φ+ on the store's device.
        transfer: Ω+ in eval mode, there too.
    """

    def make(pairs: Pairs, protocol: Protocol) -> Tensor:
        if not len(pairs):
            return store.bytes(pairs.target)
        own = store.points[pairs.target]
        wanted = store.points[pairs.truth]
        if protocol == "transfer":
            wanted = fusion.fuse(store.points[pairs.source], own)
        return to_bytes(transfer(store.pictures(pairs.target), own, wanted).picture)

    return make


def predictor(store: Store, fusion: Fuses) -> Predictor:
    """Φ+ as a predictor of points."""
    return lambda pairs: fusion.fuse(store.points[pairs.source], store.points[pairs.target])


class PointsValidation:
    """NME of J_gen on the test triples beside that of the target's own points, and a grid.

    Args:
        store: refined landmarks of all samples.
        pairs: test triples.
        shown: positions of the grid's triples among them.
        batch: triples at a time.
    """

    def __init__(self, store: Store, pairs: Pairs, shown: Sequence[int], batch: int) -> None:
        self._store = store
        self._pairs = pairs
        self._shown = pairs.at(shown)
        self._batch = batch

    def metrics(self, net: PointFusion) -> dict[str, float]:
        """{"test_nme": …, "test_nme_unchanged": …}."""
        points = self._store.points
        rest = (points, self._pairs, self._batch)
        return {
            "test_nme": float(errors(predictor(self._store, net), *rest).mean()),
            "test_nme_unchanged": float(errors(lambda p: points[p.target], *rest).mean()),
        }

    def grid(self, net: PointFusion) -> Picture:
        """One row a triple: source, target, J_gen, truth, as landmark images."""
        pairs, points = self._shown, self._store.points
        columns = {
            "source": points[pairs.source],
            "target": points[pairs.target],
            "J_gen": predictor(self._store, net)(pairs),
            "truth": points[pairs.truth],
        }
        return column_sheet(
            {name: to_bytes(self._store.draw(p, _SIDE, SPOT)) for name, p in columns.items()}
        )


def drawn_points(store: Store, fusion: Fuses) -> Callable[[Pairs], Tensor]:
    """J_gen of triples as landmark images [B, 1, s, s], for grids."""
    return lambda pairs: store.draw(predictor(store, fusion)(pairs), _SIDE, SPOT)
