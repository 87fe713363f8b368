"""goldens/nets/solver: twelve iterations of every recipe, from the stored start, and Caffe's own snapshots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.golden import Golden, copy_beside, write
from tests.formula_weights import hashed_uniform

KEPT = (1, 5, 12)
_H5 = ("h5_solver.prototxt", "sgd_fast", 3)


def make(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """Every recipe; solvers name their files relative to the folder they run in."""
    copy_beside(stored, target, "*.prototxt")
    for path in sorted(stored.glob("*.npz")):
        golden = Golden(path)
        with _inside(target):
            solver = _started(caffe, f"{path.stem}_solver.prototxt", golden)
            made = _trained(solver, max(KEPT))
            solver.snapshot()
        made.update({f"init:{name}": array for name, array in golden.of("init").items()})
        yield write(target / path.name, {key: made[key] for key in golden.arrays})
    prototxt, recipe, iterations = _H5
    with _inside(target):
        solver = _started(caffe, prototxt, Golden(stored / f"{recipe}.npz"))
        _trained(solver, iterations)
        solver.snapshot()
    yield from sorted(path.name for path in target.glob("*_iter_*"))


def batch(iteration: int) -> tuple[np.ndarray, np.ndarray]:
    """Data (2, 3, 10, 11) in -1 to 1 and labels (2, 1, 10, 11) in 0 to 3 and 255 of one iteration, from 0."""
    data = hashed_uniform(f"x{iteration}", 660).reshape(2, 3, 10, 11) * np.float32(2) - np.float32(1)
    label = np.floor(hashed_uniform(f"l{iteration}", 220) * 4.4).reshape(2, 1, 10, 11).astype(np.float32)
    label[label == 4] = 255
    return data, label


def _started(caffe: ModuleType, prototxt: str, golden: Golden):
    solver = caffe.get_solver(prototxt)
    for name, value in golden.of("init").items():
        layer, _, index = name.rpartition(":")
        solver.net.params[layer][int(index)].data[...] = value
    return solver


def _trained(solver, iterations: int) -> dict[str, np.ndarray]:
    """Weights after the kept iterations, and every loss; with iter_size 2 Caffe sees the same batch twice."""
    made, losses = {}, []
    for iteration in range(iterations):
        solver.net.blobs["data"].data[...], solver.net.blobs["label"].data[...] = batch(iteration)
        solver.step(1)
        losses.append(float(solver.net.blobs["loss"].data))
        if iteration + 1 in KEPT:
            for layer, blobs in solver.net.params.items():
                for index, blob in enumerate(blobs):
                    made[f"iter{iteration + 1}:{layer}:{index}"] = np.array(blob.data, np.float32)
    made["loss"] = np.array(losses, np.float32)
    return made


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
