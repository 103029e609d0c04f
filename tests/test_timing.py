"""What a training costs: every model takes steps on noise, and the sums are right."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
import torch

from fet_core import tables, timing
from fet_core.params import Params
from fet_core.paramsfile import load, overlaid
from fet_core.studies import open_study
from fet_core.timing import MODELS, Cost, Noise, make_task, measure, sentence, usable_samples

CPU = torch.device("cpu")


@pytest.fixture
def tiny(repository: Path) -> Params:
    return overlaid(load(repository / "params.yaml"), open_study("tiny").values)


def test_every_training_is_timed_at_the_sizes_of_the_params(tiny: Params) -> None:
    names = [*MODELS, "cgan", "pix2pix"]
    costs = dict(measure(tiny, CPU, names=names, most=2, seconds=1e6))
    assert list(costs) == names
    assert [cost.name for cost in costs.values()] == ["Φ", "Ω", "Φ+", "Ω+", "cgan", "pix2pix"]
    for name, cost in costs.items():
        options = timing.options_of(name, tiny)
        assert len(cost.seconds) == 2
        assert min(cost.seconds) > 0
        assert (cost.epochs, cost.batch_size) == (options.epochs, options.batch_size)
    noise = Noise.make(tiny.align.size, 3, CPU)
    weights = make_task("transfer", tiny, noise).nets["transfer"].state_dict().values()
    wide = tiny.model_copy(update={"transfer": tiny.transfer.model_copy(update={"width": 16})})
    more = make_task("transfer", wide, noise).nets["transfer"].state_dict().values()
    assert sum(w.numel() for w in more) > 2 * sum(w.numel() for w in weights)


def test_a_slow_step_is_timed_once(tiny: Params) -> None:
    ((_, cost),) = measure(tiny, CPU, names=["fusion_plus"], most=50, seconds=0.0)
    assert len(cost.seconds) == 1


def test_a_space_of_shapes_of_the_highest_rank_fits(tiny: Params) -> None:
    plus = tiny.fusion_plus.model_copy(update={"rank": 136})
    make_task("fusion_plus", tiny.model_copy(update={"fusion_plus": plus}), Noise.make(32, 1, CPU))


def test_steps_and_the_whole() -> None:
    cost = Cost("Φ", (9.0, 2.0, 1.0), epochs=400, batch_size=8)
    assert cost.step == 2.0
    assert (cost.steps(8), cost.steps(9), cost.steps(497)) == (400, 800, 400 * 63)
    assert cost.total(497) == 2.0 * 400 * 63
    assert sentence(cost, "rafd", 497, CPU) == (
        "Φ rafd: 2 s a step, 25,200 steps (400 epochs of 497 samples), 14 h on this CPU"
    )
    short = Cost("Φ+", (0.0058,), epochs=1, batch_size=64)
    assert sentence(short, "rafd", 64, torch.device("cuda")) == (
        "Φ+ rafd: 0.0058 s a step, 1 steps (1 epoch of 64 samples), 0 s on this GPU"
    )


def test_samples_that_can_be_a_truth(tmp_path: Path) -> None:
    assert usable_samples(tmp_path) is None
    rows = [
        {
            "sample_id": f"{who}{expression}", "row": 0, "flipped": False, "subject": who,
            "sequence": "", "expression": expression, "gaze": "frontal", "camera": "090",
            "split": "test" if who == "d" else "train", "points": [0.0] * 136,
                "mean": [0.0] * 136,
        }
        for who, shown in {"a": 2, "b": 2, "c": 1, "d": 2}.items()
        for expression in ("neutral", "happy")[:shown]
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, tables.SAMPLES)
    tables.write(tmp_path / "augment" / "samples.parquet", table, tables.SAMPLES)
    kind = {"reader": "rafd", "neutral_only": False}
    (tmp_path / "augment" / "kind.json").write_text(json.dumps(kind), encoding="utf-8")
    # One picture of c has no target beside it, and nobody is trained on d.
    assert usable_samples(tmp_path) == 4
