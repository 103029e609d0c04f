"""What Φ's training shows after an epoch: its error on the test triples, and a grid."""

from __future__ import annotations

from collections.abc import Sequence

from fet_core.evaluation.figures import Picture, column_sheet
from fet_core.evaluation.protocols import Landmarks, Pairs
from fet_core.models.fusion import Fusion
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
        return column_sheet({name: to_bytes(value) for name, value in columns.items()})
