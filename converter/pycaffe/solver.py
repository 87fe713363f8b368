"""`caffe.SGDSolver` and its kin: training step by step, on the project's own solver.

Source: src/caffe/solver.cpp, python/caffe/_caffe.cpp.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from time import perf_counter
from typing import Any, ClassVar

from converter.pycaffe import glog, mode
from converter.pycaffe.construction import check_file
from converter.pycaffe.errors import as_caffe_errors
from converter.pycaffe.net import Net
from converter.pycaffe.scores import net_scores, output_lines, run_test
from converter.pycaffe.solver_nets import parameter_message, test_records, train_record
from converter.solver.settings import SolverSettings, read_settings
from converter.solver.solver import Solver as Core

Path = str | os.PathLike[str]
Action = str
"""What a signal asks for: "none", "stop" or "snapshot"."""


class Solver:
    """A net in training with its test nets. Use one of the subclasses, or `get_solver`.

    Args:
        solver_file: the solver.prototxt; paths in it are relative to the working folder.

    Attributes:
        net: the training net.
        test_nets: the nets that are tested, with the training net's weights.
        param: the SolverParameter; setting `param.base_lr` changes the rate.

    Raises:
        CaffeError: the solver, its nets or weights do not read or fit.
    """

    kind: ClassVar[str] = ""

    def __init__(self, solver_file: Path) -> None:
        with as_caffe_errors():
            check_file(solver_file)
            settings = read_settings(solver_file)
            self._set_up(replace(settings, type=self.kind or settings.type), parameter_message(solver_file))

    @classmethod
    def of(cls, settings: SolverSettings, param: Any) -> Solver:
        """The solver of settings that were read, of their own type."""
        kind = next((one for one in cls.__subclasses__() if one.kind == settings.type), cls)
        solver = kind.__new__(kind)
        with as_caffe_errors():
            solver._set_up(settings, param)
        return solver

    def _set_up(self, settings: SolverSettings, param: Any) -> None:
        self.param = param
        self._base_lr = param.base_lr
        if settings.random_seed >= 0:
            mode.set_random_seed(settings.random_seed)
        state = settings.train_state
        self.net = Net._of_record(train_record(settings), "train", state.level, state.stages)
        self.test_nets = [Net._of_record(record, "test", *rest) for record, rest in test_records(settings)]
        for weights in settings.weights:
            glog.info("solver.cpp:72", f"Finetuning from {weights}")
            self.net.copy_from(weights)
        self.net._move_to(mode.device())
        for net in self.test_nets:
            net.share_with(self.net)
        self._core = Core(self.net.module, settings)
        self._callbacks: list[tuple[Callable[[], object], Callable[[], object]]] = []
        self._losses: deque[float] = deque(maxlen=max(1, settings.average_loss))
        self._stopped = False
        self._displayed = (0, perf_counter())
        self.requested_action: Callable[[], Action] = lambda: "none"

    @property
    def settings(self) -> SolverSettings:
        """What the solver.prototxt says."""
        return self._core.settings

    @property
    def iter(self) -> int:
        """Updates done so far."""
        return self._core.iteration

    @property
    def lr(self) -> float:
        """The learning rate of the next update."""
        self._follow_param()
        return self.settings.policy.rate(self._core.iteration, self._core.current_step)[0]

    def step(self, iters: int) -> None:
        """Train for a number of iterations, with tests, displays and snapshots where they are due.

        Raises:
            CaffeError: data that do not read, snapshots that cannot be written.
        """
        self._losses.clear()
        self._displayed = (self._displayed[0], perf_counter())
        end = self.iter + iters
        while self.iter < end and not self._is_stopped():
            self.net.clear_param_diffs()
            first = self.settings.test_initialization
            if self._is_due(self.settings.test_interval) and (self.iter or first):
                self.test_all()
            if not self._is_stopped():
                self._iterate()
                self._handle(self.requested_action())

    def solve(self, resume_file: Path | None = None) -> None:
        """Train to `max_iter`, from a snapshot where one is given.

        Raises:
            CaffeError: as `step` and `restore`.
        """
        glog.info("solver.cpp:289", f"Solving {self.net.module.facts.name}")
        glog.info("solver.cpp:290", f"Learning Rate Policy: {self.settings.policy.policy}")
        self._stopped = False
        if resume_file:
            glog.info("solver.cpp:296", f"Restoring previous solver status from {resume_file}")
            self.restore(resume_file)
        self.step(self.settings.max_iter - self.iter)
        every = self.settings.snapshot
        if self.settings.snapshot_after_train and not (every and self.iter % every == 0):
            self.snapshot()
        if self._is_stopped():
            glog.info("solver.cpp:311", "Optimization stopped early.")
            return
        if self._is_due(self.settings.display):
            self._losses.append(self.net._forward(0, len(self.net.layers) - 1))
            glog.info("solver.cpp:327", f"Iteration {self.iter}, loss = {fmean(self._losses):.6g}")
        if self._is_due(self.settings.test_interval):
            self.test_all()
        glog.info("solver.cpp:332", "Optimization Done.")

    def apply_update(self) -> None:
        """Move the parameters by their diffs, which hold the move afterwards, and count the iteration."""
        self._follow_param()
        self.net._parameters.write_back()
        if self._is_due(self.settings.display):
            glog.info("sgd_solver.cpp:106", f"Iteration {self.iter}, lr = {self.lr:.6g}")
        before = [blob.tensor.detach().clone() for blob in self._core.blobs]
        self._core.update()
        for blob, old in zip(self._core.blobs, before, strict=True):
            if blob.tensor.grad is not None:
                blob.tensor.grad.copy_(old.sub_(blob.tensor.detach()))
        self.net._parameters.refresh()

    def snapshot(self) -> None:
        """Write weights and state under `snapshot_prefix`, with the iteration's number.

        Raises:
            CaffeError: they cannot be written.
        """
        self.net._parameters.write_back()
        word = "HDF5" if self.settings.snapshot_format == "HDF5" else "binary proto"
        with as_caffe_errors():
            model, state = self._core.snapshot()
        glog.info("solver.cpp:464", f"Snapshotting to {word} file {model}")
        glog.info("sgd_solver.cpp:273", f"Snapshotting solver state to {word} file {state}")

    def restore(self, state_file: Path) -> None:
        """Go on from a `.solverstate`, Caffe's or this project's, with the weights it names.

        Raises:
            CaffeError: a file that is not there or does not read, or of another net or solver type.
        """
        with as_caffe_errors():
            check_file(state_file)
            self._core.restore(state_file)
        self.net._parameters.refresh()

    def add_callback(self, on_start: Callable[[], object], on_gradients_ready: Callable[[], object]) -> None:
        """Call functions in every iteration: before the first pass, and when the gradients are there."""
        self._callbacks.append((on_start, on_gradients_ready))

    def share_weights(self, net: Net) -> None:
        """Let another net use the training net's weights."""
        net.share_with(self.net)

    def test_all(self) -> None:
        """Run every test net for its number of passes, and log their scores."""
        for number, (net, passes) in enumerate(zip(self.test_nets, self.settings.test_iter, strict=True)):
            glog.info("solver.cpp:347", f"Iteration {self.iter}, Testing net (#{number})")
            net.share_with(self.net)
            scores = run_test(net, passes)
            for line in output_lines("Test", scores):
                glog.info("solver.cpp:414", line)
            self._handle(self.requested_action())
            if self._stopped:
                glog.info("solver.cpp:396", "Test interrupted.")
                return

    def _iterate(self) -> None:
        """One update."""
        for on_start, _ in self._callbacks:
            on_start()
        last = len(self.net.layers) - 1
        total = 0.0
        for _ in range(self.settings.iter_size):
            total += self.net._forward(0, last)
            self.net._backward(last, 0)
        self._losses.append(total / self.settings.iter_size)
        if self._is_due(self.settings.display):
            self._display()
        for _, on_gradients_ready in self._callbacks:
            on_gradients_ready()
        self.apply_update()
        if self._is_due(self.settings.snapshot):
            self.snapshot()

    def _display(self) -> None:
        """Log the loss, the speed, and the training net's outputs."""
        before, since = self._displayed
        now = perf_counter()
        lapse = now - since
        speed = (self.iter - before) / (lapse or 1)
        text = f"({speed:.6g} iter/s, {lapse:.6g}s/{self.settings.display} iters), loss = {fmean(self._losses):.6g}"
        glog.info("solver.cpp:239", f"Iteration {self.iter} {text}")
        self._displayed = (self.iter, now)
        for line in output_lines("Train", net_scores(self.net)):
            glog.info("solver.cpp:258", line)

    def _is_due(self, interval: int) -> bool:
        return bool(interval) and self.iter % interval == 0

    def _is_stopped(self) -> bool:
        return self._stopped

    def _handle(self, action: Action) -> None:
        """Do what a signal asked for."""
        if action == "snapshot":
            self.snapshot()
        elif action == "stop":
            self._stopped = True

    def _follow_param(self) -> None:
        """A rate that a script set in `param` counts from now on."""
        if self.param.base_lr != self._base_lr:
            self._base_lr = self.param.base_lr
            policy = replace(self.settings.policy, base_lr=self._base_lr)
            self._core.settings = replace(self.settings, policy=policy)
