"""Several processes that train one model, as `torchrun` starts them: shares of a batch, and means.

Each does its share of every batch. What is drawn for a batch is drawn for all of it, what is a mean
over a batch becomes one over all shares, and gradients are averaged in one message after each
backward pass, so that a curve is that of one process but for rounding. It is done by hand, as a
step goes to and fro between networks of which some stand still, and a wrapper around each
(`DistributedDataParallel`) counts on one forward and one backward pass."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn

from fet_core.errors import UserError

_LONGEST = timedelta(days=1)
"""How long a process waits for the others, of which the first looks at the test triples alone."""


@dataclass(frozen=True)
class Share:
    """Which part of every batch a process does.

    Attributes:
        rank: number of the process, from 0; the first is the one that writes.
        of: how many there are.
    """

    rank: int = 0
    of: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def own(self, whole: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        """The process's part of an array that is of a whole batch along `axis`."""
        if self.of == 1:
            return whole
        count = whole.shape[axis] // self.of
        part = slice(self.rank * count, (self.rank + 1) * count)
        return whole[(slice(None),) * axis + (part,)]


WHOLE = Share()
"""Everything."""


def here() -> Share:
    """The share of this process: everything, unless it is `joined` with others."""
    if not (dist.is_available() and dist.is_initialized()):
        return WHOLE
    return Share(dist.get_rank(), dist.get_world_size())


@contextmanager
def joined() -> Iterator[Share]:
    """Work together with the other processes that `torchrun` has started, where it has.

    Raises:
        UserError: another process has ended.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1 or "RANK" not in os.environ:
        yield WHOLE
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
    # gloo for what is on a CPU, NCCL for what is on a GPU.
    dist.init_process_group(timeout=_LONGEST)
    try:
        yield here()
    except RuntimeError as error:
        if "gloo" not in str(error) and not isinstance(error, dist.DistError):
            raise
        raise UserError(
            "another process of this training has ended; see what it says, and start all again"
        ) from error
    finally:
        dist.destroy_process_group()


def wait() -> None:
    """Wait until all processes are here."""
    if here().of > 1:
        largest(0)


def largest(number: int) -> int:
    """The largest of all processes' numbers; told by CPUs, so that no GPU is waited for."""
    if here().of == 1:
        return number
    told = torch.tensor(number)
    dist.all_reduce(told, dist.ReduceOp.MAX)
    return int(told)


def average(tensors: Iterable[Tensor]) -> None:
    """Make each tensor the mean of all processes', in one message."""
    share, tensors = here(), list(tensors)
    if share.of == 1 or not tensors:
        return
    with torch.no_grad():
        flat = torch.cat([one.reshape(-1) for one in tensors])
        dist.all_reduce(flat)
        parts = (flat / share.of).split([one.numel() for one in tensors])
        for one, part in zip(tensors, parts, strict=True):
            one.copy_(part.view(one.shape))


def means(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The means of all processes' scalars, by name."""
    if here().of == 1:
        return dict(values)
    copies = {name: value.clone() for name, value in values.items()}
    average(copies.values())
    return copies


def spread(nets: Iterable[nn.Module]) -> None:
    """Give all processes the first one's weights and buffers, to the bit."""
    if here().of > 1:
        for net in nets:
            for value in net.state_dict().values():
                dist.broadcast(value, 0)


def share_out(net: nn.Module) -> None:
    """Let layers that know their batch know all of it: BatchNorm's statistics, dropout's draws."""
    for module in net.modules():
        if type(module) is nn.Dropout:
            module.__class__ = SharedDropout
        elif type(module) is nn.BatchNorm2d and here().of > 1:
            module.__class__ = SharedBatchNorm


class SharedDropout(nn.Dropout):
    """Dropout that draws for the whole batch, in one order whatever its layout in memory."""

    def forward(self, input: Tensor) -> Tensor:
        """As `nn.Dropout`; on a CPU with its very draws."""
        if not self.training or not self.p:
            return input
        share, count = here(), len(input)
        whole = input.new_empty(share.of * count, *input.shape[1:]).bernoulli_(1 - self.p)
        return input * whole[share.rank * count :][:count].div(1 - self.p)


class SharedBatchNorm(nn.BatchNorm2d):
    """BatchNorm whose statistics are those of the whole batch; `nn.SyncBatchNorm` wants a GPU."""

    def forward(self, input: Tensor) -> Tensor:
        """As `nn.BatchNorm2d`."""
        if not self.training:
            return super().forward(input)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        value = input.float()
        var, mean = torch.var_mean(value, (0, 2, 3), correction=0)
        told = _Gathered.apply(torch.stack([mean, var]))
        mean = told[:, 0].mean(dim=0)
        var = (told[:, 1] + (told[:, 0] - mean).square()).mean(dim=0)
        with torch.no_grad():
            count = len(told) * value.numel() / value.shape[1]
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * (count / (count - 1)), self.momentum)
        scale = self.weight * (var + self.eps).rsqrt()
        mean, scale, bias = (one[None, :, None, None] for one in (mean, scale, self.bias))
        return ((value - mean) * scale + bias).to(input.dtype)


class _Gathered(torch.autograd.Function):
    """All processes' tensors [K, …] as [processes, K, …]; gradients go back to their owners."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        """Everybody adds theirs to zeros."""
        share = here()
        told = own.new_zeros(share.of, *own.shape)
        told[share.rank] = own
        dist.all_reduce(told)
        return told

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """What all processes' losses say of this one's tensor."""
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total[here().rank]
