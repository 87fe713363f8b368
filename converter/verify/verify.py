"""Runs a net in torch and in the oracle (or against stored blobs) on one input and compares every blob."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from converter.errors import ComparisonError, ShapeError
from converter.formats import weights as weights_files
from converter.formats.prototxt.templates import Values
from converter.formats.weights.stored import origin_text
from converter.net.net import Net, Shape
from converter.net.reading import read_net
from converter.plan.crops import CropRule, apply_crop_rule
from converter.plan.memory import check_run
from converter.plan.plan import build_plan
from converter.plan.stored_names import blob_counts
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.loading import weights_of
from converter.verify.bottoms import record_bottoms, record_drawn
from converter.verify.check import Check, end_to_end_note, nonfinite_blobs, nonfinite_weights
from converter.verify.inputs import model_of
from converter.verify.oracle import Oracle, Place, oracle_errors
from converter.verify.stand_ins import with_statistics
from converter.verify.stored_blobs import StoredBlobs, check_names, sample
from reference.compare import BASE, Comparison, compare

Array: TypeAlias = "np.ndarray[Any, Any]"
Path: TypeAlias = str | os.PathLike[str]

# Relative rounding of one sum: float64 as the oracle's own, float32 by reference.compare's reasoning, the short types
# by four times their unit roundoff (2^-11, 2^-9): both operands of a product, the bias and the stored sum are rounded.
_WIDTHS = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of a number."""

BASES: dict[str, float] = {"float64": 1e-14, "float32": BASE, "float16": 2e-3, "bfloat16": 8e-3}


