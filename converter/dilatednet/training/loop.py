"""The training loop: batches in, updates, checkpoints and records out; goes on after any interruption.

Everything random is a function of the recipe's seed, the update's number and the process's rank, so that a run resumed
from a checkpoint takes the same steps as one that was never broken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from converter.dilatednet.training.batches import Schedule, batches
from converter.dilatednet.training.checkpoint import Checkpoint, save_checkpoint
from converter.dilatednet.training.distributed import Processes
from converter.dilatednet.training.divergence import Divergence
from converter.dilatednet.training.interruption import SIGNALS, StopRequest, stop_request
from converter.dilatednet.training.log import RunLog, is_told
from converter.dilatednet.training.loss import summed_loss
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.result import BEST, write_weights
from converter.dilatednet.training.sources import TrainingItems
from converter.dilatednet.training.stages import StageNet, build_optimizer
from converter.dilatednet.training.validation import Validation, best_so_far
from converter.errors import TrainingError
from converter.solver.optimizers import CaffeOptimizer

Precision: TypeAlias = Literal["fp32", "tf32", "bf16"]
Stream: TypeAlias = Iterator[tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a recipe is run, without a say in what comes out (but for rounding: `precision`, `channels_last`).

    `divergence_stop` False goes on at any loss that is a number.

    Raises:
        TrainingError: a count below its least.
    """

    folder: Path
    precision: Precision = "fp32"
    channels_last: bool = False
    workers: int = 0
    checkpoint_every: int = 2000
    keep: int = 3
    log_every: int = 20
    divergence_stop: bool = True

    def __post_init__(self) -> None:
        for name, least in (("checkpoint_every", 1), ("keep", 1), ("log_every", 1), ("workers", 0)):
            if getattr(self, name) < least:
                raise TrainingError(
                    f"{name} is {getattr(self, name)}; expected {least} or more; correct it", field=name
                )


