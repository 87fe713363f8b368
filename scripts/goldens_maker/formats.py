"""goldens/nets/formats: nets of 2013 and 2014, what today's Caffe makes of them, and a mean image.

The legacy binaries were written by hand in the old messages and are given, as is the early fork's file.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from goldens_maker.golden import Golden, copy_beside, write

_GIVEN = ("v?.prototxt", "*_legacy.caffemodel", "mean.binaryproto", "early_fork_*")
_TOOLS = {"prototxt": "upgrade_net_proto_text", "caffemodel": "upgrade_net_proto_binary"}


def make(caffe: ModuleType, stored: Path, target: Path) -> Iterator[str]:
    """Activations and re-written weights of both ages; upgraded files where Caffe's tools are on the PATH."""
    copy_beside(stored, target, *_GIVEN)
    for age in ("v0", "v1"):
        golden = Golden(stored / f"{age}.npz")
        net = caffe.Net(str(target / f"{age}.prototxt"), str(target / f"{age}_legacy.caffemodel"), caffe.TEST)
        for name, value in golden.of("in").items():
            net.blobs[name].data[...] = value
        net.forward()
        made = {f"out:{name}": np.array(net.blobs[name].data, np.float32) for name in golden.of("out")}
        made.update({f"in:{name}": value for name, value in golden.of("in").items()})
        yield write(target / f"{age}.npz", {key: made[key] for key in golden.arrays})
        net.save(str(target / f"{age}_v2.caffemodel"))
        yield f"{age}_v2.caffemodel"
        yield from _upgraded(target, age)
    yield write(target / "mean.npz", {"mean": _mean(caffe, stored / "mean.binaryproto")})


def _mean(caffe: ModuleType, path: Path) -> np.ndarray:
    blob = caffe.proto.caffe_pb2.BlobProto()
    blob.ParseFromString(path.read_bytes())
    return np.asarray(caffe.io.blobproto_to_array(blob)[0], np.float32)


def _upgraded(target: Path, age: str) -> Iterator[str]:
    for ending, tool in _TOOLS.items():
        source = target / (f"{age}.prototxt" if ending == "prototxt" else f"{age}_legacy.caffemodel")
        made = target / f"{age}_upgraded.{ending}"
        if shutil.which(tool) is None and shutil.which(f"{tool}.bin") is None:
            yield f"{made.name}: left out, {tool} is not on the PATH (put Caffe's build/tools there)"
            continue
        command = shutil.which(tool) or f"{tool}.bin"
        subprocess.run([command, str(source), str(made)], check=True, capture_output=True)
        yield made.name
