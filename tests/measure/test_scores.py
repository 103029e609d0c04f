"""Scores of triples on real faces: the truth itself, the target as it is, and noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.data.samples import fixed_triples
from fet_core.errors import UserError
from fet_core.measure import instruments, scores
from fet_core.measure.comparable import Protocol
from fet_core.measure.methods import Method, copy_method
from fet_core.measure.metrics import distance, nme, psnr, ssim
from fet_core.measure.scores import (
    ExpressionReader,
    Truth,
    check_triples,
    measure_truths,
    read_truths,
    score_row,
)
from fet_core.measure.summaries import summary
from fet_core.measure.triples import Triples
from fet_core.tables import READINGS, SCORES, from_rows, read, write

if TYPE_CHECKING:
    from conftest import Shot

CPU = torch.device("cpu")


class Bench:
    """Five people of the London set as a data set of test triples, and a reader trained on them."""

    def __init__(self, samples: pa.Table, folder: Path, shots: list[Shot]) -> None:
        np.save(folder / "faces.npy", np.stack([shot.picture for shot in shots]))
        self.dataset = Dataset.open(folder / "faces.npy", samples, CPU)
        self.table = fixed_triples(samples, 7, 1, None, False)
        self.triples = Triples.of(self.table, CPU)
        points = np.stack([shot.points for shot in shots])
        self.reader = ExpressionReader(points, [shot.expression for shot in shots])
        self.readings = measure_truths(self.dataset, self.triples, self.table, processes=1)
        self.truth = read_truths(self.readings, self.dataset, self.triples, self.table)

    def score(self, row: Method, truth: Truth | None = None, **options: Any) -> pa.Table:
        given = self.dataset, self.triples, self.table, truth or self.truth, self.reader
        return score_row(row, *given, processes=1, **options)


@pytest.fixture(scope="module")
def bench(
    sample_table: Callable[..., pa.Table],
    tmp_path_factory: pytest.TempPathFactory,
    shots: list[Shot],
) -> Bench:
    samples = sample_table(
        people=5, expressions=("neutral", "happy"), test=(0, 1, 2, 3, 4), size=128
    )
    return Bench(samples, tmp_path_factory.mktemp("bench"), shots)


def the_truth(dataset: Dataset) -> Method:
    return lambda triples, protocol: dataset.bytes(triples.truth)


def noise(triples: Triples, protocol: Protocol) -> torch.Tensor:
    generator = torch.Generator().manual_seed(int(triples.truth[0]))
    shape = (len(triples), 3, 128, 128)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def test_the_truth_is_perfect(bench: Bench) -> None:
    table = bench.score(the_truth(bench.dataset))
    assert table.schema == SCORES
    assert table.num_rows == 2 * bench.table.num_rows == 20
    for numbers in summary(table).values():
        assert numbers["ssim"] == pytest.approx(1)
        assert numbers["psnr"] == 100
        assert (numbers["identity"], numbers["nme"]) == (0, 0)
        assert (numbers["verification"], numbers["failures"]) == (1, 0)
        # Ten faces to learn from, and read on other points than those learnt.
        assert numbers["expression"] is not None
        assert numbers["expression"] >= 0.8


def test_noise_is_nobody(bench: Bench) -> None:
    table = bench.score(noise, protocols=["transfer"])
    assert set(table["protocol"].to_pylist()) == {"transfer"}
    assert not any(table["found"].to_pylist())
    assert all(table["measurable"].to_pylist())
    for name in ("identity", "nme", "read"):
        assert table[name].null_count == 10
    numbers = summary(table)["transfer"]
    assert (numbers["failures"], numbers["verification"], numbers["expression"]) == (1, 0, 0)
    assert (numbers["identity"], numbers["nme"]) == (None, None)


def test_copy_is_the_same_in_both_protocols_and_as_the_instruments_say(bench: Bench) -> None:
    table = bench.score(copy_method(bench.dataset), batch=3)
    parts = [table.slice(start, 10) for start in (0, 10)]
    assert [set(part["protocol"].to_pylist()) for part in parts] == [{"transfer"}, {"oracle"}]
    assert parts[0].drop_columns("protocol").equals(parts[1].drop_columns("protocol"))

    rows = parts[0].to_pylist()
    assert [row["triple"] for row in rows] == bench.table["triple"].to_pylist()
    assert [row["subject"] for row in rows] == bench.table["target_subject"].to_pylist()
    assert [row["expression"] for row in rows] == bench.table["expression"].to_pylist()
    pictures = bench.dataset.bytes(bench.triples.target), bench.dataset.bytes(bench.triples.truth)
    np.testing.assert_allclose([row["ssim"] for row in rows], ssim(*pictures))
    np.testing.assert_allclose([row["psnr"] for row in rows], psnr(*pictures))
    # With two expressions each target is the truth of another triple.
    by_truth = dict(zip(bench.triples.truth.tolist(), bench.truth.readings, strict=True))
    for row, result, wanted in zip(
        rows, bench.triples.target.tolist(), bench.triples.truth.tolist(), strict=True
    ):
        made, real = by_truth[result], by_truth[wanted]
        assert row["identity"] == pytest.approx(distance(made.embedding, real.embedding))  # type: ignore[arg-type]
        assert row["nme"] == pytest.approx(nme(made.points, real.points))  # type: ignore[arg-type]
        assert [row["read"]] == bench.reader.read(made.points[None])  # type: ignore[index]
    numbers = summary(table)["oracle"]
    # Of two expressions the target has the other: it is right where its own is misread.
    truth = bench.score(the_truth(bench.dataset))
    read_right = summary(truth)["oracle"]["expression"]
    assert numbers["expression"] == pytest.approx(1 - (read_right or 0))
    assert numbers["verification"] == np.mean([row["identity"] <= 0.6 for row in rows])


def test_what_was_read_on_the_truth_is_not_read_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(pictures: Any, known: Any, processes: Any, **_: Any) -> Any:
        keys = [instruments.key(picture) for picture in pictures]
        read.append(len(set(keys) - set(known)))
        return [next(iter(known.values()))] * len(keys)

    monkeypatch.setattr(scores, "measure", counted)
    bench.score(copy_method(bench.dataset))
    bench.score(noise, batch=2)
    assert read == [0, 10]


def test_a_truth_without_a_face_does_not_count(bench: Bench) -> None:
    """Its triple counts for SSIM, PSNR and failures alone."""
    blind = bench.truth.readings.copy()
    (nothing,) = instruments.measure(np.zeros((1, 128, 128, 3), np.uint8), processes=1)
    blind[4] = nothing
    table = bench.score(copy_method(bench.dataset), truth=Truth(blind, bench.truth.known))
    row = table.slice(4, 1).to_pylist()[0]
    assert (row["measurable"], row["found"]) == (False, True)
    assert (row["identity"], row["nme"]) == (None, None)
    assert row["read"] is not None
    seen = bench.score(copy_method(bench.dataset)).slice(0, 10).to_pylist()
    numbers = summary(table)["transfer"]
    assert numbers["failures"] == 0
    kept = [one["nme"] for place, one in enumerate(seen) if place != 4]
    assert numbers["nme"] == pytest.approx(np.mean(kept))


def test_triples_that_tell_nothing_are_refused(bench: Bench) -> None:
    check_triples(bench.table)
    with pytest.raises(UserError, match=r"triples.parquet is empty"):
        check_triples(bench.table.slice(0, 0))
    people = bench.table["target_subject"].to_pylist()
    alone = bench.table.filter(pa.array([person == "p2" for person in people]))
    with pytest.raises(UserError, match=r"all 2 rows of triples.parquet have the target p2"):
        measure_truths(bench.dataset, bench.triples, alone)
    with pytest.raises(UserError, match=r"have the target p2"):
        read_truths(bench.readings, bench.dataset, bench.triples, alone)


def test_what_is_read_on_truths_comes_back_from_the_file_as_it_was(
    bench: Bench, tmp_path: Path
) -> None:
    pictures = bench.dataset.bytes(bench.triples.truth).permute(0, 2, 3, 1).numpy()
    direct = instruments.measure(pictures, processes=1)
    write(tmp_path / "readings.parquet", bench.readings, READINGS)
    stored = read(tmp_path / "readings.parquet", READINGS)
    assert stored.equals(bench.readings)
    found = read_truths(stored, bench.dataset, bench.triples, bench.table)
    for one, wanted in zip(found.readings, direct, strict=True):
        assert one.points is not None
        assert one.embedding is not None
        assert one.points.dtype == one.embedding.dtype == np.float32
        np.testing.assert_array_equal(one.points, wanted.points)
        np.testing.assert_array_equal(one.embedding, wanted.embedding)
    known = [found.known[instruments.key(picture)] for picture in pictures]
    assert all(a.points is b.points for a, b in zip(known, found.readings, strict=True))


def test_a_truth_without_a_face_comes_back_as_one(bench: Bench) -> None:
    rows = bench.readings.to_pylist()
    rows[4] |= {"points": None, "embedding": None}
    blind = read_truths(from_rows(rows, READINGS), bench.dataset, bench.triples, bench.table)
    assert [one.found for one in blind.readings] == [number != 4 for number in range(10)]
    assert blind.readings[4] == instruments.Reading(None, None)


def test_readings_of_other_triples_or_pictures_are_refused(bench: Bench) -> None:
    said = r"readings\.parquet is of other test triples .*run `fet truths` again"
    rows = bench.readings.to_pylist()
    turned = [row | {"triple": n} for n, row in enumerate(reversed(rows))]
    for other in (rows[1:], [], turned):
        with pytest.raises(UserError, match=said):
            read_truths(from_rows(other, READINGS), bench.dataset, bench.triples, bench.table)
    # The same triples of faces that were cut out in another way.
    moved = replace(bench.dataset, faces=bench.dataset.faces.roll(1, 3))
    with pytest.raises(UserError, match=said):
        read_truths(bench.readings, moved, bench.triples, bench.table)
