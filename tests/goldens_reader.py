"""Reads what genuine Caffe answered (tests/goldens) and compares a module's blobs and gradients with it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

# Caffe computes in float32 with sums in BLAS order: a few rounding steps of the blob's largest value.
FORWARD_TOLERANCE = 2e-5
GRADIENT_TOLERANCE = 5e-5

_SPLIT = re.compile(r"^(?P<blob>.+)_[^_]+_\d+_split_\d+$")


@dataclass(frozen=True)
class GoldenCase:
    """One `NAME.prototxt` with its `NAME.npz` and, where the layer has blobs, its `NAME.caffemodel`."""

    prototxt: Path

    def __str__(self) -> str:
        return self.prototxt.stem

    @property
    def weights(self) -> Path | None:
        path = self.prototxt.with_suffix(".caffemodel")
        return path if path.exists() else None

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        with np.load(self.prototxt.with_suffix(".npz")) as stored:
            return dict(stored)

    def group(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays whose key starts with `prefix:`, by the rest of the key."""
        found = (key.partition(":") for key in self.arrays)
        return {name: self.arrays[f"{prefix}:{name}"] for kind, _, name in found if kind == prefix}

    @property
    def has_gradients(self) -> bool:
        return bool(self.group("dgrad") or self.group("wgrad"))


def golden_cases(folder: Path) -> list[GoldenCase]:
    """Every case of a folder, sorted by name."""
    return [GoldenCase(path) for path in sorted(folder.glob("*.prototxt")) if path.with_suffix(".npz").exists()]


def scaled_error(seen: np.ndarray, wanted: np.ndarray) -> float:
    """max |seen - wanted| over the largest wanted magnitude (1 where all wanted values are 0); inf if shapes differ."""
    if seen.shape != wanted.shape:
        return float("inf")
    if not wanted.size:
        return 0.0
    difference = np.abs(np.asarray(seen, np.float64) - np.asarray(wanted, np.float64)).max()
    return float("inf") if np.isnan(difference) else float(difference / (np.abs(wanted).max() or 1.0))


def written_blob(name: str) -> str:
    """The blob that a name stands for: Caffe's own copies (`x_layer_0_split_1`) are the blob they copy."""
    match = _SPLIT.match(name)
    return match["blob"] if match else name


def forward_errors(net, case: GoldenCase, inputs: Mapping | None = None) -> Iterator[tuple[str, float]]:
    """(key, scaled error) of every `out:` and, after it, every `after:` blob."""
    import torch

    with torch.no_grad():
        blobs = net.blobs(**(inputs or fed(case)))
    for name, wanted in case.group("out").items():
        yield f"out:{name}", scaled_error(blobs[written_blob(name)].cpu().numpy(), wanted)
    for name, wanted in case.group("after").items():
        layer, _, index = name.rpartition(":")
        yield f"after:{name}", scaled_error(net.blob_parameter(layer, int(index)).cpu().numpy(), wanted)


def gradient_errors(net, case: GoldenCase) -> Iterator[tuple[str, float]]:
    """(key, scaled error) of every `dgrad:` and `wgrad:`, seeded as Caffe was; what autograd leaves out counts as 0."""
    inputs = {name: tensor.requires_grad_(name in case.group("dgrad")) for name, tensor in fed(case).items()}
    net.zero_grad()
    backward(net, net.blobs(**inputs), case)
    for name, wanted in case.group("dgrad").items():
        yield f"dgrad:{name}", scaled_error(_gradient(inputs[name]), wanted)
    for name, wanted in case.group("wgrad").items():
        layer, _, index = name.rpartition(":")
        yield f"wgrad:{name}", scaled_error(_gradient(net.blob_parameter(layer, int(index))), wanted)


def fed(case: GoldenCase) -> dict:
    """The inputs as fresh tensors, float32."""
    import torch

    return {name: torch.from_numpy(array.copy()) for name, array in case.group("in").items()}


def backward(net, blobs: Mapping, case: GoldenCase) -> None:
    """Accumulate the gradients of the seeded tops and of the weighted losses."""
    import torch

    tops, seeds = [], []
    for name, seed in case.group("seed").items():
        tops.append(blobs[name])
        seeds.append(torch.from_numpy(seed))
    for name, weight in net.loss_weights.items():
        tops.append(blobs[name])
        seeds.append(torch.full_like(blobs[name], weight))
    pairs = [(top, seed) for top, seed in zip(tops, seeds, strict=True) if top.requires_grad]
    torch.autograd.backward([top for top, _ in pairs], [seed.to(top.device, top.dtype) for top, seed in pairs])


def beyond(errors: Iterable[tuple[str, float]], tolerance: float) -> dict[str, float]:
    """The errors above the tolerance, by key: empty where all is well."""
    return {key: error for key, error in errors if not error <= tolerance}


def _gradient(tensor) -> np.ndarray:
    return (tensor.grad if tensor.grad is not None else tensor.detach() * 0).numpy()
