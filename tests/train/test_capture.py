"""No step of a training asks for a number on the host, nor has a shape that depends on numbers.

A GPU would be waited for in each such place, and a CUDA graph could not be made of the step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import every_task
import pyarrow as pa
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from fet_core.acceleration import VARIABLE, Acceleration
from fet_core.data.dataset import Dataset

ASKING = (
    "_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "nonzero_numpy", "argwhere",
    "masked_select", "_unique", "_unique2", "unique_dim", "unique_consecutive", "bincount",
    "_linalg_check_errors", "linalg_solve", "linalg_inv", "_assert_async",
)  # fmt: skip
"""Operators of aten whose result has to be known on the host before anything goes on."""


class NothingAsked(TorchDispatchMode):
    """Refuses what a GPU would be waited for."""

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = function.overloadpacket.__name__
        chosen = [*args[1]] if name in ("index", "index_put", "index_put_") else []
        by_value = any(one is not None and one.dtype == torch.bool for one in chosen)
        if by_value or name in ASKING:
            raise AssertionError(f"a step asks for {function}")
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "asks",
    [
        lambda x: x.sum().item(),
        lambda x: float(x.sum()),
        lambda x: bool((x > 0).all()),
        lambda x: x[x > 0],
        lambda x: (x > 0).nonzero(),
        lambda x: x.unique(),
        lambda x: torch.linalg.inv(x),
        lambda x: torch.linalg.solve(x, x),
        lambda x: x.index_put_((x > 0,), torch.ones(())),
        lambda x: "a" if x.sum() > 0 else "b",
    ],
)
def test_the_mode_would_find_it(asks: Callable[[torch.Tensor], Any]) -> None:
    with pytest.raises(AssertionError, match="asks for"), NothingAsked():
        asks(torch.eye(3))


@pytest.mark.parametrize("name", every_task.NAMES)
def test_no_step_waits_for_a_gpu(
    name: str, dataset: Dataset, samples: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fet_core.train.plus._PAIRS_OF_PICTURES", 40)
    monkeypatch.setenv(VARIABLE, "force")
    made = Acceleration.of(torch.device("cpu"))
    # What is compiled is not seen by the mode.
    plain = replace(made, backend=None)
    monkeypatch.setattr(Acceleration, "of", classmethod(lambda cls, device: plain))
    task, schedule = every_task.build(name, dataset, samples), every_task.schedule(name, samples)
    for step in range(2):
        with NothingAsked():
            losses = task.step(schedule.batch(step))
    assert all(value.ndim == 0 and torch.isfinite(value) for value in losses.values())


class NothingFetched(TorchDispatchMode):
    """Refuses what mixes devices, and copies that a GPU would be waited for."""

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
        devices = {one.device.type for one in given if one.ndim or one.device.type != "cpu"}
        goes = torch.device(kwargs.get("device") or "cpu").type == "meta"
        if len(devices) > 1 or (goes and "cpu" in devices and not kwargs.get("non_blocking")):
            raise AssertionError(f"a step fetches something for {function}")
        return function(*args, **kwargs)


@pytest.mark.parametrize(
    "fetches",
    [
        lambda x: x.index_select(0, torch.arange(2)),
        lambda x: x + torch.arange(3.0),
        lambda x: torch.ones(3).to(x.device),
        lambda x: x.copy_(torch.ones(3, 3)),
    ],
)
def test_the_other_mode_would_find_it(fetches: Callable[[torch.Tensor], Any]) -> None:
    with pytest.raises(AssertionError, match="fetches"), NothingFetched():
        fetches(torch.ones(3, 3, device="meta"))


@pytest.mark.parametrize("name", every_task.NAMES)
def test_all_that_a_step_makes_is_where_the_networks_are(
    name: str, dataset: Dataset, samples: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the device meta, which keeps no numbers, and is no CPU."""
    monkeypatch.setattr("fet_core.train.plus._PAIRS_OF_PICTURES", 40)
    moved = replace(dataset)
    task = every_task.build(name, moved, samples)
    for field in fields(Dataset):
        object.__setattr__(moved, field.name, getattr(moved, field.name).to("meta"))
    for part in (*task.nets.values(), getattr(task, "_fusion", None)):
        if part is not None:
            part.to("meta")
    if name == "transfer":
        # Φ, which the condition is made with.
        inspect.getclosurevars(task._condition).nonlocals["frozen"].to("meta")
    for people in (getattr(task, at, None) for at in ("_identities", "_people")):
        held = vars(people) if people else {}
        held.update({at: x.to("meta") for at, x in held.items() if isinstance(x, torch.Tensor)})
    batch = every_task.schedule(name, samples).batch(0)
    with NothingFetched():
        losses = task.step(batch)
    assert {value.device.type for value in losses.values()} == {"meta"}
