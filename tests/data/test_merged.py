"""Several data sets as one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from fet_core import tables
from fet_core.data.frames import merged_faces, merged_samples, merged_triples
from fet_core.data.samples import fixed_triples
from fet_core.data.training_triples import training_index
from fet_core.errors import UserError

Build = Callable[..., pa.Table]


def faces(count: int, channels: int, seed: int, size: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size, channels), dtype=np.uint8)


def test_grey_and_colour_stand_behind_each_other_in_colour() -> None:
    grey, colour = faces(2, 1, 0), faces(3, 3, 1)
    merged = merged_faces({"a": grey, "b": colour})
    assert merged.shape == (5, 8, 8, 3)
    assert merged.dtype == np.uint8
    for channel in range(3):
        np.testing.assert_array_equal(merged[:2, ..., channel], grey[..., 0])
    np.testing.assert_array_equal(merged[2:], colour)


def test_different_sizes_are_named() -> None:
    with pytest.raises(UserError, match=r"at different sizes \(a 8, b 16\)"):
        merged_faces({"a": faces(1, 1, 0), "b": faces(1, 3, 0, 16)})


@pytest.fixture
def parts(sample_table: Build) -> dict[str, pa.Table]:
    """Two sets whose people have the same names, of 12 and 9 pictures."""
    return {
        "one": sample_table(people=4, test=(2, 3), flip=True),
        "two": sample_table(people=3, test=(1, 2)),
    }


def test_samples_point_at_the_pictures_of_their_own_set(parts: dict[str, pa.Table]) -> None:
    merged = merged_samples(parts, [12, 9]).to_pylist()
    own = [(name, row) for name, table in parts.items() for row in table.to_pylist()]
    assert len(merged) == len(own) == 12 + 6 + 9
    for row, (name, before) in zip(merged, own, strict=True):
        assert row["row"] == before["row"] + (12 if name == "two" else 0)
        for key in ("sample_id", "subject", "sequence"):
            assert row[key] == f"{name}/{before[key]}"
        for key in ("flipped", "expression", "gaze", "camera", "split", "points", "mean"):
            assert row[key] == before[key]
    assert len({row["subject"] for row in merged}) == 7


def test_no_training_triple_takes_target_and_truth_from_two_sets(
    parts: dict[str, pa.Table],
) -> None:
    merged = merged_samples(parts, [12, 9])
    subjects = merged["subject"].to_pylist()
    index = training_index(merged)
    truth = np.tile(index.usable, 20)
    drawn = index.draw(truth, np.random.default_rng(0).random((len(truth), 3)))
    assert all(subjects[a] == subjects[b] for a, b in zip(drawn.target, truth, strict=True))
    mixed = [subjects[a][:3] != subjects[b][:3] for a, b in zip(drawn.source, truth, strict=True)]
    assert any(mixed), "people of the other set are sources too"


def test_pairs_keep_to_their_set_and_are_numbered_anew(parts: dict[str, pa.Table]) -> None:
    triples = {name: fixed_triples(table, 0, 1, None, False) for name, table in parts.items()}
    samples = merged_samples(parts, [12, 9]).to_pylist()
    merged = merged_triples(triples, [table.num_rows for table in parts.values()])
    assert merged.schema.equals(tables.TRIPLES)
    rows = merged.to_pylist()
    assert [row["triple"] for row in rows] == list(range(len(rows)))
    own = [(name, row) for name, table in triples.items() for row in table.to_pylist()]
    assert len(rows) == len(own) > 0
    assert {name for name, _ in own} == {"one", "two"}
    for row, (name, before) in zip(rows, own, strict=True):
        plain = parts[name].to_pylist()
        for key in ("source", "reference", "target", "truth"):
            assert samples[row[key]]["sample_id"] == f"{name}/{plain[before[key]]['sample_id']}"
        assert row["target_subject"] == samples[row["target"]]["subject"]
        assert row["source_subject"] == samples[row["source"]]["subject"]
        assert row["expression"] == before["expression"]
