"""Two processes that share each batch train as one does: losses, weights and running statistics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import every_task
import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from fet_core import ranks, tables
from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.ranks import Share, SharedDropout

STEPS = 3

TOGETHER = """
import sys
from pathlib import Path

import torch

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(folder), str(folder.parent)]

import test_ranks
from fet_core import ranks

torch.set_num_threads(1)
with ranks.joined() as share:
    test_ranks.write(out, share)
"""


def states(name: str, dataset: Dataset, samples: pa.Table, share: Share) -> dict[str, torch.Tensor]:
    """What is left of a few steps: losses, weights and buffers."""
    task = every_task.build(name, dataset, samples)
    ranks.spread(task.nets.values())
    schedule = every_task.schedule(name, samples, 4, share)
    found = {}
    for step in range(STEPS):
        for key, value in ranks.means(task.step(schedule.batch(step))).items():
            found[f"{step} {key}"] = value
    for net, part in task.nets.items():
        found |= {f"{net} {key}": value for key, value in part.state_dict().items()}
    return found


def write(out: Path, share: Share) -> None:
    """What each process has in the end, in a file of its own."""
    from fet_core.train import plus

    plus._PAIRS_OF_PICTURES = 40
    samples = tables.read(out / "samples.parquet", tables.SAMPLES)
    dataset = Dataset.open(out / "faces.npy", samples, torch.device("cpu"))
    found = {name: states(name, dataset, samples, share) for name in every_task.NAMES}
    torch.save(found, out / f"{share.rank}.pt")


@pytest.fixture(scope="module")
def together(
    dataset: Dataset, samples: pa.Table, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, dict[str, torch.Tensor]]]:
    """What two processes have in the end."""
    out = tmp_path_factory.mktemp("ranks")
    tables.write(out / "samples.parquet", samples, tables.SAMPLES)
    np.save(out / "faces.npy", dataset.faces.permute(0, 2, 3, 1).numpy())
    (out / "together.py").write_text(TOGETHER, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(out / "together.py"), str(Path(__file__).parent)]
    done = subprocess.run([*command, str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [torch.load(out / f"{rank}.pt") for rank in (0, 1)]


@pytest.mark.parametrize("name", every_task.NAMES)
def test_two_processes_train_as_one_does(
    name: str,
    together: list[dict[str, dict[str, torch.Tensor]]],
    dataset: Dataset,
    samples: pa.Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fet_core.train.plus._PAIRS_OF_PICTURES", 40)
    alone = states(name, dataset, samples, ranks.here())
    one, other = (found[name] for found in together)
    assert alone.keys() == one.keys() == other.keys()
    for key, value in alone.items():
        # Processes that drift apart by a bit would drift on.
        assert torch.equal(one[key], other[key]), key
        torch.testing.assert_close(one[key], value, rtol=2e-3, atol=2e-4)


def test_shares_are_the_whole(dataset: Dataset, samples: pa.Table) -> None:
    whole = every_task.schedule("fusion", samples, 6).batch(3)
    parts = [every_task.schedule("fusion", samples, 6, Share(n, 3)).batch(3) for n in range(3)]
    for column in ("truth", "target", "source", "reference"):
        joined = np.concatenate([getattr(part, column) for part in parts])
        assert (joined == getattr(whole, column)).all()
    array = np.arange(24).reshape(2, 6, 2)
    found = [Share(n, 3).own(array, axis=1) for n in range(3)]
    assert (np.concatenate(found, axis=1) == array).all()


def test_a_batch_that_cannot_be_shared_is_refused(samples: pa.Table) -> None:
    with pytest.raises(UserError, match="a batch of 4 cannot be shared equally by 3 processes"):
        every_task.schedule("fusion", samples, 4, Share(0, 3))


def test_alone_nothing_is_shared() -> None:
    assert ranks.here() == Share(0, 1)
    with ranks.joined() as share:
        assert share == Share(0, 1)
    assert ranks.largest(3) == 3
    values = {"a": torch.ones(())}
    assert ranks.means(values)["a"] is values["a"]


def test_shared_dropout_draws_what_dropout_does() -> None:
    value = torch.randn(4, 3, 8, 8)
    torch.manual_seed(0)
    wanted = nn.Dropout(0.3)(value)
    torch.manual_seed(0)
    assert torch.equal(SharedDropout(0.3)(value), wanted)
    torch.manual_seed(0)
    other = value.contiguous(memory_format=torch.channels_last)
    assert torch.equal(SharedDropout(0.3)(other), wanted)
    assert torch.equal(SharedDropout(0.3).eval()(value), value)
