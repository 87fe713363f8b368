"""Every layer's golden on the device: forward and gradients in each type, beside the CPU in the same type."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

import converter
from converter.errors import ConversionError
from scripts.benchmarks.tasks.waiting import dtype_of
from scripts.gpu_check.findings import Finding, Setting
from tests.goldens_reader import GoldenCase, backward, fed, golden_cases, scaled_error, written_blob
from tests.places import GOLDENS

BOUNDS = {"float32": (2e-5, 5e-5), "tf32": (5e-3, 2e-2)}
"""Largest error of forward and gradients by the blob's largest number: Caffe's own rounding, ten units of TF32."""

UNITS = {"bfloat16": 2.0**-8, "float16": 2.0**-11}
TIMES = 4
"""In short types a layer may be off by as many times what the CPU is off by in that type, and as many units."""

UNKNOWN = 0.1
"""Where the CPU cannot compute a layer in a short type."""

CHOOSING = ("Accuracy", "ArgMax", "Filter", "Threshold", "BatchReindex")
"""Types whose answers are choices or counts: another rounding of their inputs is another answer."""


def run(setting: Setting) -> Iterator[Finding]:
    """A line a type, and a line for each number that is off or that torch does not compute."""
    cases = (golden_cases(GOLDENS / "layers") + _forks())[:: 4 if setting.quick else 1]
    for kind in ("float32", "tf32", "bfloat16", "float16") if setting.on_cuda else ("float32", "bfloat16", "float16"):
        chosen = [case for case in cases if kind in BOUNDS or not str(case).startswith(CHOOSING)]
        yield from _in_type(chosen, setting.device, kind)


def _in_type(cases: list[GoldenCase], device: str, kind: str) -> Iterator[Finding]:
    dtype = dtype_of(kind)
    worst, wrong, refused = {"forward": 0.0, "gradients": 0.0}, [], []
    for case in cases:
        try:
            found = list(compared(case, device, kind, dtype))
        except (ConversionError, RuntimeError) as error:  # torch has no kernel for the type, or a number does not fit
            said = str(error).splitlines()[0]
            refused.append(Finding(f"{case}, {kind}", {"refused": said}, said if kind in BOUNDS else ""))
            continue
        for key, error, bound in found:
            way = "gradients" if key[1:].startswith("grad") else "forward"
            worst[way] = max(worst[way], error if error <= bound < float("inf") else 0.0)
            if not error <= bound:
                wrong.append(Finding(f"{case} {key}, {kind}", {"error": error}, f"more than {bound:.1e}"))
    counts = {"goldens": len(cases), "beyond": len(wrong), "not computed": len(refused)}
    yield Finding(kind, {**counts, **{f"largest error, {way}": error for way, error in worst.items()}})
    yield from (*wrong, *refused)


def _forks() -> list[GoldenCase]:
    """Goldens of forks' layers."""
    return [case for folder in sorted((GOLDENS / "forks").glob("*/")) for case in golden_cases(folder)]


def compared(case: GoldenCase, device: str, kind: str, dtype: torch.dtype) -> Iterator[tuple[str, float, float]]:
    """Every stored blob and gradient: (key, error, bound)."""
    found = errors(case, device, dtype)
    if kind in BOUNDS:
        yield from ((key, error, BOUNDS[kind][key[1:].startswith("grad")]) for key, error in found.items())
        return
    try:
        usual = errors(case, "cpu", dtype)
    except (ConversionError, RuntimeError):
        usual = dict.fromkeys(found, UNKNOWN)
    yield from ((key, error, TIMES * (usual[key] + UNITS[kind])) for key, error in found.items())


def errors(case: GoldenCase, device: str, dtype: torch.dtype) -> dict[str, float]:
    """The scaled error of every stored blob and gradient, by key."""
    net = converter.load(case.prototxt, case.weights).to(device, dtype)
    inputs = {name: value.to(device, dtype) for name, value in fed(case).items()}
    for name in case.group("dgrad"):
        inputs[name].requires_grad_()
    blobs = net.blobs(**inputs)
    found = {}
    for name, wanted in case.group("out").items():
        found[f"out:{name}"] = scaled_error(_numbers(blobs[written_blob(name)]), wanted)
    if not case.has_gradients:
        return found
    backward(net, blobs, case)
    for name, wanted in case.group("dgrad").items():
        found[f"dgrad:{name}"] = scaled_error(_gradient(inputs[name]), wanted)
    for name, wanted in case.group("wgrad").items():
        layer, _, index = name.rpartition(":")
        found[f"wgrad:{name}"] = scaled_error(_gradient(net.blob_parameter(layer, int(index))), wanted)
    return found


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().cpu().numpy()


def _gradient(tensor: torch.Tensor) -> np.ndarray:
    return _numbers(tensor.grad if tensor.grad is not None else torch.zeros_like(tensor))
