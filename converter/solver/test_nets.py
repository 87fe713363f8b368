"""Test nets between a solver's iterations: the training net's weights, other data, averages over a number of passes.

Source: src/caffe/solver.cpp (InitTestNets, Test). Nets inside the solver file are not built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from converter.data.caffe_layers import LayerReader, layer_data, unstated_shapes
from converter.errors import TrainingError
from converter.files.named import allow_all_files
from converter.net.reading import read_net
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.loading import load
from converter.solver.named_nets import hide_content
from converter.solver.settings import NetState, SolverSettings


@dataclass(frozen=True, slots=True)
class Score:
    """One number of a test net's output blob, averaged over the passes; `weight` is the loss weight, 0 of no loss."""

    output: str
    value: float
    weight: float = 0.0


@dataclass(slots=True)
class TestNet:
    """A net in the test phase whose layers hold the training net's blobs; its data go on where the last test ended."""

    net: CaffeModule
    sources: list[LayerReader]
    passes: int
    _position: int = field(default=0)

    def scores(self) -> list[Score]:
        """Every number of every output, in Caffe's order, averaged over `passes` batches.

        Raises:
            ConversionError: data that do not read.
        """
        with torch.inference_mode():
            sums: list[tuple[str, Tensor]] = []
            for _ in range(self.passes):
                outputs = self.net(**self._batch())
                values = [(name, value.double().reshape(-1)) for name, value in outputs.items()]
                sums = [(name, a + b) for (name, a), (_, b) in zip(sums, values, strict=True)] if sums else values
        weights = self.net.loss_weights
        return [
            Score(name, float(value) / self.passes, weights.get(name, 0.0)) for name, total in sums for value in total
        ]

    def _batch(self) -> dict[str, Tensor]:
        like = next(self.net.parameters(), torch.empty(0))
        fed = {top: value for source in self.sources for top, value in source.inputs(self._position).items()}
        self._position += 1
        wanted = self.net.inputs
        return {top: torch.from_numpy(value).to(like.device) for top, value in fed.items() if top in wanted}


@allow_all_files()
def test_nets(settings: SolverSettings, train: CaffeModule) -> list[TestNet]:
    """The test nets that a solver names: each `test_net`, then the training net's file for every further `test_iter`.

    Raises:
        TrainingError: counts of test_iter, test_state and nets that do not fit, a test net inside the solver file.
        ConversionError: a net or its data layers do not read.
    """
    paths = list(_paths(settings))
    states = _states(settings, len(paths))
    return [_open_test_net(*one, settings, train) for one in zip(paths, settings.test_iter, states, strict=True)]


def _open_test_net(path: str, passes: int, state: NetState, settings: SolverSettings, train: CaffeModule) -> TestNet:
    seed, device = max(0, settings.random_seed), next(train.parameters(), torch.empty(0)).device
    with hide_content(path, settings.path):
        frozen = read_net(path, "test", stages=state.stages, level=state.level)
    shapes = unstated_shapes(frozen, seed)
    net = load(path, phase="test", stages=state.stages, level=state.level, seed=seed, inputs=shapes)
    net.adopt(train)
    sources = [layer_data(step.layer, seed) for step in net.plan.steps if step.operator.is_input]
    return TestNet(net.to(device), sources, passes)


def _states(settings: SolverSettings, count: int) -> tuple[NetState, ...]:
    """What each of `count` test nets' rules may ask for."""
    states = settings.test_states or (NetState(),) * count
    if len(states) != count:
        text = f"{len(states)} test_state for {count} test nets; give one each, or none"
        raise TrainingError(text, path=settings.path, field="test_state")
    if count and settings.test_interval < 1:
        text = "test_iter without test_interval; say after how many iterations to test, or remove test_iter"
        raise TrainingError(text, path=settings.path, field="test_interval")
    return states


def _paths(settings: SolverSettings) -> Iterator[str]:
    """One path for each `test_iter`."""
    named, count = settings.test_nets, len(settings.test_iter)
    if settings.test_net_records:
        text = "a test net stands inside the solver; write it to a file and name it with test_net"
        raise TrainingError(text, path=settings.path, field="test_net_param")
    if count < len(named) or (count > len(named) and not settings.generic):
        text = f"{count} test_iter for {len(named)} test nets; give one each"
        more = "" if settings.generic else " (further ones are for `net`, which this solver does not have)"
        raise TrainingError(text + more, path=settings.path, field="test_iter")
    yield from named
    yield from [settings.net] * (count - len(named))
