"""The losses against closed forms and against sigmoid and logarithm in double precision."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fet_core.train import losses

LOGITS = st.lists(st.floats(-25, 25), min_size=1, max_size=9)


def test_an_undecided_discriminator() -> None:
    nothing = torch.zeros(2, 1, 30, 30)
    assert losses.discriminator(nothing, nothing).item() == pytest.approx(2 * math.log(2))
    assert losses.generator(nothing).item() == pytest.approx(math.log(2))


@given(real=LOGITS, fake=LOGITS)
def test_they_are_equations_3_and_7(real: list[float], fake: list[float]) -> None:
    r, f = (torch.tensor(values, dtype=torch.float64) for values in (real, fake))
    d_real, d_fake = torch.sigmoid(r), torch.sigmoid(f)
    wanted = -(d_real.log().mean() + (1 - d_fake).log().mean())
    torch.testing.assert_close(losses.discriminator(r, f), wanted, rtol=1e-4, atol=1e-9)
    torch.testing.assert_close(losses.generator(f), -d_fake.log().mean())


@pytest.mark.parametrize("logit", [-1e30, -200.0, 200.0, 1e30])
def test_huge_logits_stay_finite_with_their_gradients(logit: float) -> None:
    real = torch.tensor([logit], requires_grad=True)
    fake = torch.tensor([-logit], requires_grad=True)
    loss = losses.discriminator(real, fake) + losses.generator(fake)
    loss.backward()
    assert torch.isfinite(loss)
    assert real.grad is not None
    assert fake.grad is not None
    assert torch.isfinite(real.grad).all()
    assert torch.isfinite(fake.grad).all()


def test_their_signs() -> None:
    """A discriminator that is right has a small loss, a generator that fools it too."""
    yes, no = torch.tensor([4.0]), torch.tensor([-4.0])
    assert losses.discriminator(yes, no) < 0.1 < 5 < losses.discriminator(no, yes)
    assert losses.generator(yes) < 0.1 < 3 < losses.generator(no)


def test_the_mean_runs_over_patches() -> None:
    logits = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    parts = torch.stack([losses.generator(one) for one in logits.flatten()])
    torch.testing.assert_close(losses.generator(logits), parts.mean())


def test_l1_by_hand() -> None:
    a, b = torch.tensor([[0.0, 1.0], [-1.0, 1.0]]), torch.tensor([[0.5, 1.0], [1.0, 0.0]])
    assert losses.l1(a, b).item() == pytest.approx((0.5 + 0 + 2 + 1) / 4)
