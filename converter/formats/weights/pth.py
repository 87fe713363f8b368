"""`.pth`: a plain state_dict of tensors, which `torch.load(weights_only=True)` takes; it has no place for an origin."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from converter.conversion.content import Content
from converter.errors import CaffemodelError
from converter.files.atomic import atomic_write
from converter.formats.weights.keyed import keyed, layers_of
from converter.formats.weights.saved import read_saved
from converter.formats.weights.stored import StoredBlob, StoredNet


def save(content: Content, path: Path) -> None:
    """Write the blobs as tensors, straight from the mapped file.

    Raises:
        OutputError: the file cannot be written.
        WeightsError: a blob holds numbers that are not finite.
    """
    content.check()
    state = {name: torch.from_numpy(blob.array) for name, blob in keyed(content.net).items()}
    with atomic_write(path) as file:
        torch.save(state, file)


def read_pth(path: str | os.PathLike[str]) -> StoredNet:
    """The weights in a state_dict of float tensors, views into the mapped file; no code in it is run.

    Raises:
        CaffemodelError: it is missing, truncated or damaged, or holds other things than float tensors.
    """
    name = os.fspath(path)

    def refuse(reason: str) -> CaffemodelError:
        return CaffemodelError(f"PyTorch cannot read it ({reason}); give a plain state_dict of tensors", path=name)

    state = read_saved(name, refuse, mmap=True)
    if not isinstance(state, dict):
        raise CaffemodelError("holds no state_dict; save module.state_dict() and convert that", path=name)
    blobs = {}
    for key, tensor in state.items():
        if not isinstance(tensor, torch.Tensor) or tensor.dtype not in (torch.float16, torch.float32, torch.float64):
            raise CaffemodelError(f"'{key}' is no tensor of floats; save the weights alone, as float32", path=name)
        blobs[str(key)] = StoredBlob(tensor.detach().contiguous().numpy())
    return StoredNet(name, "", layers_of(name, blobs, {}))
