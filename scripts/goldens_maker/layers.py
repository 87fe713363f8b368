"""goldens/layers and goldens/forks: one layer, forward and backward, fed what the stored case was fed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.build import missing_types
from goldens_maker.golden import Golden, copy_beside, write


def make(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """Every case of a folder; one whose layers this build lacks is told and left out."""
    copy_beside(stored, target, "*.prototxt", "*.caffemodel")
    for prototxt in sorted(stored.glob("*.prototxt")):
        lacking = missing_types(caffe, prototxt)
        if lacking:
            yield f"{prototxt.stem}: left out, this build has no {', '.join(lacking)}"
            continue
        golden = Golden(prototxt.with_suffix(".npz"))
        yield write(target / f"{prototxt.stem}.npz", answers(caffe, prototxt, golden))


def answers(caffe: ModuleType, prototxt: Path, golden: Golden) -> dict[str, np.ndarray]:
    """A case's arrays, in the stored one's order."""
    weights = prototxt.with_suffix(".caffemodel")
    given = (str(prototxt), str(weights)) if weights.exists() else (str(prototxt),)
    net = caffe.Net(*given, caffe.TEST)
    for name, value in golden.of("in").items():
        net.blobs[name].data[...] = value
    net.forward()
    made = {f"in:{name}": value for name, value in golden.of("in").items()}
    made.update({f"out:{name}": _copy(net.blobs[name].data) for name in golden.of("out")})
    made.update({f"after:{name}": _copy(_parameter(net, name).data) for name in golden.of("after")})
    if golden.of("dgrad") or golden.of("wgrad"):
        made.update(_gradients(net, golden))
    return {key: made[key] for key in golden.arrays}


def _gradients(net, golden: Golden) -> dict[str, np.ndarray]:
    """What backward answers to the stored seeds; a loss keeps the seed that Caffe gave it, its weight."""
    for blobs in net.params.values():
        for blob in blobs:
            blob.diff[...] = 0
    for name, seed in golden.of("seed").items():
        net.blobs[name].diff[...] = seed
    net.backward()
    made = {f"seed:{name}": seed for name, seed in golden.of("seed").items()}
    made.update({f"dgrad:{name}": _copy(net.blobs[name].diff) for name in golden.of("dgrad")})
    made.update({f"wgrad:{name}": _copy(_parameter(net, name).diff) for name in golden.of("wgrad")})
    return made


def _parameter(net, name: str):
    """The blob that `LAYER:I` names."""
    layer, _, index = name.rpartition(":")
    return net.params[layer][int(index)]


def _copy(array: np.ndarray) -> np.ndarray:
    return np.array(array, np.float32)
