"""Nets made into oneDNN's kernels, and their numbers beside the plain net's."""

import pytest
import torch
from torch import nn

from converter.fast import onednn_library
from converter.fast.onednn_library import KernelProgram, kernels
from converter.fast.patterns import graph_of
from converter.modules import combine

HERE = pytest.mark.skipif(bool(onednn_library.missing()), reason=f"the extra [onednn]: {onednn_library.missing()}")


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def image(seed=0, shape=(2, 16, 13, 12)):
    return torch.randn(shape, generator=draws(seed))


def program(net, x=None):
    """The net as kernels for inputs like x, its blob named ""."""
    torch.manual_seed(0)
    with torch.inference_mode():
        return KernelProgram(graph_of(nn.Sequential(net).eval()), [""], [image() if x is None else x])


def steps(made):
    """What the program does in a call, behind its inputs."""
    (lowered,) = made._idle[torch.get_num_threads()]
    return lowered.steps


def by_kernels(made):
    return all(isinstance(step, kernels._KernelStep) for step in steps(made))


def check(net, *, shape=(2, 16, 13, 12), rtol=1e-5, atol=1e-5):
    made = program(net, image(0, shape))
    for seed in (1, 2):
        x = image(seed, shape)
        with torch.inference_mode():
            torch.testing.assert_close(made.run([x])[""], net(x), rtol=rtol, atol=atol)
    return made


class Sums(nn.Module):
    """A sum whose second part is read once more behind it, and one whose second part is not."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third, self.fourth = (nn.Conv2d(16, 16, 3, padding=1) for _ in range(4))
        self.add, self.more, self.relu, self.join = combine.Sum(), combine.Sum(), nn.ReLU(), combine.Concat()

    def forward(self, x):
        kept = self.first(x)
        summed = self.relu(self.add(self.second(kept), kept))
        return self.join(self.more(self.fourth(self.third(summed)), summed), kept)
