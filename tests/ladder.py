"""Takes a case up the ladder: one prototxt, run by the converter and by the oracle on the same numbers."""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import converter
import reference
import tests.cases
from converter.pytorch.caffe_module import CaffeModule
from tests import tolerances
from tests.case import Case, Input, signed

# Beyond it lies only what an empty window holds, -FLT_MAX, and what is not finite.
FILLING = 1e30

Blobs = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Rung:
    """A case of a type, as a test's parameter."""

    type: str
    case: Case

    def __str__(self) -> str:
        return f"{self.type}[{self.case.name}]"


@dataclass(frozen=True, slots=True)
class Setup:
    """A case ready to run: the file, the module with its weights, and the same numbers for the oracle."""

    prototxt: Path
    module: CaffeModule
    inputs: Blobs
    weights: Mapping[str, Sequence[np.ndarray]] | None
    phase: str


def case_files() -> list[str]:
    """The names of the files that hold cases."""
    return sorted(info.name for info in pkgutil.iter_modules(tests.cases.__path__))


def rungs() -> list[Rung]:
    """Every case of every type."""
    modules = [importlib.import_module(f"tests.cases.{name}") for name in case_files()]
    return [Rung(case.type or module.TYPE, case) for module in modules for case in module.CASES]


def text_of(rung: Rung) -> str:
    """The prototxt of a case: an Input for each bottom, and the layer, named `it`."""
    fed = not set(rung.case.inputs) & set(rung.case.tops) or _in_place(rung)
    bottoms = rung.case.inputs if fed else {}
    lines = [
        f'layer {{ name: "in_{name}" type: "Input" top: "{name}" input_param {{ shape {{ {_dims(kind)} }} }} }}'
        for name, kind in bottoms.items()
    ]
    links = [*(f'bottom: "{name}"' for name in bottoms), *(f'top: "{name}"' for name in rung.case.tops)]
    return "\n".join([*lines, f'layer {{ name: "it" type: "{rung.type}" {" ".join(links)} {rung.case.body} }}', ""])


def _in_place(rung: Rung) -> bool:
    return "in place" in rung.case.name


def _dims(kind: Input) -> str:
    return " ".join(f"dim: {size}" for size in kind.shape)


def setup(rung: Rung, folder: Path, *, whole: bool = False, single: bool = False) -> Setup:
    """Draw a case's numbers (whole ones, or any; float32 if `single`) and give them to both programs."""
    prototxt = folder / "net.prototxt"
    prototxt.write_text(text_of(rung))
    shapes = {name: kind.shape for name, kind in rung.case.inputs.items()}
    stated = {name: shape for name, shape in shapes.items() if name in rung.case.tops and not _in_place(rung)}
    module = converter.load(prototxt, phase=rung.case.phase, inputs=stated)
    kind = torch.float32 if single else torch.float64
    module.to(kind)
    random = np.random.default_rng(zlib.crc32(str(rung).encode()))
    inputs = {name: _rounded(source.draw(random, whole), single) for name, source in rung.case.inputs.items()}
    count = len(module.plan.step("it").operator.blobs)
    own: list[np.ndarray] = []
    for index in range(count):
        slot = module.blob_parameter("it", index)
        drawn = rung.case.blobs.get(index, signed)(*slot.shape).draw(random, whole)
        own.append(_rounded(drawn, single))
    if own:
        module.set_blobs("it", own)
    return Setup(prototxt, module, inputs, {"it": [blob.copy() for blob in own]} if own else None, rung.case.phase)


def _rounded(values: np.ndarray, single: bool) -> np.ndarray:
    """The numbers as float64, exactly representable in float32 where that is what is tested."""
    return np.asarray(values, np.float32 if single else np.float64).astype(np.float64)


def expected(ready: Setup) -> dict[str, np.ndarray]:
    """Every blob by the oracle."""
    return reference.run(ready.prototxt, ready.weights, ready.inputs, phase=ready.phase)


def actual(ready: Setup, dtype: torch.dtype = torch.float64, device: str = "cpu") -> dict[str, np.ndarray]:
    """Every blob by the converter."""
    fed = {name: torch.from_numpy(np.array(value)).to(device, dtype) for name, value in ready.inputs.items()}
    with torch.no_grad():
        return {name: blob.to("cpu", torch.float64).numpy() for name, blob in ready.module.blobs(**fed).items()}


def differences(expected: Blobs, actual: Blobs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each blob's difference beside its expected value; 0 where both hold the same infinity, or NaN.

    Raises:
        AssertionError: other blobs, or other shapes.
    """
    assert sorted(actual) == sorted(expected)
    found = {}
    for name, wanted in expected.items():
        assert actual[name].shape == wanted.shape, f"{name}: {actual[name].shape} for {wanted.shape}"
        same = (actual[name] == wanted) | (np.isnan(actual[name]) & np.isnan(wanted))
        with np.errstate(invalid="ignore"):
            found[name] = np.where(same, 0.0, actual[name] - wanted), wanted
    return found


def diverging(ready: Setup, bound: float) -> dict[str, float]:
    """The blobs that differ in float64 by more than `bound` of their scale, with how much: empty where all is well."""
    found = {name: tolerances.scaled(*pair) for name, pair in differences(expected(ready), actual(ready)).items()}
    return {name: error for name, error in found.items() if not error <= bound}


def products(ready: Setup) -> int:
    """How many terms one value sums: counted where the layer says how many it multiplies, else all of a bottom."""
    step = ready.module.plan.step("it")
    counted = step.operator.multiply_adds(step.bottom_shapes, step.top_shapes)
    if counted:
        return -(-counted // max(1, min(int(np.prod(shape)) for shape in step.top_shapes)))
    return max((int(np.prod(shape)) for shape in step.bottom_shapes), default=0)


def magnitude(ready: Setup, wanted: Blobs) -> float:
    """The largest sum of magnitudes behind any value: the oracle's answer to the magnitudes of all that goes in.

    For a layer that is not a plain sum of products this is but the size of its numbers, so inputs and tops count too.
    """
    inputs = {name: np.abs(value) for name, value in ready.inputs.items()}
    weights = {name: [np.abs(blob) for blob in blobs] for name, blobs in (ready.weights or {}).items()} or None
    absolute = reference.run(ready.prototxt, weights, inputs, phase=ready.phase)
    sizes = [
        np.abs(blob[np.isfinite(blob) & (np.abs(blob) < 1e30)])
        for blobs in (absolute, wanted)
        for blob in blobs.values()
    ]
    return max((float(size.max(initial=0)) for size in sizes), default=0.0)
