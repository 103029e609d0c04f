"""The trainings of all models on the tiny data set; no test itself."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import test_plus_tasks
import test_tasks

from fet_core.data.dataset import Dataset
from fet_core.data.training_triples import training_index
from fet_core.ranks import WHOLE, Share
from fet_core.train.checkpoint import Schedule

NAMES = (*test_tasks.TASKS, *test_plus_tasks.TASKS)


def build(name: str, dataset: Dataset, samples: pa.Table) -> Any:
    """A model in training."""
    if name in test_tasks.TASKS:
        return test_tasks.build(name, dataset)
    return test_plus_tasks.build(name, dataset, samples)


def schedule(name: str, samples: pa.Table, batch: int = 4, share: Share = WHOLE) -> Schedule:
    """Its batches."""
    return Schedule(training_index(samples, name == "g2gan"), batch, 0, share)
