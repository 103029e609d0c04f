"""Opening a data set's faces, samples and test triples for training and evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from fet_core import tables
from fet_core.datasets.kind import Kind
from fet_core.evaluation.choice import check_allowed, shown_triples
from fet_core.evaluation.protocols import Pairs
from fet_core.params import Params
from fet_core.store import Store, choose_device

SHOWN = 6


@dataclass(frozen=True)
class Inputs:
    """A data set ready for training or evaluation, on the device."""

    dataset: str
    settings: Params
    samples: pa.Table
    pairs_table: pa.Table
    store: Store
    pairs: Pairs
    shown: list[int]
    kind: Kind
    allowed: list[str] | None
    files: dict[str, Path]


def open_inputs(source: Path, settings: Params, dataset: str, device: str) -> Inputs:
    """Read samples, test triples and pictures of a data set.

    Args:
        source: the folder of the data set's stage outputs.
        settings: all parameters.
        dataset: its name.
        device: auto, cpu or cuda.

    Raises:
        UserError: a file is missing or damaged, or there is no such device.
    """
    where = choose_device(device)
    files = {
        "samples": source / "augment" / "samples.parquet",
        "pairs": source / "augment" / "pairs.parquet",
        "kind": source / "augment" / "kind.json",
        "faces": source / "align" / "faces.npy",
    }
    samples = tables.read(files["samples"], tables.SAMPLES)
    pairs = tables.read(files["pairs"], tables.PAIRS)
    allowed = settings.figures.allowed(dataset)
    check_allowed(samples, allowed)
    return Inputs(
        dataset=dataset,
        settings=settings,
        samples=samples,
        pairs_table=pairs,
        store=Store.open(files["faces"], samples, where),
        pairs=Pairs.of(pairs, where),
        shown=shown_triples(pairs, SHOWN, allowed),
        kind=Kind.read(files["kind"]),
        allowed=allowed,
        files=files,
    )
