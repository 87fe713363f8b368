"""Caffe's program as functions: train, test, time, device_query.

Source: tools/caffe.cpp.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch

from converter.files.paths import split_paths
from converter.pycaffe import glog, mode
from converter.pycaffe.construction import check_file
from converter.pycaffe.errors import CaffeError, as_caffe_errors
from converter.pycaffe.layer_times import LayerTimes
from converter.pycaffe.net import Net
from converter.pycaffe.scores import Score, run_test, score_text
from converter.pycaffe.solver import Solver
from converter.pycaffe.solver_nets import parameter_message
from converter.pycaffe.timer import Timer
from converter.solver.settings import read_settings

_EFFECTS = ("stop", "snapshot", "none")


@dataclass(frozen=True, slots=True)
class Options:
    """The program's flags, named as there."""

    solver: str = ""
    model: str = ""
    weights: str = ""
    snapshot: str = ""
    gpu: str = ""
    phase: str = ""
    level: int = 0
    stage: str = ""
    iterations: int = 50
    sigint_effect: str = "stop"
    sighup_effect: str = "snapshot"

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages, one by one."""
        return tuple(part for part in self.stage.split(",") if part)

    def need(self, *names: str) -> None:
        """Refuse a call without one of these flags.

        Raises:
            CaffeError: one is missing.
        """
        for name in names:
            if not getattr(self, name):
                raise CaffeError(f"--{name} is missing; give the file")
        if self.iterations < 1:
            raise CaffeError(f"--iterations is {self.iterations}; expected 1 or more")


def train(options: Options) -> None:
    """Train by a solver, from its start, from weights or from a snapshot.

    Raises:
        CaffeError: flags that do not go together, or files that do not read or fit.
    """
    options.need("solver")
    if options.snapshot and options.weights:
        raise CaffeError("--snapshot and --weights together; a snapshot has its weights: give one of them")
    with as_caffe_errors():
        check_file(options.solver)
        settings = read_settings(options.solver)
    param = parameter_message(options.solver)
    gpu = options.gpu
    if not gpu and param.HasField("solver_mode") and param.solver_mode == param.GPU and torch.cuda.is_available():
        gpu = str(param.device_id)
    _select_device(gpu)
    state = settings.train_state
    state = replace(state, level=options.level or state.level, stages=(*state.stages, *options.stages))
    weights = settings.weights
    if options.snapshot or options.weights:
        weights = tuple(split_paths(options.weights)) if options.weights else ()
    solver = Solver.of(replace(settings, train_state=state, weights=weights), param)
    with _signals(options) as requests:
        solver.requested_action = requests.take
        if options.snapshot:
            glog.info("caffe.cpp:234", f"Resuming from {options.snapshot}")
            solver.restore(options.snapshot)
        glog.info("caffe.cpp:239", "Starting Optimization")
        solver.solve()
        glog.info("caffe.cpp:250", "Optimization Done.")


def test(options: Options) -> None:
    """Score a net with weights: its outputs of every pass, and their averages.

    Raises:
        CaffeError: files that do not read or fit.
    """
    options.need("model", "weights")
    _select_device(options.gpu)
    net = Net(options.model, 1, level=options.level, stages=options.stages)
    for path in split_paths(options.weights):
        net.copy_from(path)
    glog.info("caffe.cpp:281", f"Running for {options.iterations} iterations.")

    def each(number: int, scores: list[Score]) -> None:
        for name, value, _ in scores:
            glog.info("caffe.cpp:304", f"Batch {number}, {name} = {value:.6g}")

    scores = run_test(net, options.iterations, each)
    loss = sum(value * weight for _, value, weight in scores)
    glog.info("caffe.cpp:309", f"Loss: {loss:.6g}")
    for score in scores:
        glog.info("caffe.cpp:321", score_text(score))


def time(options: Options) -> None:
    """Measure passes of a net, as a whole and layer by layer.

    Raises:
        CaffeError: files that do not read.
    """
    options.need("model")
    phases = {"": 0, "TRAIN": 0, "TEST": 1}
    if options.phase not in phases:
        raise CaffeError(f"--phase is {options.phase}; expected TRAIN or TEST")
    _select_device(options.gpu)
    net = Net(options.model, phases[options.phase], level=options.level, stages=options.stages)
    last = len(net.layers) - 1
    glog.info("caffe.cpp:354", "Performing Forward")
    glog.info("caffe.cpp:359", f"Initial loss: {net._forward(0, last):.6g}")
    glog.info("caffe.cpp:360", "Performing Backward")
    net._backward(last, 0)
    glog.info("caffe.cpp:368", "*** Benchmark begins ***")
    glog.info("caffe.cpp:369", f"Testing for {options.iterations} iterations.")
    times = LayerTimes(net)
    for number in range(options.iterations):
        watch = Timer()
        watch.start()
        net._forward(0, last)
        net._backward(last, 0)
        watch.stop()
        times.total += watch.ms
        glog.info("caffe.cpp:397", f"Iteration: {number + 1} forward-backward time: {watch.ms:.6g} ms.")
    for line in times.lines(options.iterations):
        glog.info("caffe.cpp:400", line)


def device_query(options: Options) -> None:
    """Log what CUDA says of the devices that `--gpu` names; of all where it is "all".

    Raises:
        CaffeError: there is no such device.
    """
    for number in _devices(options.gpu):
        facts = torch.cuda.get_device_properties(number)
        table = {
            "Device id": number,
            "Major revision number": facts.major,
            "Minor revision number": facts.minor,
            "Name": facts.name,
            "Total global memory": facts.total_memory,
            "Number of multiprocessors": facts.multi_processor_count,
        }
        for name, value in table.items():
            glog.info("common.cpp:178", f"{name + ':':<31}{value}")


def _devices(gpu: str) -> list[int]:
    """The devices that a flag names.

    Raises:
        CaffeError: a number that no device has.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if gpu == "all":
        return list(range(count))
    words = [word for word in gpu.split(",") if word]
    if any(not word.isdigit() or int(word) >= count for word in words):
        raise CaffeError(f"--gpu {gpu}: {count} CUDA devices are there; leave --gpu out for the CPU")
    return [int(word) for word in words]


