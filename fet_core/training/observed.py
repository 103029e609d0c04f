"""The part of every task that looks at its network: metrics and a grid, in eval mode."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from fet_core.training.optimisation import evaluating

Net = TypeVar("Net", bound=nn.Module)
Seen = TypeVar("Seen", bound=nn.Module, contravariant=True)


class Validation(Protocol[Seen]):
    """What is looked at after an epoch."""

    def metrics(self, net: Seen) -> dict[str, float]:
        """Of the network on the test triples."""
        ...

    def grid(self, net: Seen) -> NDArray[np.uint8]:
        """A picture [H, W, 3] of the fixed test triples."""
        ...


class Observed(Generic[Net]):
    """A network in training and what looks at it.

    Args:
        net: the network whose results count.
        validation: what looks at it.
    """

    def __init__(self, net: Net, validation: Validation[Net]) -> None:
        self.net = net
        self._validation = validation

    def validate(self) -> dict[str, float]:
        """Metrics on the test triples, in eval mode."""
        with evaluating(self.net):
            return self._validation.metrics(self.net)

    def grid(self) -> NDArray[np.uint8]:
        """The fixed test triples, in eval mode."""
        with evaluating(self.net):
            return self._validation.grid(self.net)
