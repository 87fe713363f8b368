"""The way of a user: convert a caffemodel, load the file, predict photographs; labels beside the CPU's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import converter
from converter.data.images import read_image
from converter.dilatednet import load, predict
from converter.fast import accelerate
from scripts.benchmarks.tasks.making import jpegs
from scripts.benchmarks.tasks.waiting import dtype_of
from scripts.gpu_check.findings import Finding, Setting
from tests.places import VOC_ROOT

SAME = 0.999
"""Share of float32's labels that have to be the CPU's; the rest are ties of a net that nobody trained."""


def run(setting: Setting) -> Iterator[Finding]:
    """A line a type, over all pictures."""
    file = setting.weights.with_suffix(".safetensors")
    converter.convert(setting.weights, file)
    images = [read_image(path) for path in _photographs(setting)]
    net = load("pascal_voc", file)
    if setting.quick:  # a corner, of 2 by 2 tiles
        net.input_size, images = (436, 436), [image[:128, :128] for image in images]
    usual = [predict(net, image) for image in images]
    for kind in setting.kinds:
        fast = accelerate(net, dtype=dtype_of(kind), device=setting.device, tf32=kind == "tf32")
        yield _compared(f"accelerated, {kind}", usual, [predict(fast, image) for image in images], kind == "float32")
    ends = accelerate(net, dtype=dtype_of("bfloat16"), device=setting.device, float32_ends=True)
    labels = [predict(ends, image) for image in images]
    yield _compared("accelerated, bfloat16, ends in float32", usual, labels, strict=False)
    dtype_of("float32")
    plain = net.to(setting.device)
    yield _compared("plain, float32", usual, [predict(plain, image) for image in images], True)


def _photographs(setting: Setting) -> list[Path]:
    """The first of VOC's pictures, or drawn ones."""
    count = 1 if setting.quick else 4
    found = sorted((VOC_ROOT / "VOCdevkit" / "VOC2012" / "JPEGImages").glob("*.jpg"))[:count]
    if found:
        return found
    folder = Path(setting.folder) / "photographs"
    folder.mkdir()
    jpegs(str(folder), count)()
    return sorted(folder.glob("*.jpg"))


def _compared(name: str, usual: list[np.ndarray], labels: list[np.ndarray], strict: bool) -> Finding:
    pairs = zip(usual, labels, strict=True)
    share = float(np.concatenate([(a == b).reshape(-1) for a, b in pairs]).mean())
    wrong = f"fewer than {SAME:.1%} of the labels are the CPU's" if strict and share < SAME else ""
    return Finding(name, {"pictures": len(usual), "labels as the CPU's, %": round(100 * share, 4)}, wrong)
