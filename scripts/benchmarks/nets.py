"""Public nets of other sizes than DilatedNet's: ours beside the plain module and other engines, one image each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.rounds import Task, lasting
from scripts.benchmarks.rows import Row, compare
from scripts.benchmarks.setting import ROOT, Setting

_TASKS = "scripts.benchmarks.tasks.small_nets"
_CONTESTANTS = {
    "fast": "fast",
    "plain module (converter.load)": "plain",
    "torch.compile, channels last": "compiled",
    "ONNX Runtime": "onnxruntime",
    "OpenVINO, float32": "openvino",
}
_SHARED = Path(os.environ.get("DILATEDNET_SHARED", ROOT.parent / "shared")) / "corpus"
_CAFFE, _INTEL = "prototxt/BVLC__caffe/models", "prototxt/BVLC__caffe/models/intel_optimized_models/benchmark"
_FACES = "models/Linzaer__Ultra-Light-Fast-Generic-Face-Detector-1MB/caffe/model/RFB-320/RFB-320"
_SQUEEZE = "prototxt/GongCheng1919__Quantitative-and-ternary-caffe-for-network-compression/examples/SqueezeNet"
_BOXES = ("mbox_loc", "mbox_conf_flatten")


@dataclass(frozen=True, slots=True)
class Net:
    """A prototxt below the corpus; `until`: the blobs it ends at, where detection follows, which engines cannot take.

    Weights are those of the file beside it, else drawn: time does not depend on them.
    """

    name: str
    prototxt: str
    shape: tuple[int, int, int, int]
    until: tuple[str, ...] = ()
    weights: str = ""


NETS = (
    Net("VGG-16", f"{_INTEL}/vgg16/deploy.prototxt", (1, 3, 224, 224)),
    Net("ResNet-50", "prototxt/KaimingHe__deep-residual-networks/prototxt/ResNet-50-deploy.prototxt", (1, 3, 224, 224)),
    Net("GoogLeNet", f"{_CAFFE}/bvlc_googlenet/deploy.prototxt", (1, 3, 224, 224)),
    Net("MobileNet-SSD", f"{_INTEL}/ssd_mobilenet/deploy.prototxt", (1, 3, 300, 300), _BOXES),
    Net("SqueezeNet", f"{_SQUEEZE}/deploy.prototxt", (1, 3, 227, 227)),
    Net("RFB-320, faces", f"{_FACES}.prototxt", (1, 3, 240, 320), (), f"{_FACES}.caffemodel"),
)


def measure(setting: Setting) -> list[Row]:
    """A group of rows for each net that is there; `$OPEN_NSFW`, a folder, brings one more, half a ResNet-50."""
    rows: list[Row] = []
    for net in (*NETS, *_open_nsfw()):
        path = _SHARED / net.prototxt
        if path.exists():
            weights = _SHARED / net.weights if net.weights else ""
            given = {"prototxt": path, "weights": weights, "shape": net.shape, "until": net.until}
            rows += _contest(setting, f"{net.name}, {net.shape[2]}×{net.shape[3]}", given)
    return rows or [Row("nets", "nets", facts={"not measured": f"no corpus at {_SHARED}: set DILATEDNET_SHARED"})]


def _open_nsfw() -> list[Net]:
    folder = os.environ.get("OPEN_NSFW")
    if not folder:
        return []
    prototxt, weights = (str(Path(folder) / name) for name in ("deploy.prototxt", "resnet_50_1by2_nsfw.caffemodel"))
    return [Net("open_nsfw", prototxt, (1, 3, 224, 224), (), weights)]


def _contest(setting: Setting, title: str, given: dict[str, object]) -> list[Row]:
    tasks: list[Task] = [(name, f"{_TASKS}:{task}", given) for name, task in _CONTESTANTS.items()]
    rows = lasting(setting, title, tasks[:2] if setting.quick else tasks)
    compare(rows, "fast")
    return rows
