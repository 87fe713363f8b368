"""Caffe's training loop over a net: one object that holds net, optimizer and rate policy, and saves and restores them.

Source: src/caffe/solver.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from converter.data.caffe_layers import unstated_shapes
from converter.errors import TrainingError
from converter.files.named import allow_all_files
from converter.formats import weights as weights_files
from converter.formats.solver_state import read_solverstate, write_solverstate
from converter.net.reading import read_net
from converter.pytorch.caffe_module import CaffeModule
from converter.solver.build import build_optimizer, freeze, learnable_blobs
from converter.solver.named_nets import hide_content
from converter.solver.settings import SolverSettings, read_settings
from converter.solver.snapshots import load_blobs, save_blobs
from converter.solver.state import restore_state, to_state

Batch: TypeAlias = Mapping[str, Tensor]


class Solver:
    """A net in training.

    Attributes:
        net: the module; its parameters change in place.
        settings: what the solver.prototxt says.
        optimizer: Caffe's update rule over the net's blobs.
        iteration: updates done so far.
        current_step: multistep's place in its stepvalues.
        rate: the learning rate of the last update.
        notes: what weights did not fill, or had besides.
    """

    def __init__(self, net: CaffeModule, settings: SolverSettings) -> None:
        self.net = net
        self.settings = settings
        self.blobs = learnable_blobs(net)
        freeze(self.blobs)
        self.optimizer = build_optimizer(settings, self.blobs)
        self.iteration = 0
        self.current_step = 0
        self.rate = settings.policy.base_lr
        self.notes: list[str] = []
        self._tell_iteration()

    @classmethod
    @allow_all_files()
    def from_prototxt(
        cls,
        path: str | os.PathLike[str],
        weights: str | None = None,
        *,
        seed: int | None = None,
        device: torch.device | str = "cpu",
    ) -> Solver:
        """The solver that a solver.prototxt describes, with its net filled or loaded from `weights`, on `device`.

        Layers missing from the weights are filled as the prototxt says, layers that the net lacks (VGG's last ones,
        say) are left out, as in Caffe; `notes` lists both. The net and its data are read from wherever the files say.

        Raises:
            ConversionError: the solver, its net or the weights do not read or fit.
        """
        from converter.pytorch.loading import load

        settings = read_settings(path)
        if not settings.net:
            raise TrainingError("the net stands inside the solver; write it to a file and name it", path=str(path))
        seed = settings.random_seed if seed is None and settings.random_seed >= 0 else seed
        state = settings.train_state
        with hide_content(settings.net, settings.path):
            frozen = read_net(settings.net, "train", stages=state.stages, level=state.level)
        shapes = unstated_shapes(frozen, max(0, settings.random_seed))
        net = load(settings.net, phase="train", stages=state.stages, level=state.level, seed=seed, inputs=shapes)
        notes: list[str] = []
        for given in (weights,) if weights else settings.weights:
            notes += load_blobs(net, weights_files.read(given), partial=True)
        solver = cls(net.to(device), settings)
        solver.notes = notes
        return solver

    def step(self, batches: Batch | Sequence[Batch] | Callable[[], Batch]) -> float:
        """One update; returns the loss, averaged over the passes of iter_size.

        `batches`: the net's inputs by name, used for every pass; or one such mapping a pass; or a function that gives
        the next one.
        """
        self.optimizer.zero_grad()
        passes = self.settings.iter_size
        total = sum(self._pass(_next_batch(batches, index)) for index in range(passes))
        self.update()
        return total / passes

    def update(self) -> None:
        """Move the parameters by their gradients, summed over iter_size passes, and count the iteration."""
        self.rate, self.current_step = self.settings.policy.rate(self.iteration, self.current_step)
        self.optimizer.set_rate(self.rate)
        self.optimizer.step()
        self.iteration += 1
        self._tell_iteration()

    def _tell_iteration(self) -> None:
        """Tell modules that change with it (`at_iteration`) which iteration begins, and where training ends."""
        for module in self.net.modules():
            if callable(told := getattr(module, "at_iteration", None)):
                told(self.iteration, self.settings.max_iter)

    def _pass(self, batch: Batch) -> float:
        """Gradients of one batch, added to those there are."""
        loss = self.net.loss(self.net.blobs(**batch))
        torch.autograd.backward(loss)
        return float(loss.detach())

    def snapshot(self, prefix: str | os.PathLike[str] | None = None) -> tuple[str, str]:
        """Save weights and state as Caffe names them: `<prefix>_iter_<n>.caffemodel` and `.solverstate`.

        With `snapshot_format: HDF5` both end in `.h5` too. Returns the two paths.

        Raises:
            OutputError: they cannot be written.
        """
        stem = f"{os.fspath(prefix) if prefix is not None else self.settings.snapshot_prefix}_iter_{self.iteration}"
        ending = ".h5" if self.settings.snapshot_format == "HDF5" else ""
        model, state = f"{stem}.caffemodel{ending}", f"{stem}.solverstate{ending}"
        save_blobs(self.net, model)
        write_solverstate(state, to_state(self.optimizer, self.blobs, self.iteration, self.current_step, model))
        return model, state

    def restore(self, path: str | os.PathLike[str]) -> None:
        """Go on from a solver state of Caffe or of ours, with the weights it names.

        The weights are looked for where the state says, then beside the state.

        Raises:
            CaffemodelError: a file that does not read.
            TrainingError: a state of another net or solver type, or weights that are nowhere.
            WeightsError: weights of another net.
        """
        state = read_solverstate(path)
        model = _weights_of(state.learned_net, Path(path))
        if model is not None:
            load_blobs(self.net, weights_files.read(model))
        restore_state(self.optimizer, self.blobs, state, str(path))
        self.iteration, self.current_step = state.iteration, state.current_step
        self._tell_iteration()


def _next_batch(batches: Batch | Sequence[Batch] | Callable[[], Batch], index: int) -> Batch:
    if callable(batches):
        return batches()
    return batches if isinstance(batches, Mapping) else batches[index]


def _weights_of(named: str, state: Path) -> Path | None:
    """Where a state's weights are; None where it names none, as Caffe allows."""
    if not named:
        return None
    for candidate in (Path(named), state.parent / Path(named).name):
        if candidate.is_file():
            return candidate
    message = f"its weights {named!r} are neither there nor beside it; put the two files into one folder"
    raise TrainingError(message, path=str(state))
