"""The published nets, mini and full, in each type: every blob that the oracle stored."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from converter.dilatednet import DilatedNet
from scripts.benchmarks.tasks.waiting import dtype_of
from scripts.gpu_check.findings import Finding, Setting
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image, sample
from tests.places import GOLDENS

NETS = GOLDENS / "nets"
BOUNDS = {"float32": 2e-5, "tf32": 1e-2, "bfloat16": 0.15, "float16": 2e-2}
"""Largest error of a blob by its largest number: Caffe's rounding; in short types twenty layers' units add up."""

PROBABILITY = 10
"""A probability's error by the bound: the softmax raises the last layer's error."""


def run(setting: Setting) -> Iterator[Finding]:
    """A line a net and type."""
    for golden in sorted((NETS / "mini").glob("*.npz")):
        yield from _net(setting, golden, formula_net(golden.stem.removesuffix("_mini")))
    if setting.quick:
        return
    for golden in sorted((NETS / "full").glob("*.npz")):
        yield from _net(setting, golden, formula_net(golden.stem, 64, 4096))


def _net(setting: Setting, golden: Path, net: DilatedNet) -> Iterator[Finding]:
    height, width = map(int, re.findall(r"dim: (\d+)", golden.with_suffix(".prototxt").read_text())[2:4])
    x = torch.from_numpy(formula_image(height, width))[None]
    with np.load(golden) as stored:
        wanted = dict(stored)
    for kind in setting.kinds:
        dtype = dtype_of(kind)
        own = copy.deepcopy(net).to(setting.device, dtype)
        with torch.inference_mode():
            blobs = own.blobs(x.to(setting.device, dtype))
        yield _compared(f"{golden.stem}, {kind}", wanted, blobs, BOUNDS[kind])


def _compared(name: str, stored: Mapping[str, np.ndarray], blobs: Mapping[str, torch.Tensor], bound: float) -> Finding:
    """The largest error of any blob, and of the probabilities, whose labels are compared too where all are stored."""
    errors = {key[7:]: _error(stored[key], blobs[key[7:]]) for key in stored if key.startswith("sample:")}
    facts: dict[str, float | str] = {"blobs": len(errors), "error of probabilities": errors.pop("prob", 0.0)}
    worst = max(errors, key=errors.__getitem__)
    facts.update({"largest error": errors[worst], "in blob": worst})
    if "out:prob" in stored:
        same = stored["out:prob"].argmax(1) == blobs["prob"].float().cpu().numpy().argmax(1)
        facts["same labels, %"] = round(100 * float(same.mean()), 3)
    off = errors[worst] > bound or float(facts["error of probabilities"]) > PROBABILITY * bound
    return Finding(name, facts, f"more than {bound:.1e}" if off else "")


def _error(wanted: np.ndarray, blob: torch.Tensor) -> float:
    difference = np.abs(sample(blob.float().cpu().numpy()) - wanted).max()
    return float("inf") if np.isnan(difference) else float(difference / np.abs(wanted).max())
