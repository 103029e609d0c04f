"""What a picture generator's training shows: SSIM and PSNR on the test triples, and a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from torch import Tensor, nn

from fet_core.evaluation.figures import Picture, column_sheet
from fet_core.evaluation.protocols import Pairs
from fet_core.evaluation.rows import Row, score
from fet_core.models.sizes import resized
from fet_core.store import Store, to_bytes

Net = TypeVar("Net", bound=nn.Module)


class PictureValidation(Generic[Net]):
    """SSIM and PSNR in the transfer protocol (the paper's Fig. 5 and 6), and a grid of pictures.

    Args:
        store: pictures and landmarks of all samples.
        pairs: test triples.
        shown: positions of the grid's triples among them.
        row: makes the generator's row of the tables.
        batch: triples at a time.
        spots: J_gen of triples where the generator is given it, None otherwise.
    """

    def __init__(
        self,
        store: Store,
        pairs: Pairs,
        shown: Sequence[int],
        row: Callable[[Net], Row],
        batch: int,
        spots: Callable[[Pairs], Tensor] | None = None,
    ) -> None:
        self._store = store
        self._pairs = pairs
        self._shown = pairs.at(shown)
        self._row = row
        self._batch = batch
        self._spots = spots

    def metrics(self, net: Net) -> dict[str, float]:
        """{"ssim": …, "psnr": …} over the test triples."""
        found = score(self._row(net), self._store, self._pairs, "transfer", self._batch)
        return {"ssim": found["ssim"], "psnr": found["psnr"]}

    def grid(self, net: Net) -> Picture:
        """One row a triple: source, target, J_gen where there is one, result, truth."""
        pairs, store = self._shown, self._store
        columns = {"source": store.bytes(pairs.source), "target": store.bytes(pairs.target)}
        if self._spots:
            columns["J_gen"] = to_bytes(resized(self._spots(pairs), store.size))
        columns["result"] = self._row(net)(pairs, "transfer")
        columns["truth"] = store.bytes(pairs.truth)
        return column_sheet(columns)
