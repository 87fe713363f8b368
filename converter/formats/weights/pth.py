"""`.pth`: a state_dict of tensors, saved by torch; read without running any code in it.

Ours carry origin, order and types in the state_dict's `_metadata`, which torch keeps and `load_state_dict` passes over.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from converter.errors import CaffemodelError, ConversionError, WeightsError
from converter.files.atomic import atomic_write
from converter.formats.weights.keys import by_key, group_by_layer, layer_metadata
from converter.formats.weights.stored import Outgoing, StoredBlob, StoredWeights

_OURS = "converter"
_FLOATS = (torch.float16, torch.float32, torch.float64)


def write(path: Path, outgoing: Outgoing) -> None:
    """Write blobs as tensors under their keys, straight from the mapped file.

    Raises:
        OutputError: the file cannot be written.
    """
    state = OrderedDict((key, torch.from_numpy(blob.array)) for key, blob in by_key(outgoing.weights).items())
    state._metadata = {_OURS: {**outgoing.origin.table(), **layer_metadata(outgoing.weights)}}  # type: ignore[attr-defined]
    with atomic_write(path) as file:
        torch.save(state, file)


def read_pth(path: str | os.PathLike[str], key: str | None = None) -> StoredWeights:
    """The weights in a state_dict of float tensors, views into the mapped file; no code in it is run.

    A `module.` that DataParallel put before every key is taken off, and noted.

    Args:
        path: the file.
        key: the name under which the state_dict stands in the file, where it holds more than that.

    Raises:
        CaffemodelError: it is missing, truncated or damaged, or holds other things than float tensors.
    """
    name = os.fspath(path)
    saved = read_saved(name, lambda reason: CaffemodelError(reason, path=name), mmap=True)
    state = _chosen(saved, key, name)
    metadata = getattr(state, "_metadata", {})
    ours = metadata.get(_OURS, {}) if isinstance(metadata, Mapping) else {}
    table = (
        {str(word): text for word, text in ours.items() if isinstance(text, str)} if isinstance(ours, Mapping) else {}
    )
    prefixed = bool(state) and all(str(word).startswith("module.") for word in state)
    blobs = {
        str(word).removeprefix("module.") if prefixed else str(word): _blob(str(word), v, name)
        for word, v in state.items()
    }
    notes = ("keys began with 'module.', as DataParallel writes them; it was taken off",) if prefixed else ()
    layers = group_by_layer(name, blobs, table)
    return StoredWeights(name, table.get("net", ""), layers, None, table, by_key=True, notes=notes)


def _chosen(saved: Any, key: str | None, path: str) -> Mapping[str, Any]:
    """The state_dict among what was saved.

    Raises:
        CaffemodelError: there is none, or it stands under a name that has to be given.
    """
    if key is not None:
        for part in key.split("."):
            saved = saved[part] if isinstance(saved, Mapping) and part in saved else None
        if not isinstance(saved, Mapping):
            raise CaffemodelError(f"has no '{key}'; see torch.load(…).keys() for what it holds", path=path)
        return saved
    if not isinstance(saved, Mapping):
        raise CaffemodelError(
            f"holds a {type(saved).__name__}, not a state_dict; save module.state_dict() and convert that", path=path
        )
    inner = [str(name) for name, value in saved.items() if _is_state(value)]
    if inner and not _is_state(saved):
        raise CaffemodelError(
            f"holds more than weights; its state_dict is '{inner[0]}': give --key {inner[0]}", path=path
        )
    return saved


def _is_state(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(item, Tensor) for item in value.values())


def _blob(key: str, value: object, path: str) -> StoredBlob:
    if not isinstance(value, Tensor) or value.dtype not in _FLOATS:
        what = f"a tensor of {value.dtype}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
        text = f"'{key}' is {what}, not a tensor of floats; save the weights alone (module.state_dict()), as float32"
        raise CaffemodelError(text, path=path)
    return StoredBlob(value.detach().contiguous().numpy())


def read_saved(path: str | os.PathLike[str], refuse: Callable[[str], ConversionError], *, mmap: bool = False) -> Any:
    """The saved object, its tensors on the CPU (with `mmap`: views of the file); no code in it is run.

    Raises:
        ConversionError: `refuse` of a reason in our words, where the file is missing, damaged or holds code.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # torch raises pickle, zip, OS and runtime errors alike
        if mmap and isinstance(error, RuntimeError) and "mmap" in str(error):
            return read_saved(path, refuse)  # torch's format before 1.6 cannot be mapped
        raise refuse(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Why a file does not read. Torch's own text advises to let the file run code, which is no advice to give."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}; check the path"
    if "nsupported" in str(error) or "weights_only" in str(error):
        return (
            "holds Python objects, perhaps a whole module or an optimizer, whose code is not run; "
            "save module.state_dict() where it was made"
        )
    return "is no file of torch.save, or is truncated or damaged; save module.state_dict() again"


def read_state_dict(path: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """A plain state dict.

    Raises:
        WeightsError: the file does not read, or holds something other than tensors by name.
    """
    name = os.fspath(path)
    state = read_saved(path, lambda reason: WeightsError(f"not a state dict that torch reads: {reason}", path=name))
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError("holds something other than tensors by name; want a plain state dict", path=name)
    return state