class Verifier:
    """A net and its weights, read once by the converter and once by the oracle, to be run on any number of inputs.

    Args:
        prototxt: the net.
        weights: its weights, in any format; None: the converter's drawing of the fillers and stand-ins for statistics.
        device, dtype: where the converter runs, and in float32, float64, bfloat16 or float16.
        allow_unknown: go on past fields that no layer reads.
        allow_nan: let numbers pass that are NaN or infinite alike on both sides.
        seed: of the fillers.
        stages, level: what the layers' rules may ask for.
        key: name under which a .pth holds its state_dict, where it holds more than that.
        inputs: shapes of inputs that the file does not state, or others.
        fill_missing: fill layers that the weights lack, on both sides alike.
        max_memory: bytes that parameters, or all blobs of both programs, may take; None: 80 % of what is free.
        crop, until: as `converter.load` has them, in both programs.

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
        allow_nan: bool = False,
        seed: int = 0,
        stages: Sequence[str] = (),
        level: int = 0,
        key: str | None = None,
        inputs: Mapping[str, Shape] | None = None,
        fill_missing: bool = False,
        max_memory: int | None = None,
        crop: CropRule = "caffe",
        values: Values | None = None,
        until: Sequence[str] = (),
    ) -> None:
        self.prototxt, self.weights = os.fspath(prototxt), None if weights is None else os.fspath(weights)
        self.device, self.dtype, self.allow_nan = device, dtype, allow_nan
        reading: dict[str, Any] = {"stages": stages, "level": level, "allow_unknown": allow_unknown, "values": values}
        reading["until"] = until
        net = read_net(prototxt, **reading)
        stored = None if weights is None else weights_files.read(weights, key=key)
        self.origin, self._counts = origin_text(stored.metadata) if stored else "", blob_counts(stored)
        plan = build_plan(net, inputs, allow_unknown=allow_unknown, stored_blobs=self._counts)
        self.plan, crop_notes = apply_crop_rule(plan, crop)
        self.net: Net = self.plan.net
        check_run(self.plan, _WIDTHS[dtype] + 8, max_memory, filled=stored is None)  # the oracle's are float64
        choices: dict[str, Any] = {"allow_unused": allow_unknown, "seed": seed, "max_memory": max_memory}
        given = with_statistics(weights_of(self.plan, stored, fill_missing=fill_missing, **choices), self.plan, stored)
        notes = (*net.notes, *map(str, plan.leftovers), *plan.notes, *crop_notes, *given.notes)
        self.module = CaffeModule.of(self.plan, given, notes).eval().to(device, getattr(torch, dtype))
        filled = {(s.layer.name, s.repeat): given.arrays[s.key] for s in plan.steps if s.key in given.filled}
        self.oracle = Oracle(self.prototxt, self.weights, filled, key=key, crop=crop, **reading)
        if device.startswith("cuda") and dtype == "float32":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

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

    def check(self, inputs: Mapping[str, Array], *, model: str | None = None) -> list[Check]:
        """The converter against the oracle; with `model`, the hand-written DilatedNet of that name too.

        Where a layer's output is no continuous function of its bottoms, the oracle computes it from the converter's
        bottoms, and goes on from there; what the blobs differ by end to end is told in the check's `information`.

        Raises:
            ComparisonError: the net computes nothing from its inputs, so that only those could be compared.
            ConversionError: what the oracle objects to.
        """
        with record_drawn(self.module) as drawn:
            actual, bottoms = self._blobs_and_bottoms(inputs)
        whole, same_bottoms = self.oracle.blobs({**inputs, **drawn}, bottoms)
        expected = whole | same_bottoms
        if not any(step.layer.tops for step in self.plan.steps if not step.operator.is_input):
            raise ComparisonError("computes no blob from its inputs; there is nothing to verify", path=self.prototxt)
        findings = self._findings({"the converter": actual, "the oracle": expected})
        told = tuple(self._end_to_end(whole, actual, [*same_bottoms], [*bottoms]))
        checks = [self._make_check("CaffeModule against the oracle", expected, actual, findings, told)]
        if model is not None:
            own = self._idiomatic(model, inputs)
            shared = {name: blob for name, blob in expected.items() if name in own}
            checks.append(self._make_check(f"DilatedNet {model} against the oracle", shared, own))
            shared = {name: blob for name, blob in actual.items() if name in own}
            checks.append(self._make_check(f"DilatedNet {model} against CaffeModule", shared, own))
        return checks

    def _blobs_and_bottoms(self, inputs: Mapping[str, Array]) -> tuple[dict[str, Array], dict[Place, list[Array]]]:
        """Every blob, and what the discontinuous layers were called with, both as the converter computes them."""
        with record_bottoms(self.module, self.oracle.discontinuous) as seen:
            blobs = self.blobs(inputs)
        return blobs, {place: [_array(tensor, self.dtype) for tensor in tensors] for place, tensors in seen.items()}

    def _end_to_end(
        self, whole: Mapping[str, Array], actual: Mapping[str, Array], names: Sequence[str], places: Sequence[Place]
    ) -> Iterator[str]:
        if places:
            layers = [self.oracle.net.layers[self.oracle.discontinuous[place]].where for place in places]
            yield from end_to_end_note(self._comparison(_select(whole, names), _select(actual, names)), layers)

    def _findings(self, sides: Mapping[str, Mapping[str, Array]]) -> tuple[str, ...]:
        """What speaks against a check beside its comparison: weights and blobs that are not finite."""
        if self.allow_nan:
            return ()
        found = [] if self.weights is None else [*nonfinite_weights(self.oracle.nonfinite)]
        for whose, blobs in sides.items():
            found += nonfinite_blobs(_select(blobs, [*self.plan.shapes]), whose)
        return tuple(found)

    def compare_stored(self, inputs: Mapping[str, Array], stored: StoredBlobs) -> Check:
        """The converter against blobs that another program stored.

        Raises:
            ComparisonError: a blob is missing, has no place in the net, or has another shape.
        """
        actual = {name: blob for name, blob in self.blobs(inputs).items() if name not in self.plan.inputs}
        check_names(actual, stored)
        for name, shape in stored.shapes.items():
            if name in actual and actual[name].shape != shape:
                text = f"{name}: shape {shape} stored, the net makes {actual[name].shape}"
                raise ComparisonError(text, path=stored.path)
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
        if not expected:
            raise ComparisonError("the net computes no blob from its inputs; nothing to compare", path=stored.path)
        name = os.path.basename(stored.path)  # noqa: PTH119
        findings = self._findings({"the converter": actual, name: expected})
        return self._make_check(f"CaffeModule against {name}", expected, seen, findings)

    def writer(self, blob: str) -> str:
        """The layer that first writes a blob (in-place layers write it again)."""
        return next((layer.name for layer in self.net.layers if blob in layer.tops), "")

    def _make_check(
        self,
        title: str,
        expected: Mapping[str, Array],
        actual: Mapping[str, Array],
        findings: tuple[str, ...] = (),
        information: tuple[str, ...] = (),
    ) -> Check:
        ends = self.net.outputs
        found = self._comparison(expected, actual)
        return Check(title, found, _select(expected, ends), _select(actual, ends), findings, information)

    def _comparison(self, expected: Mapping[str, Array], actual: Mapping[str, Array]) -> Comparison:
        with oracle_errors():
            order = [name for name in self.plan.shapes if name in expected or name in actual]
            ends = [name for name in self.net.outputs if name in expected]
            return compare(expected, actual, order, ends=ends, lines=self.oracle.lineage, base=BASES[self.dtype])

    def _idiomatic(self, model: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        from converter.dilatednet.loading import load

        if self.weights is None:
            raise ComparisonError("--model needs weights; give a caffemodel")
        module = load(model, self.weights, device=self.device, dtype=getattr(torch, self.dtype))
        (x,) = inputs.values()
        return _run(module, {"x": x}, self.device, self.dtype)


def _run(module: Any, inputs: Mapping[str, Array], device: str, dtype: str) -> dict[str, Array]:
    kind = getattr(torch, dtype)
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)).to(device, kind) for name, value in inputs.items()}
    with torch.inference_mode():
        return {name: _array(blob, dtype) for name, blob in module.blobs(**tensors).items()}


def _array(tensor: torch.Tensor, dtype: str) -> Array:
    """float64 where the module computes so, else float32, which holds all the others."""
    return np.asarray(tensor.to("cpu", torch.float64 if dtype == "float64" else torch.float32).numpy())


def _select(blobs: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    return {name: blobs[name] for name in names if name in blobs}


__all__ = ["BASES", "Check", "Verifier", "model_of"]
