"""What a row reaches on every test triple, with all instruments, the expression reader too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.measure.comparable import PROTOCOLS, Protocol
from fet_core.measure.instruments import Reading, key, measure
from fet_core.measure.methods import Method
from fet_core.measure.metrics import distance, nme, psnr, ssim
from fet_core.measure.reader import ExpressionReader
from fet_core.measure.triples import Triples
from fet_core.tables import READINGS, SCORES, from_rows

_TRUTHS_AT_A_TIME = 64


@dataclass(frozen=True)
class Truth:
    """What the instruments read on the truth of each triple, measured once for all rows.

    Attributes:
        readings: one a triple, in the order of the triples.
        known: the same by picture; a result that is one of these pictures is not read again.
    """

    readings: list[Reading]
    known: dict[bytes, Reading]


def check_triples(triples_table: pa.Table) -> None:
    """Refuse triples, with the schema `fet_core.tables.TRIPLES`, that nothing can be told from.

    Raises:
        UserError: there are none, or all of them have one person as their target.
    """
    people = sorted(set(triples_table["target_subject"].to_pylist()))
    if not people:
        raise UserError(
            "triples.parquet is empty: no two test people show the same two expressions; "
            "raise split.test_share or add people, and run `dvc repro` again"
        )
    if len(people) == 1:
        raise UserError(
            f"all {triples_table.num_rows} rows of triples.parquet have the target {people[0]}, so "
            "that nothing is said of others; raise split.test_share or add people, and run "
            "`dvc repro` again"
        )


def measure_truths(
    dataset: Dataset, triples: Triples, triples_table: pa.Table, processes: int | None = None
) -> pa.Table:
    """Read the truth of every triple.

    Args:
        dataset: pictures of all samples.
        triples: the test triples.
        triples_table: the same with names, schema `fet_core.tables.TRIPLES`.
        processes: as in `fet_core.parallel.each`.

    Returns:
        a table with the schema `fet_core.tables.READINGS`.

    Raises:
        UserError: as `check_triples`, or dlib is not installed.
    """
    check_triples(triples_table)
    pictures = _truths(dataset, triples)
    numbers = triples_table["triple"].to_pylist()
    found = zip(numbers, pictures, measure(pictures, processes=processes), strict=True)
    return from_rows(
        (
            {"triple": number, "picture": key(picture).hex(), "embedding": one.embedding}
            | {"points": None if one.points is None else one.points.ravel()}
            for number, picture, one in found
        ),
        READINGS,
    )


def read_truths(
    table: pa.Table, dataset: Dataset, triples: Triples, triples_table: pa.Table
) -> Truth:
    """What `measure_truths` has read, for the rows of the tables.

    Args:
        table: with the schema `fet_core.tables.READINGS`.
        dataset: pictures of all samples.
        triples: the test triples.
        triples_table: the same with names, schema `fet_core.tables.TRIPLES`.

    Raises:
        UserError: as `check_triples`, or the readings are of other triples or other pictures.
    """
    check_triples(triples_table)
    keys = [key(picture) for picture in _truths(dataset, triples)]
    rows, numbers = table.to_pylist(), triples_table["triple"].to_pylist()
    wanted = list(zip(numbers, (one.hex() for one in keys), strict=True))
    if [(row["triple"], row["picture"]) for row in rows] != wanted:
        raise UserError(
            "readings.parquet is of other test triples than triples.parquet and faces.npy; run "
            "`fet truths` again"
        )
    readings = [_reading(row["points"], row["embedding"]) for row in rows]
    return Truth(readings, dict(zip(keys, readings, strict=True)))


def _truths(dataset: Dataset, triples: Triples) -> NDArray[np.uint8]:
    batches = triples.batches(_TRUTHS_AT_A_TIME)
    return np.concatenate([_arrays(dataset.bytes(one.truth)) for one in batches])


def _reading(points: list[float] | None, embedding: list[float] | None) -> Reading:
    if points is None:
        return Reading(None, None)
    return Reading(np.array(points, np.float32).reshape(-1, 2), np.array(embedding, np.float32))


@torch.no_grad()
def score_row(
    method: Method,
    dataset: Dataset,
    triples: Triples,
    triples_table: pa.Table,
    truth: Truth,
    reader: ExpressionReader,
    protocols: Sequence[Protocol] = PROTOCOLS,
    batch: int = 16,
    name: str = "row",
    processes: int | None = None,
) -> pa.Table:
    """Make and measure a row's pictures of all triples.

    The device makes pictures, SSIM and PSNR; meanwhile processes read the pictures that are there.

    Args:
        method: what makes the pictures.
        dataset: pictures of all samples.
        triples: the test triples.
        triples_table: the same with names, schema `fet_core.tables.TRIPLES`.
        truth: of the same triples.
        reader: of expressions.
        protocols: those that the row has.
        batch: triples at a time.
        name: of the row, for the progress bar.
        processes: as in `fet_core.parallel.each`.

    Returns:
        a table with the schema `fet_core.tables.SCORES`, protocol after protocol.
    """
    near = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for protocol in protocols:
            for part in triples.batches(batch):
                made, wanted = method(part, protocol), dataset.bytes(part.truth)
                near.append(torch.stack([ssim(made, wanted), psnr(made, wanted)]))
                yield from _arrays(made)

    count = len(protocols) * len(triples)
    readings = measure(pictures(), truth.known, processes, count=count, description=f"score {name}")
    names = triples_table.select(["triple", "target_subject", "expression"]).to_pylist()
    heads = [
        {"triple": one["triple"], "subject": one["target_subject"]}
        | {"expression": one["expression"], "protocol": protocol}
        for protocol in protocols
        for one in names
    ]
    columns = zip(
        heads,
        *torch.cat(near, dim=1).tolist(),
        readings,
        truth.readings * len(protocols),
        _expressions(readings, reader),
        strict=True,
    )
    return from_rows(
        (
            head
            | {"ssim": similarity, "psnr": ratio, "read": read}
            | {"found": result.found, "measurable": wanted.found}
            | _compared(result, wanted)
            for head, similarity, ratio, result, wanted, read in columns
        ),
        SCORES,
    )


def _arrays(pictures: Tensor) -> NDArray[np.uint8]:
    """uint8 [B, C, S, S] on any device as an array [B, S, S, C]."""
    return np.ascontiguousarray(pictures.permute(0, 2, 3, 1).cpu().numpy())


def _compared(result: Reading, truth: Reading) -> dict[str, float | None]:
    if result.points is None or truth.points is None:
        return {"identity": None, "nme": None}
    assert result.embedding is not None
    assert truth.embedding is not None
    return {
        "identity": float(distance(result.embedding, truth.embedding)),
        "nme": float(nme(result.points, truth.points)),
    }


def _expressions(readings: Sequence[Reading], reader: ExpressionReader) -> list[str | None]:
    there = [(number, r.points) for number, r in enumerate(readings) if r.points is not None]
    found: list[str | None] = [None] * len(readings)
    if there:
        names = reader.read(np.stack([points for _, points in there]))
        for (number, _), name in zip(there, names, strict=True):
            found[number] = name
    return found
