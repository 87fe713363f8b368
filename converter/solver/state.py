"""An optimizer's memory to and from Caffe's solver state, in Caffe's order.

Source: src/caffe/solvers/sgd_solver.cpp (SnapshotSolverState, RestoreSolverState).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from converter.errors import TrainingError
from converter.formats.solver_state import SolverState
from converter.solver.build import LearnableBlob
from converter.solver.optimizers import CaffeOptimizer


def to_state(
    optimizer: CaffeOptimizer, blobs: Sequence[LearnableBlob], iteration: int, current_step: int, learned_net: str
) -> SolverState:
    """The state after `iteration` updates; of rules with two histories all first ones stand before all second ones."""
    rounds = range(optimizer.histories)
    history = [optimizer.history(blob.tensor)[index] for index in rounds for blob in blobs]
    arrays = tuple(tensor.detach().cpu().float().numpy() for tensor in history)
    return SolverState(iteration, arrays, learned_net, current_step)


def restore_state(optimizer: CaffeOptimizer, blobs: Sequence[LearnableBlob], state: SolverState, path: str) -> None:
    """Put a state's history into the optimizer.

    Raises:
        TrainingError: another number of blobs, or another shape: the state is of another net or solver type.
    """
    expected = optimizer.histories * len(blobs)
    if len(state.history) != expected:
        message = f"{len(state.history)} history blobs; {type(optimizer).__name__} on this net has {expected}"
        raise TrainingError(f"{message}; restore it with the net and solver type it was saved from", path=path)
    for place, array in enumerate(state.history):
        which, blob = divmod(place, len(blobs))
        target = optimizer.history(blobs[blob].tensor)[which]
        if array.size != target.numel():
            message = f"history {place} of shape {array.shape}; layer {blobs[blob].layer!r} has {tuple(target.shape)}"
            raise TrainingError(f"{message}; restore it with the net it was saved from", path=path)
        target.copy_(torch.tensor(array).reshape(target.shape))
    for group in optimizer.param_groups:
        group["iteration"] = state.iteration
