"""A stand-in for pycaffe: its interface over `reference` (forward) and the converter (backward, solvers)."""

import types
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import converter
import reference
from converter.formats.mean import read_mean
from converter.solver.solver import Solver as CaffeSolver
from tests.goldens_reader import written_blob


class Blob:
    """Data and diff, as pycaffe's blobs have them."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self.diff = np.zeros_like(data)


class Blobs(dict):
    """Blobs by name; Caffe's automatic copies are the blob that they copy."""

    def __missing__(self, name: str) -> Blob:
        return self[written_blob(name)]


class Net:
    """`Net(prototxt, phase)` or `Net(prototxt, weights, phase)`."""

    def __init__(self, prototxt: str, *rest: str) -> None:
        self._prototxt, weights = prototxt, rest[0] if len(rest) == 2 else None
        self._module = converter.load(prototxt, weights, seed=1, allow_unknown=True)
        self._set_up()

    def _set_up(self) -> None:
        plan = self._module.plan
        self.params = {
            step.layer.name: [
                Blob(self._module.blob_parameter(step.layer.name, index).detach().numpy())
                for index in range(len(step.operator.blobs))
            ]
            for step in plan.steps
            if step.operator.blobs
        }
        self.blobs = Blobs({name: Blob(np.zeros(shape, np.float32)) for name, shape in plan.shapes.items()})

    def forward(self) -> None:
        fed = {name: self.blobs[name].data for name in self._module.plan.inputs}
        weights = {layer: [blob.data for blob in blobs] for layer, blobs in self.params.items()}
        answers = reference.run(self._prototxt, weights, fed, allow_unknown=True)
        for name, answer in answers.items():
            if answer.shape != self.blobs[name].data.shape:  # Filter's and DetectionOutput's follow the values
                self.blobs[name] = Blob(np.zeros(answer.shape, np.float32))
            self.blobs[name].data[...] = answer
        self._tensors = {name: torch.from_numpy(value.copy()).requires_grad_() for name, value in fed.items()}
        self._module.zero_grad()
        self._graph = self._module.blobs(**self._tensors)

    def backward(self) -> None:
        tops = [
            (self._graph[name], torch.from_numpy(blob.diff)) for name, blob in self.blobs.items() if blob.diff.any()
        ]
        tops += [
            (self._graph[name], torch.full_like(self._graph[name], weight))
            for name, weight in self._module.loss_weights.items()
        ]
        tops = [(top, seed.reshape(top.shape)) for top, seed in tops if top.requires_grad]
        torch.autograd.backward([top for top, _ in tops], [seed for _, seed in tops])
        for name, tensor in self._tensors.items():
            self.blobs[name].diff[...] = 0 if tensor.grad is None else tensor.grad.numpy()
        for layer, blobs in self.params.items():
            for index, blob in enumerate(blobs):
                gradient = self._module.blob_parameter(layer, index).grad
                blob.diff[...] = 0 if gradient is None else gradient.numpy()

    def save(self, path: str) -> None:
        Path(path).write_bytes(b"weights")


class Solver:
    """`get_solver(prototxt)`: its net, steps and snapshots."""

    def __init__(self, prototxt: str) -> None:
        self._solver = CaffeSolver.from_prototxt(prototxt)
        self.net = Net.__new__(Net)
        self.net._module = self._solver.net
        self.net._set_up()

    def step(self, count: int) -> None:
        assert count == 1
        fed = {name: torch.from_numpy(self.net.blobs[name].data.copy()) for name in ("data", "label")}
        self.net.blobs["loss"].data[...] = self._solver.step(fed)

    def snapshot(self) -> None:
        self._solver.snapshot()


def load_image(path: str) -> np.ndarray:
    """As pycaffe's own: float32 (h, w, 3) R, G, B from 0 to 1."""
    with Image.open(path) as picture:
        return (np.asarray(picture.convert("RGB")) / 255).astype(np.float32)


class _Mean:
    """A BlobProto, as far as it is used: parsed from bytes, read as an array."""

    def ParseFromString(self, content: bytes) -> None:  # noqa: N802 - protobuf's name
        self.content = content


def module(folder: Path) -> types.ModuleType:
    """The fake `caffe`; `folder` is for passing files around."""

    def array(blob: _Mean) -> np.ndarray:
        path = folder / "blob.binaryproto"
        path.write_bytes(blob.content)
        return read_mean(path)[None]

    fake = types.ModuleType("caffe")
    fake.Net, fake.get_solver, fake.TEST = Net, Solver, "TEST"
    fake.set_mode_cpu = lambda: None
    fake.io = types.SimpleNamespace(load_image=load_image, blobproto_to_array=array)
    fake.proto = types.SimpleNamespace(caffe_pb2=types.SimpleNamespace(BlobProto=_Mean))
    return fake
