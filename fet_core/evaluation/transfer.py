"""What Ω's training shows after an epoch: SSIM and PSNR on the test triples, and a grid."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from fet_core.evaluation.figures import Picture, column_sheet
from fet_core.evaluation.protocols import Landmarks, Pairs
from fet_core.evaluation.rows import fet_row, score
from fet_core.models.fusion import Fusion
from fet_core.models.transfer import Transfer
from fet_core.store import Store, to_bytes


class TransferValidation:
    """SSIM and PSNR in the transfer protocol (the paper's Fig. 5 and 6), and a grid of pictures.

    Args:
        store: pictures and landmarks of all samples.
        pairs: test triples.
        shown: positions of the grid's triples among them.
        fusion: Φ, trained.
        sigma: of a spot as a share of the landmark image's side.
        batch: triples at a time.
    """

    def __init__(
        self,
        store: Store,
        pairs: Pairs,
        shown: Sequence[int],
        fusion: Fusion,
        sigma: float,
        batch: int,
    ) -> None:
        self._store = store
        self._pairs = pairs
        self._shown = pairs.at(shown)
        self._landmarks = Landmarks(store, fusion, sigma)
        self._batch = batch

    def metrics(self, net: Transfer) -> dict[str, float]:
        """{"ssim": …, "psnr": …} over the test triples."""
        row = fet_row(self._store, self._landmarks, net)
        found = score(row, self._store, self._pairs, "transfer", self._batch)
        return {"ssim": found["ssim"], "psnr": found["psnr"]}

    def grid(self, net: Transfer) -> Picture:
        """One row a triple: source, target, J_gen, result, truth."""
        pairs, store = self._shown, self._store
        generated = self._landmarks.generated(pairs)
        side = (store.size, store.size)
        spots = torch.nn.functional.interpolate(generated, side, mode="bilinear")
        row = fet_row(store, self._landmarks, net)
        return column_sheet(
            {
                "source": store.bytes(pairs.source),
                "target": store.bytes(pairs.target),
                "J_gen": to_bytes(spots),
                "result": row(pairs, "transfer"),
                "truth": store.bytes(pairs.truth),
            }
        )
