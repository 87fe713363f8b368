"""Runs a net in torch and in the oracle (or against stored blobs) on one input and compares every blob."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch

import reference
from converter.errors import ComparisonError, ConversionError, ShapeError
from converter.files.mapping import map_file
from converter.formats import weights as weights_files
from converter.formats.detect import format_of
from converter.formats.weights.keys import by_key
from converter.net.net import Net
from converter.net.reading import read_net
from converter.plan.plan import Plan, build_plan
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.loading import blob_counts, weights_of
from converter.verify.inputs import model_of
from converter.verify.stored_blobs import StoredBlobs, sample
from reference.compare import BASE, Comparison, compare
from reference.lineage import Lineage, lineage

Array: TypeAlias = "np.ndarray[Any, Any]"
Path: TypeAlias = str | os.PathLike[str]
OracleWeights: TypeAlias = "str | Mapping[str, Array] | Mapping[str, Sequence[Array]]"

# Relative rounding of one sum: float64 as the oracle's own, float32 by reference.compare's reasoning, the short types
# by four times their unit roundoff (2^-11, 2^-9): both operands of a product, the bias and the stored sum are rounded.
BASES: dict[str, float] = {"float64": 1e-14, "float32": BASE, "float16": 2e-3, "bfloat16": 8e-3}


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: what was compared with what, and the two sides' end blobs for those who want to look."""

    title: str
    comparison: Comparison
    expected: Mapping[str, Array]
    actual: Mapping[str, Array]


