"""Caffe's solvers on the device: twelve iterations of each golden, their losses and weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from converter.solver.solver import Solver
from scripts.benchmarks.tasks.waiting import dtype_of
from scripts.gpu_check.findings import Finding, Setting
from tests.formula_weights import hashed_uniform
from tests.places import GOLDENS

LAYERS = ("c1", "final", "ctx1", "ctx2")
BOUND = 1e-5
"""As tests/solver has it: float32 sums in another order."""


def run(setting: Setting) -> Iterator[Finding]:
    """A line a recipe."""
    dtype_of("float32")
    goldens = sorted((GOLDENS / "nets" / "solver").glob("*.npz"))
    for path in goldens[:2] if setting.quick else goldens:
        yield _followed(path, setting.device)


def _followed(path: Path, device: str) -> Finding:
    golden = np.load(path)
    solver = Solver.from_prototxt(path.with_name(f"{path.stem}_solver.prototxt"), device=device)
    blobs = {(layer, index): solver.net.blob_parameter(layer, index) for layer in LAYERS for index in (0, 1)}
    with torch.no_grad():
        for (layer, index), blob in blobs.items():
            blob.copy_(torch.from_numpy(golden[f"init:{layer}:{index}"]))
    losses, weights = [], [0.0]
    for iteration in range(12):
        losses.append(abs(solver.step(_batch(iteration, device)) - float(golden["loss"][iteration])))
        if iteration + 1 in (1, 5, 12):
            stored = {key: golden[f"iter{iteration + 1}:{key[0]}:{key[1]}"] for key in blobs}
            weights += [_error(blobs[key], wanted) for key, wanted in stored.items()]
    off = not max(*losses, *weights) < BOUND
    facts = {"error of losses": max(losses), "error of weights": max(weights)}
    return Finding(path.stem, facts, f"more than {BOUND:.0e}" if off else "")


def _batch(iteration: int, device: str) -> dict[str, torch.Tensor]:
    """What the golden was fed (scripts/goldens_maker/solver.py)."""
    data = hashed_uniform(f"x{iteration}", 660).reshape(2, 3, 10, 11) * np.float32(2) - np.float32(1)
    label = np.floor(hashed_uniform(f"l{iteration}", 220) * 4.4).reshape(2, 1, 10, 11).astype(np.float32)
    label[label == 4] = 255
    return {"data": torch.from_numpy(data).to(device), "label": torch.from_numpy(label).to(device)}


def _error(blob: torch.Tensor, wanted: np.ndarray) -> float:
    seen = blob.detach().cpu().numpy().reshape(wanted.shape)
    return float(np.abs(seen - wanted).max() / np.abs(wanted).max())
