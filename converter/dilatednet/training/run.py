"""One call from a recipe to trained weights: opens or resumes a run's folder, trains, writes the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from converter.dilatednet.trained import NET, RESULT
from converter.dilatednet.training.checkpoint import Checkpoint, checkpoints, latest_checkpoint
from converter.dilatednet.training.distributed import Processes, init_process_group
from converter.dilatednet.training.initial_weights import initialize
from converter.dilatednet.training.log import LOG
from converter.dilatednet.training.loop import Run, RunOptions
from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.result import BEST, write_net, write_weights
from converter.dilatednet.training.run_record import claim_run
from converter.dilatednet.training.sources import Source, TrainingItems, feature_items, image_items
from converter.dilatednet.training.stages import StageNet, build_stage, topology_of
from converter.dilatednet.training.validation import Validation
from converter.dilatednet.zoo import find
from converter.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Start:
    """How a run begins: weights files, or none `from_scratch`.

    `resume` goes on where its folder holds a run; `afresh` deletes that run.
    """

    weights: tuple[str, ...] = ()
    from_scratch: bool = False
    resume: bool = False
    afresh: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run: `finished` is False where the signal `stopped_by` ended it.

    `weights` are those after `iteration` updates.
    """

    finished: bool
    iteration: int
    weights: Path | None
    first: bool = True
    stopped_by: int = 0


def train_stage(
    recipe: Recipe,
    source: Source,
    options: RunOptions,
    start: Start,
    *,
    device: str = "",
    tell: Callable[[str], None] = lambda _text: None,
    report: Callable[[str], None] = lambda _line: None,
    validation: tuple[Source, int] | None = None,
    on_request: Callable[[], None] = lambda: None,
) -> Outcome:
    """Train a stage into `options.folder`: `log.jsonl`, `made-by.json`, checkpoints, `weights.safetensors` and its net.

    Under torchrun every process calls this; the first one writes. `tell` receives notes for people,
    `report` losses where no bar shows them, and what is found on the `validation` pairs after every so many updates;
    `on_request` is called, out of a signal handler, when SIGINT or SIGTERM asks the run to stop.

    Raises:
        TrainingError: the folder holds a run and `resume` is not set, no weights to begin with, or the run diverged.
        DatasetError, ImageError, WeightsError, CaffemodelError: files that are bad or do not fit.
        OutputError: another recipe, other data or weights made the run to go on with, or the folder cannot be written.
    """
    recipe.check()
    with init_process_group(device) as processes:
        saved = _open(options, start, recipe, source, processes)
        torch.manual_seed(recipe.seed)
        net = build_stage(recipe, source.labels)
        _fill(net, recipe, start, saved, tell if processes.is_main else _ignore)
        run = Run(recipe, net, _items(source, recipe), options, processes, on_request=on_request, report=report)
        if validation is not None:
            run.validation = Validation(*validation, recipe.stage, topology_of(recipe).upsample)
        if processes.is_main:
            write_net(options.folder, net, recipe)
            if saved is not None:  # a kill may have come between a checkpoint and its weights
                net.net.load_state_dict(saved.weights)
                write_weights(options.folder, net, recipe, saved.iteration)
        finished = run.train(saved)
        return Outcome(finished, run.iteration, options.folder / RESULT, processes.is_main, run.stopped_by)


def _ignore(_text: str) -> None:
    """Say nothing."""


def _open(options: RunOptions, start: Start, recipe: Recipe, source: Source, processes: Processes) -> Checkpoint | None:
    """The checkpoint to go on from, if there is one; the folder exists afterwards, with a record of the run."""
    folder = options.folder
    if checkpoints(folder) and not (start.resume or start.afresh):
        message = f"this folder holds a run ({checkpoints(folder)[-1].name}); add --resume to go on, or name another"
        raise TrainingError(f"{message} (--afresh deletes it)", path=str(folder))
    if processes.is_main:
        if start.afresh:
            _forget(folder)
        begun = bool(checkpoints(folder))
        claim_run(folder, recipe, source, start.weights, begun=begun, precision=options.precision)
    processes.wait()
    return latest_checkpoint(folder)


def _forget(folder: Path) -> None:
    """Delete a run, so that another can begin in its folder."""
    for path in (*checkpoints(folder), folder / LOG, folder / RESULT, folder / BEST, folder / NET):
        path.unlink(missing_ok=True)


def _fill(net: StageNet, recipe: Recipe, start: Start, saved: Checkpoint | None, tell: Callable[[str], None]) -> None:
    """Fill a new net from the weights files, or leave it to be filled from a checkpoint."""
    if saved is not None:
        tell(f"going on after iteration {saved.iteration}")
        return
    for note in initialize(net, recipe, start.weights, from_scratch=start.from_scratch):
        tell(note)


def _items(source: Source, recipe: Recipe) -> TrainingItems:
    mean, classes = recipe.mean or find(recipe.model).label_set.mean, topology_of(recipe).classes
    if recipe.stage == "context":
        return TrainingItems(feature_items(source, recipe, classes), classes)
    return TrainingItems(image_items(source, recipe, mean, classes), classes)