class Verifier:
    """A net and its weights, read once by the converter and once by the oracle, to be run on any number of inputs.

    Args:
        prototxt: the net.
        weights: its weights; None fills both sides with the converter's drawing of the fillers.
        device: where the converter runs.
        dtype: float32, float64, bfloat16 or float16.
        allow_unknown: go on past fields that nobody reads.
        seed: of the fillers.

    Raises:
        ConversionError: what either reader objects to.
    """

    def __init__(
        self,
        prototxt: Path,
        weights: Path | None,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        allow_unknown: bool = False,
        seed: int = 0,
    ) -> None:
        self.prototxt, self.weights = os.fspath(prototxt), None if weights is None else os.fspath(weights)
        self.device, self.dtype = device, dtype
        self.net: Net = read_net(prototxt, allow_unknown=allow_unknown)
        stored = None if weights is None else weights_files.read(weights)
        counts = blob_counts(stored)
        self._counts = counts
        self.plan: Plan = build_plan(self.net, allow_unknown=allow_unknown, stored_blobs=counts)
        given = weights_of(self.plan, stored, allow_unused=allow_unknown, seed=seed)
        self._allow_unknown, self._filled = allow_unknown, given.arrays
        self.module = CaffeModule.of(self.plan, given, given.notes).eval().to(device, getattr(torch, dtype))
        if device.startswith("cuda") and dtype == "float32":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    @cached_property
    def oracle(self) -> reference.Net:
        """The net as the oracle reads it."""
        with _as_conversion_error():
            return reference.read_net(self.prototxt, allow_unknown=self._allow_unknown)

    @cached_property
    def lines(self) -> dict[str, Lineage]:
        """How deep each blob lies, for the tolerance."""
        with _as_conversion_error():
            return lineage(self.oracle)

    def oracle_weights(self) -> OracleWeights:
        """What the oracle reads: the file itself, but for a .pth, which torch alone reads: its arrays by key."""
        if self.weights is None:
            return {name: list(blobs) for name, blobs in self._filled.items()}
        saved = _arrays_of_torch(self.weights)
        return self.weights if saved is None else saved

    def check_inputs(self, inputs: Mapping[str, Array]) -> None:
        """Refuse inputs of a shape that the net cannot take, before anything runs.

        Raises:
            ShapeError: the first layer that an input does not fit.
        """
        shapes = {name: tuple(array.shape) for name, array in inputs.items()}
        if shapes == dict(self.plan.inputs):
            return
        other = build_plan(self.net, shapes, allow_unknown=True, stored_blobs=self._counts)
        for step, own in zip(other.steps, self.plan.steps, strict=True):
            wanted, held = ([blob.shape for blob in side.operator.blobs] for side in (step, own))
            if wanted != held:
                fed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
                text = f"inputs {fed} would need weights {wanted}; it has {held}; feed what the net was made for"
                raise ShapeError(f"layer {step.layer.name!r}: {text}", path=self.prototxt, layer=step.layer.name)

    def blobs(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Every blob as the converter computes it: float64 where it does so, else float32, which holds all the rest."""
        return _run(self.module, inputs, self.device, self.dtype)

    def expected(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Every blob as the oracle computes it, float64."""
        with _as_conversion_error():
            return reference.run(self.oracle, self.oracle_weights(), inputs)

    def check(self, inputs: Mapping[str, Array], *, model: str | None = None) -> list[Check]:
        """The converter against the oracle; with `model`, the hand-written DilatedNet of that name too."""
        expected, actual = self.expected(inputs), self.blobs(inputs)
        checks = [self._compared("CaffeModule against the oracle", expected, actual)]
        if model is not None:
            own = self._idiomatic(model, inputs)
            shared = {name: blob for name, blob in expected.items() if name in own}
            checks.append(self._compared(f"DilatedNet {model} against the oracle", shared, own))
            shared = {name: blob for name, blob in actual.items() if name in own}
            checks.append(self._compared(f"DilatedNet {model} against CaffeModule", shared, own))
        return checks

    def against(self, inputs: Mapping[str, Array], stored: StoredBlobs) -> Check:
        """The converter against blobs that another program stored.

        Raises:
            ComparisonError: a blob is missing, has no place in the net, or has another shape.
        """
        actual = {name: blob for name, blob in self.blobs(inputs).items() if name not in self.plan.inputs}
        _check_names(actual, stored)
        for name, shape in stored.shapes.items():
            if name in actual and actual[name].shape != shape:
                raise ComparisonError(
                    f"{name}: shape {shape} stored, the net makes {actual[name].shape}", path=stored.path
                )
        expected = {name: blob for name, blob in stored.blobs.items() if name in actual}
        seen = {name: actual[name] for name in expected}
        for name, values in stored.samples.items():
            if name not in expected and name in actual:
                expected[name], seen[name] = values, sample(actual[name], values.size)
        for name, blob in expected.items():
            if blob.shape != seen[name].shape:
                raise ComparisonError(
                    f"{name}: shape {blob.shape} stored, the net makes {seen[name].shape}", path=stored.path
                )
        return self._compared(f"CaffeModule against {os.path.basename(stored.path)}", expected, seen)  # noqa: PTH119

    def writer(self, blob: str) -> str:
        """The layer that first writes a blob (in-place layers write it again)."""
        return next((layer.name for layer in self.net.layers if blob in layer.tops), "")

    def _compared(self, title: str, expected: Mapping[str, Array], actual: Mapping[str, Array]) -> Check:
        with _as_conversion_error():
            order = [name for name in self.plan.shapes if name in expected or name in actual]
            ends = [name for name in self.net.outputs if name in expected]
            found = compare(expected, actual, order, ends=ends, lines=self.lines, base=BASES[self.dtype])
        return Check(title, found, _only(expected, self.net.outputs), _only(actual, self.net.outputs))

    def _idiomatic(self, model: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        from converter.dilatednet.loading import load

        if self.weights is None:
            raise ComparisonError("--model needs weights; give a caffemodel")
        module = load(model, self.weights, device=self.device, dtype=getattr(torch, self.dtype))
        (x,) = inputs.values()
        return _run(module, {"x": x}, self.device, self.dtype)


def _arrays_of_torch(path: str) -> dict[str, Array] | None:
    """The arrays by key of a file that torch saved, read afresh; None for files of other formats."""
    if "," in path or format_of(map_file(path)) != "torch":
        return None
    return {key: blob.array for key, blob in by_key(weights_files.read(path)).items()}


def _run(module: Any, inputs: Mapping[str, Array], device: str, dtype: str) -> dict[str, Array]:
    kind = getattr(torch, dtype)
    fed = {name: torch.from_numpy(np.ascontiguousarray(value)).to(device, kind) for name, value in inputs.items()}
    with torch.inference_mode():
        blobs = module.blobs(**fed)
        wide = torch.float64 if dtype == "float64" else torch.float32
        return {name: blob.to("cpu", wide).numpy() for name, blob in blobs.items()}


def _only(blobs: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    return {name: blobs[name] for name in names if name in blobs}


def _check_names(actual: Mapping[str, Array], stored: StoredBlobs) -> None:
    held = {*stored.blobs, *stored.samples}
    missing = [name for name in actual if name not in held]
    extra = [name for name in held if name not in actual and not _is_split(name)]
    if missing or extra:
        told = [f"lacks {', '.join(missing[:8])}"] if missing else []
        told += [f"holds {', '.join(sorted(extra)[:8])}, which the net does not make"] if extra else []
        raise ComparisonError(f"{' and '.join(told)}; store every blob of this very net", path=stored.path)


def _is_split(name: str) -> bool:
    """Whether a blob is one of Caffe's automatic copies, `<blob>_<layer>_<top>_split_<n>`."""
    return "_split_" in name and name.rpartition("_")[2].isdigit()


class _as_conversion_error:  # noqa: N801 - reads as a function: `with _as_conversion_error():`
    """The oracle's errors as the converter's, so that a command reports both alike."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, reference.OracleError):
            raise ConversionError(f"oracle: {error}") from error


__all__ = ["BASES", "Check", "Verifier", "model_of"]
