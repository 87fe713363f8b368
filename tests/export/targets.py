"""Runs what was exported, as somebody without this project would: each function gives outputs by Caffe's names."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]

_RUN_SOURCE = """
import sys
sys.modules["converter"] = sys.modules["reference"] = None  # an import of either would fail
import importlib.util, json
import numpy as np, torch
folder, path, names = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
spec = importlib.util.spec_from_file_location("model", path)
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
inputs = np.load(folder + "/inputs.npz")
with torch.no_grad():
    found = model.load()(*(torch.from_numpy(inputs[f"i{number}"]) for number in range(len(inputs.files))))
found = found if isinstance(found, dict) else {names[0]: found}
np.savez(folder + "/outputs.npz", **{f"o{names.index(name)}": value.numpy() for name, value in found.items()})
"""


def run_source(path: Path, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> Arrays:
    """A `.py` file in a fresh interpreter that cannot import this project."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/inputs.npz", **{f"i{number}": value for number, value in enumerate(inputs.values())})
        command = [sys.executable, "-I", "-c", _RUN_SOURCE, folder, str(path), json.dumps(list(outputs))]
        subprocess.run(command, check=True, capture_output=True, text=True)
        with np.load(f"{folder}/outputs.npz") as found:
            return {name: found[f"o{number}"] for number, name in enumerate(outputs)}


def run_onnx(path: Path, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> Arrays:
    """An `.onnx` file by onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = {value.name: inputs[value.name] for value in session.get_inputs()}
    return dict(zip(outputs, session.run(list(outputs), given), strict=True))


def run_pt2(path: Path, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> Arrays:
    """A `.pt2` file by torch alone."""
    import torch

    with torch.no_grad():
        found = torch.export.load(path).module()(*(torch.from_numpy(value) for value in inputs.values()))
    assert list(found) == list(outputs)
    return {name: value.numpy() for name, value in found.items()}
