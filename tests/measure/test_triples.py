"""The digest of the test triples: what changes it, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from fet_core.data.dataset import Dataset
from fet_core.data.samples import fixed_triples
from fet_core.measure.comparable import TriplesDigest, left_out_sentence, reference
from fet_core.measure.triples import Triples, identify

CPU = torch.device("cpu")


class Bench:
    """Samples of three people in a dataset, with test triples."""

    def __init__(self, samples: pa.Table) -> None:
        rng = np.random.default_rng(3)
        count = samples.num_rows
        self.dataset = Dataset(
            faces=torch.from_numpy(rng.integers(0, 256, (count, 3, 8, 8), dtype=np.uint8)),
            row=torch.arange(count),
            flipped=torch.zeros(count, dtype=torch.bool),
            points=torch.zeros(count, 68, 2),
            expression=torch.zeros(count, dtype=torch.int64),
            person=torch.zeros(count, dtype=torch.int64),
        )
        self.table = fixed_triples(samples, 0, 1, None, False)

    def triples(
        self, dataset: Dataset | None = None, table: pa.Table | None = None
    ) -> TriplesDigest:
        table = self.table if table is None else table
        return identify(dataset or self.dataset, Triples.of(table, CPU), table)

    def with_column(self, name: str, values: list[object]) -> pa.Table:
        at = self.table.schema.get_field_index(name)
        return self.table.set_column(
            at, self.table.schema.field(at), pa.array(values, self.table.schema.field(at).type)
        )


@pytest.fixture(scope="module")
def bench(sample_table: Callable[..., pa.Table]) -> Bench:
    return Bench(sample_table(people=3, test=(0, 1, 2)))


def test_what_the_triples_are(bench: Bench) -> None:
    found = bench.triples()
    assert (found.n, found.people, found.size) == (bench.table.num_rows, 3, 8)
    assert found == bench.triples()
    assert TriplesDigest.read(found.as_dict()) == found


def test_a_swapped_pair_changes_the_digest(bench: Bench) -> None:
    """Both in the order of two triples and in who is the source of one."""
    order = [1, 0, *range(2, bench.table.num_rows)]
    sources = bench.table["source"].to_pylist()
    sources[0], sources[1] = sources[1], sources[0]
    assert sources != bench.table["source"].to_pylist()
    changed = [bench.table.take(order), bench.with_column("source", sources)]
    digests = {bench.triples(table=table).digest for table in changed}
    assert len(digests | {bench.triples().digest}) == 3


@pytest.mark.parametrize(
    "name", ["source_subject", "target_subject", "expression", "target_expression"]
)
def test_another_name_changes_the_digest(bench: Bench, name: str) -> None:
    values = bench.table[name].to_pylist()
    changed = bench.with_column(name, ["other", *values[1:]])
    assert bench.triples(table=changed).digest != bench.triples().digest


def test_one_pixel_of_one_truth_changes_the_digest(bench: Bench) -> None:
    faces = bench.dataset.faces.clone()
    faces[int(bench.table["truth"][-1].as_py()), 2, 7, 7] ^= 1
    assert bench.triples(replace(bench.dataset, faces=faces)).digest != bench.triples().digest


def test_a_picture_that_is_no_truth_does_not_count(bench: Bench) -> None:
    """The triples are what a row is measured against, not what it is given or trained on."""
    table = bench.table.slice(0, 2)
    unused = set(range(len(bench.dataset.faces))) - set(table["truth"].to_pylist())
    faces = bench.dataset.faces.clone()
    faces[sorted(unused)] ^= 1
    other = bench.triples(replace(bench.dataset, faces=faces), table)
    assert other == bench.triples(table=table)


def test_another_size_changes_the_digest_even_with_the_same_bytes(bench: Bench) -> None:
    same = torch.zeros_like(bench.dataset.faces)
    grey = replace(bench.dataset, faces=same.reshape(-1, 12, 4, 4))
    black = replace(bench.dataset, faces=same)
    assert bench.triples(black).digest != bench.triples(grey).digest
    assert bench.triples(grey).size == 4


def test_landmarks_do_not_change_the_digest(bench: Bench) -> None:
    """They are floats, whose last digits are another machine's own."""
    moved = replace(bench.dataset, points=bench.dataset.points + 1)
    assert bench.triples(moved) == bench.triples()


def test_the_reference_is_truth_then_fet_then_the_most() -> None:
    a, b = TriplesDigest("a" * 16, 30, 4, 96), TriplesDigest("b" * 16, 30, 4, 96)
    assert reference({"copy": a, "warp": a, "fet": a, "truth": b}) == b
    assert reference({"copy": a, "warp": a, "fet": b}) == b
    assert reference({"copy": b, "warp": a, "cgan": a}) == a
    assert reference({"copy": b, "warp": a}) == b


def test_the_sentence_about_what_is_left_out() -> None:
    assert left_out_sentence([]) == ""
    assert left_out_sentence(["fet"]).startswith("Left out: fet, which was scored on other triples")
    assert left_out_sentence(["warp", "copy"]).startswith("Left out: copy, warp, which were scored")