@dataclass(slots=True)
class Run:
    """A stage in training; `iteration`, `position` and `current_step` say how far it is.

    `stopped_by` is the signal that ended it early, 0 where none did; `on_request` is called when that signal comes.
    `report` gets lines for people: losses where no bar shows them, and what `validation` finds.
    """

    recipe: Recipe
    net: StageNet
    items: TrainingItems
    options: RunOptions
    processes: Processes
    iteration: int = 0
    position: int = 0
    current_step: int = 0
    stopped_by: int = 0
    on_request: Callable[[], None] = lambda: None
    report: Callable[[str], None] = lambda _line: None
    validation: Validation | None = None
    _best: float = field(default=-1.0, init=False, repr=False)
    _request: StopRequest = field(default_factory=StopRequest, repr=False)
    _divergence: Divergence = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._divergence = Divergence(self.items.classes, self.options.divergence_stop)

    def train(self, resumed: Checkpoint | None = None) -> bool:
        """Train to the recipe's last iteration; False where SIGINT or SIGTERM came first (what was done is saved).

        Raises:
            TrainingError: the run diverged; the checkpoints written before are whole.
        """
        _set_precision(self.options.precision)
        layout = torch.channels_last if self.options.channels_last else torch.contiguous_format
        self.net.to(self.processes.device, memory_format=layout)  # type: ignore[call-overload]
        self.net.train()
        optimizer = build_optimizer(self.net.net, self.recipe)
        if resumed is not None:
            self._resume(resumed, optimizer)
        if self.validation is not None:
            self._best = best_so_far(self.options.folder, BEST, self.iteration)
        module = self.processes.wrap(self.net)
        with ExitStack() as stack:
            self._request = stack.enter_context(stop_request(self.on_request))
            log = stack.enter_context(RunLog(self.options.folder, self.iteration)) if self.processes.is_main else None
            self._loop(module, optimizer, log)
        return self.iteration >= self.recipe.iterations

    def _loop(self, module: torch.nn.Module, optimizer: CaffeOptimizer, log: RunLog | None) -> None:
        recipe, left = self.recipe, self.recipe.iterations - self.iteration
        schedule = Schedule(
            self.position, left * recipe.accumulate, recipe.batch, self.processes.rank, self.processes.count
        )
        stream = batches(self.items, schedule, self.processes, self.options.workers)
        quiet = None if self.processes.is_main else True
        with tqdm(total=recipe.iterations, initial=self.iteration, disable=quiet, unit="it") as bar:
            while self.iteration < recipe.iterations and not self.stopped_by:
                began = time.perf_counter()
                rate, loss = self._update(module, optimizer, stream)
                bar.set_postfix(loss=f"{loss:.4f}", rate=f"{rate:g}", refresh=False)
                bar.update()
                seconds = time.perf_counter() - began
                self._record(log, rate, loss, seconds)
                if bar.disable and self.processes.is_main and is_told(self.iteration, recipe.iterations):
                    self.report(f"{self._place()}: loss {loss:.4f}, rate {rate:g}, {seconds:.2f} s an update")
                self._save_when_due(optimizer)
                self._validate_when_due(log)

    def _update(self, module: torch.nn.Module, optimizer: CaffeOptimizer, stream: Stream) -> tuple[float, float]:
        """One update: `accumulate` passes, then a step; the rate it took, and the loss over all processes."""
        torch.manual_seed(_mix_seed(self.recipe.seed, self.iteration, self.processes.rank))
        optimizer.zero_grad(set_to_none=True)
        passes, total = self.recipe.accumulate, 0.0
        for index in range(passes):
            total += self._pass(module, *next(stream), last=index == passes - 1)
        loss = total / passes
        self._check_divergence(loss)
        rate, self.current_step = self.recipe.rates().rate(self.iteration, self.current_step)
        optimizer.set_rate(rate)
        optimizer.step()
        self.iteration += 1
        self.position += passes * self.processes.count * self.recipe.batch
        return rate, loss

    def _pass(self, module: torch.nn.Module, values: Tensor, labels: Tensor, *, last: bool) -> float:
        """Gradients of one batch; its loss over all processes' pixels that count (0 where none does)."""
        if self.options.channels_last:
            values = values.contiguous(memory_format=torch.channels_last)
        # DDP averages gradients at the last pass alone; the ones before add up where they are.
        waiting = module.no_sync() if self.processes.count > 1 and not last else nullcontext()  # type: ignore[operator]
        half = self.options.precision == "bf16"
        with waiting:
            with torch.autocast(self.processes.device.type, torch.bfloat16, enabled=half):
                logits = module(values)
            self._check_sizes(logits, labels)
            summed, count = summed_loss(logits, labels)
            stop = torch.tensor(self._request.counts(), device=count.device)
            shared = self.processes.all_reduce_sum(torch.cat([torch.stack([summed.detach(), count]), stop]))
            # The average over processes that DDP takes is undone, so that all pixels count alike.
            torch.autograd.backward(summed * (self.processes.count / shared[1].clamp(min=1)))
        total, pixels, *counts = shared.tolist()  # the one wait for the device in a pass
        asked = [number for number, count in zip(SIGNALS, counts, strict=True) if count]
        self.stopped_by = self.stopped_by or (asked[0] if asked else 0)
        return float(total / max(pixels, 1))

    def _check_sizes(self, logits: Tensor, labels: Tensor) -> None:
        if logits.shape[2:] != labels.shape[1:]:
            seen = f"{tuple(labels.shape[1:])} labels for {tuple(logits.shape[2:])} outputs"
            raise TrainingError(f"{seen}; expected equal sizes; check crop, label stride and features")

    def _check_divergence(self, loss: float) -> None:
        reason = self._divergence.reason(loss)
        if reason:
            raise self._divergence_error(reason)

    def _divergence_error(self, reason: str) -> TrainingError:
        rate = self.recipe.rate
        return TrainingError(
            f"iteration {self.iteration}: the run diverged: {reason}; start again with a tenth of the rate "
            f"(--rate {rate / 10:g} instead of {rate:g}), and make sure that labels are class indices and that weights "
            "were given; the newest checkpoint and its weights are kept",
            path=str(self.options.folder),
        )

    def _record(self, log: RunLog | None, rate: float, loss: float, seconds: float) -> None:
        due = self.iteration % self.options.log_every == 0 or self.iteration == self.recipe.iterations
        if log is not None and (due or self.iteration == 1):
            log.write(iteration=self.iteration, loss=loss, rate=rate, seconds=round(seconds, 4), items=self.position)

    def _place(self) -> str:
        return f"iteration {self.iteration:,} of {self.recipe.iterations:,}"

    def _validate_when_due(self, log: RunLog | None) -> None:
        """Measure where it is time, and keep the weights where they are the best so far."""
        due = self.validation and (
            self.iteration % self.validation.every == 0 or self.iteration == self.recipe.iterations
        )
        if self.validation is None or not due or self.stopped_by:
            return
        found = self.validation.measure(self.net, self.processes)
        is_best, self._best = found.mean_iou > self._best, max(found.mean_iou, self._best)
        if log is None:
            return
        log.write(iteration=self.iteration, val_loss=found.loss, val_mean_iou=found.mean_iou)
        if is_best:
            write_weights(self.options.folder, self.net, self.recipe, self.iteration, BEST, val_mean_iou=found.mean_iou)
        kept = f", the best so far, kept in {BEST}" if is_best else f" (best {self._best:.2f} %)"
        self.report(f"{self._place()}: validation loss {found.loss:.4f}, mean IoU {found.mean_iou:.2f} %{kept}")

    def _save_when_due(self, optimizer: CaffeOptimizer) -> None:
        due = self.iteration % self.options.checkpoint_every == 0
        if not (due or self.stopped_by or self.iteration == self.recipe.iterations):
            return
        if self.processes.is_main:
            self._save(optimizer)
        self.processes.wait()

    def _save(self, optimizer: CaffeOptimizer) -> None:
        """A checkpoint, then its weights for use; weights that are not finite replace none that are."""
        weights = self.net.net.state_dict()
        if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
            raise self._divergence_error("its weights are no longer finite numbers")
        state = Checkpoint(self.iteration, self.position, self.current_step, weights, optimizer.state_dict())
        save_checkpoint(self.options.folder, state, self.options.keep)
        write_weights(self.options.folder, self.net, self.recipe, self.iteration)

    def _resume(self, saved: Checkpoint, optimizer: CaffeOptimizer) -> None:
        """Take over a checkpoint's state."""
        self.net.net.load_state_dict(saved.weights)
        optimizer.load_state_dict(dict(saved.optimizer))
        self.iteration, self.position, self.current_step = saved.iteration, saved.position, saved.current_step


def _mix_seed(seed: int, iteration: int, rank: int) -> int:
    """One seed out of three numbers, for dropout's masks."""
    return int(np.random.SeedSequence((seed, iteration, rank)).generate_state(1, np.uint64)[0]) >> 1


def _set_precision(precision: Precision) -> None:
    """TF32 on GPUs only where asked for; crops are of one size, so that cuDNN's trials of its algorithms pay."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = precision != "fp32"
    torch.backends.cudnn.allow_tf32 = precision != "fp32"
