"""Caffe's update rules on a device that is not there."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from converter.solver.optimizers import SGD, SOLVERS
from tests.fake_device import fake_cuda


class Reads(TorchDispatchMode):
    """Counts the numbers that the host reads of tensors one by one; a list of them is copied as a whole."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("regularization", ["L1", "L2"])
@pytest.mark.parametrize("name", SOLVERS)
def test_an_update_stays_on_the_device(name, regularization):
    with fake_cuda():
        weights = [torch.zeros(3, device="cuda:0").requires_grad_(), torch.zeros(2, device="cuda:0")]
        weights[0].grad = torch.ones(3, device="cuda:0")
        optimizer = SOLVERS[name](weights, 0.1, weight_decay=0.01, regularization=regularization, iter_size=2)
        for _ in range(2):
            optimizer.step()

    assert {str(memory.device) for weight in weights for memory in optimizer.history(weight)} == {"cuda:0"}


def test_clipping_reads_no_number_by_itself_but_all_at_once():
    """Norm of the gradients (3, 0) and (0, 4): 5; clipped to 1, every gradient is a fifth."""
    weights = [torch.zeros(2, requires_grad=True) for _ in range(2)]
    weights[0].grad, weights[1].grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
    optimizer = SGD(weights, 1.0, clip_gradients=1.0)

    with Reads() as reads:
        optimizer.step()

    assert reads.count == 0
    assert [value.tolist() for value in weights] == [[pytest.approx(-0.6), 0.0], [0.0, pytest.approx(-0.8)]]