def _select_device(gpu: str) -> None:
    """Compute on the device that `--gpu` names.

    Raises:
        CaffeError: no such device, or several of them.
    """
    numbers = _devices(gpu)
    if len(numbers) > 1:
        raise CaffeError(f"--gpu {gpu}: several GPUs are not used at once here; give one, or train with torchrun")
    if not numbers:
        glog.info("caffe.cpp:197", "Use CPU.")
        mode.set_mode_cpu()
        return
    glog.info("caffe.cpp:204", f"Using GPUs {numbers[0]}")
    mode.set_device(numbers[0])
    mode.set_mode_gpu()


@dataclass(slots=True)
class _Requests:
    """What signals have asked for since it was last taken."""

    actions: list[str] = field(default_factory=list)

    def take(self) -> str:
        """The oldest action; "none" where there is none."""
        return self.actions.pop(0) if self.actions else "none"


@contextmanager
def _signals(options: Options) -> Iterator[_Requests]:
    """SIGINT and SIGHUP ask for what the flags say, while the body runs.

    Raises:
        CaffeError: no such effect.
    """
    requests = _Requests()
    effects = {signal.SIGINT: options.sigint_effect, signal.SIGHUP: options.sighup_effect}
    for number, action in effects.items():
        if action not in _EFFECTS:
            flag = f"--{number.name.lower()}_effect"
            raise CaffeError(f"{flag} is {action!r}; expected {', '.join(_EFFECTS)}")
    before = {
        number: signal.signal(number, lambda *_, action=action: requests.actions.append(action))
        for number, action in effects.items()
    }
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
