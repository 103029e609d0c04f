"""What training shows after an epoch: metrics on the test triples and a grid of fixed ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fet_core.evaluation.figures import Picture, tile, to_picture
from fet_core.evaluation.rows import Landmarks, Pairs, fet_row, score
from fet_core.models.fusion import Fusion
from fet_core.models.transfer import Transfer
from fet_core.store import Store, to_bytes


class FusionValidation:
    """L1 of J_gen to the truth on the test triples, and a grid of landmark images.

    Args:
        store: landmarks of all samples.
        pairs: test triples.
        shown: positions of the grid's triples among them.
        sigma: of a spot as a share of the landmark image's side.
        batch: triples at a time.
    """

    def __init__(
        self, store: Store, pairs: Pairs, shown: Sequence[int], sigma: float, batch: int
    ) -> None:
        self._store = store
        self._pairs = pairs
        self._shown = pairs.at(shown)
        self._sigma = sigma
        self._batch = batch

    def metrics(self, net: Fusion) -> dict[str, float]:
        """Mean absolute difference per pixel: of J_gen, and of the target's own landmark image."""
        landmarks = Landmarks(self._store, net, self._sigma)
        made, kept = 0.0, 0.0
        for part in self._pairs.batches(self._batch):
            truth = landmarks.of(part.truth)
            made += float((landmarks.generated(part) - truth).abs().mean()) * len(part)
            kept += float((landmarks.of(part.target) - truth).abs().mean()) * len(part)
        return {"test_l1": made / len(self._pairs), "test_l1_unchanged": kept / len(self._pairs)}

    def grid(self, net: Fusion) -> Picture:
        """One row a triple: source, target, J_gen, truth."""
        landmarks = Landmarks(self._store, net, self._sigma)
        pairs = self._shown
        columns = {
            "source": landmarks.of(pairs.source),
            "target": landmarks.of(pairs.target),
            "J_gen": landmarks.generated(pairs),
            "truth": landmarks.of(pairs.truth),
        }
        return _sheet({name: to_bytes(value) for name, value in columns.items()})


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
        return _sheet(
            {
                "source": store.bytes(pairs.source),
                "target": store.bytes(pairs.target),
                "J_gen": to_bytes(spots),
                "result": row(pairs, "transfer"),
                "truth": store.bytes(pairs.truth),
            }
        )


def _sheet(columns: dict[str, Tensor]) -> Picture:
    pictures = [[to_picture(one) for one in column] for column in columns.values()]
    return tile(list(zip(*pictures, strict=True)), columns=list(columns))
