"""A value with another one's gradient: no bit of the value is lost."""

import torch

from converter.modules.gradients import with_gradient_of


def test_a_small_value_beside_a_large_one_stays_as_it_is() -> None:
    value, other = torch.tensor([1e-20, 3.0]), torch.tensor([0.5, 1e15], requires_grad=True)
    found = with_gradient_of(value, other.square())
    assert torch.equal(found.detach(), value)
    found.sum().backward()
    assert other.grad is not None and torch.equal(other.grad, torch.tensor([1.0, 2e15]))
