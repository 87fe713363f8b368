"""goldens/nets/identity and goldens/nets/fillers: what Caffe's fillers make of a weight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.golden import copy_beside, write


def make_identity(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """fyu's identity filler, exact but for the noise of those that carry `std`."""
    copy_beside(stored, target, "*.prototxt")
    made = {f"weight:{path.stem[-2:]}": _weight(caffe, path) for path in sorted(stored.glob("identity_*.prototxt"))}
    yield write(target / "identity.npz", made)


def make_fillers(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """The other fillers' statistics, and the bilinear one exactly."""
    copy_beside(stored, target, "*.prototxt")
    made = {}
    for path in sorted(stored.glob("filler_*.prototxt")):
        weight = _weight(caffe, path)
        made[f"stats:{path.stem[-2:]}"] = statistics(weight)
        made[f"rowsum:{path.stem[-2:]}"] = weight.reshape(weight.shape[0], -1).sum(axis=1)
    for path in sorted(stored.glob("bilinear_*.prototxt")):
        made[f"bilinear:{path.stem.partition('_')[2]}"] = _weight(caffe, path)
    yield write(target / "fillers.npz", made)


def statistics(weight: np.ndarray) -> np.ndarray:
    """Mean, standard deviation, least, largest, sum of magnitudes, share that is not zero: float64."""
    w = weight.astype(np.float64)
    return np.array([w.mean(), w.std(), w.min(), w.max(), np.abs(w).sum(), (w != 0).mean()])


def _weight(caffe: ModuleType, prototxt: Path) -> np.ndarray:
    if hasattr(caffe, "set_random_seed"):
        caffe.set_random_seed(1)
    return np.array(caffe.Net(str(prototxt), caffe.TEST).params["c"][0].data, np.float32)
