"""Whether two runs give the same bits, and which layers refuse where torch is asked for deterministic algorithms."""

from __future__ import annotations

import os
from collections.abc import Iterator

import torch

import converter
from converter.dilatednet import load
from converter.fast import accelerate
from scripts.benchmarks.tasks.waiting import dtype_of
from scripts.gpu_check.findings import Finding, Setting
from tests.formula_weights import formula_image
from tests.goldens_reader import GoldenCase, backward, fed, golden_cases
from tests.places import GOLDENS


def run(setting: Setting) -> Iterator[Finding]:
    """A line a type, then a line for all layers, and one for each that refuses."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it where it is to be deterministic
    x = torch.from_numpy(formula_image(setting.side, setting.side))[None].to(setting.device)
    for kind in setting.kinds:
        net = load("pascal_voc", setting.weights)
        fast = accelerate(net, dtype=dtype_of(kind), device=setting.device, tf32=kind == "tf32")
        runs = [fast.logits(x) for _ in range(4)]  # the first tries algorithms out, the second records
        yield Finding(f"fast, {kind}", {"same bits": _said(all(torch.equal(runs[1], other) for other in runs[2:]))})
    dtype_of("float32")
    yield from _layers(setting)


def _layers(setting: Setting) -> Iterator[Finding]:
    """Every layer's golden twice, forward and backward, with deterministic algorithms alone."""
    cases = golden_cases(GOLDENS / "layers")[:: 8 if setting.quick else 1]
    torch.use_deterministic_algorithms(True)
    differing, refusing = [], []
    for case in cases:
        try:
            first, second = (_numbers(case, setting.device) for _ in range(2))
        except RuntimeError as error:
            refusing.append(Finding(f"{case}", {"refuses": str(error).splitlines()[0][:160]}))
            continue
        if not all(torch.equal(a, b) for a, b in zip(first, second, strict=True)):
            differing.append(f"{case}")
    facts = {"refuse": len(refusing), "differ": len(differing), "which differ": ", ".join(differing) or "none"}
    yield Finding(f"{len(cases)} goldens, deterministic algorithms", facts)
    yield from refusing


def _numbers(case: GoldenCase, device: str) -> list[torch.Tensor]:
    """Blobs and gradients of a golden."""
    torch.manual_seed(0)
    net = converter.load(case.prototxt, case.weights).to(device)
    inputs = {name: value.to(device) for name, value in fed(case).items()}
    for name in case.group("dgrad"):
        inputs[name].requires_grad_()
    blobs = net.blobs(**inputs)
    if case.has_gradients:
        backward(net, blobs, case)
    leaves = (*inputs.values(), *net.parameters())
    # NaN is no number's equal; where one is the answer, its bits count.
    answers = (*blobs.values(), *(leaf.grad for leaf in leaves if leaf.grad is not None))
    return [answer.detach().nan_to_num() for answer in answers]


def _said(same: bool) -> str:
    return "yes" if same else "no"
