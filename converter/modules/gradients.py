"""A value that has another one's gradient."""

from __future__ import annotations

from torch import Tensor


def with_gradient_of(value: Tensor, other: Tensor) -> Tensor:
    """The numbers of `value` to the last bit, the gradient of `other`, of the same shape and without infinities.

    `other + (value - other).detach()` is rounded as `other` is: to 0 where a small value stands beside a large one.
    """
    return value.detach() + (other - other.detach())
