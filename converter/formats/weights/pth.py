"""`.pth`: a state_dict of tensors, saved by torch; read without running any code in it.

Ours carry origin, order and types in the state_dict's `_metadata`, which torch keeps and `load_state_dict` passes over.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch
from torch import Tensor

from converter.errors import CaffemodelError, ConversionError, WeightsError
from converter.files.atomic import atomic_write
from converter.files.memory import check_memory
from converter.formats.weights.keys import by_key, layer_metadata, weights_by_key
from converter.formats.weights.stored import OutputWeights, StoredBlob, StoredWeights

_OURS = "converter"
_CLASS = re.compile(r"GLOBAL ([\w.]+)")
"""The class in torch's refusal of an object."""

_OBJECT = re.compile(r"GLOBAL |Can only (?:create|build)|call reduce|must be imported")
"""Torch's refusals of an object, among those of a damaged file."""

_SMALL = 1 << 26
_FLOATS = (torch.float16, torch.float32, torch.float64)


def write(path: Path, outgoing: OutputWeights) -> None:
    """Write blobs as tensors under their keys, straight from the mapped file.

    Raises:
        OutputError: the file cannot be written.
    """
    state = OrderedDict((key, torch.from_numpy(blob.array)) for key, blob in by_key(outgoing.weights).items())
    state._metadata = {_OURS: {**outgoing.origin.table(), **layer_metadata(outgoing.weights)}}  # type: ignore[attr-defined]
    with atomic_write(path) as file:
        save_object(state, file)


def save_object(value: object, file: BinaryIO) -> None:
    """`torch.save`, with what ended the writing, which torch hides behind an error of its archive.

    Raises:
        OSError: it cannot be written, as where the disk is full.
        KeyboardInterrupt: the user's, while a tensor was written.
    """
    try:
        torch.save(value, file)
    except RuntimeError as error:
        if isinstance(error.__context__, (OSError, KeyboardInterrupt)):
            raise error.__context__ from None
        raise


def read_pth(path: str | os.PathLike[str], key: str | None = None) -> StoredWeights:
    """The weights in a state_dict of float tensors, views into the mapped file; no code in it is run.

    Args:
        path: the file.
        key: the name under which the state_dict stands in the file, where it holds more than that; with dots between
            the names where dicts stand in dicts.

    Raises:
        CaffemodelError: it is missing, truncated or damaged, or holds other things than float tensors.
    """
    name = os.fspath(path)
    saved = read_saved(name, lambda reason: CaffemodelError(reason, path=name), mmap=True)
    state = _state_dict(saved, key, name)
    metadata = getattr(state, "_metadata", {})
    ours = metadata.get(_OURS, {}) if isinstance(metadata, Mapping) else {}
    table = {str(word): text for word, text in ours.items() if isinstance(text, str)} if ours else {}
    return weights_by_key(name, {str(word): _blob(str(word), value, name) for word, value in state.items()}, table)


def _state_dict(saved: Any, key: str | None, path: str) -> Mapping[str, Any]:
    """The state_dict among what was saved.

    Raises:
        CaffemodelError: there is none, or it stands under a name that has to be given.
    """
    names = _state_dicts(saved)
    held = f"its state_dict is under {' or '.join(map(repr, names))}" if names else "it holds no state_dict"
    if key is not None:
        found = _value_at(saved, key)
        if not isinstance(found, Mapping):
            what = "it is a state_dict itself: leave --key out" if _is_state_dict(saved) else held
            raise CaffemodelError(f"has no dict under --key {key}; {what}", path=path)
        return found
    if not isinstance(saved, Mapping):
        text = f"holds a {type(saved).__name__}, not a state_dict; save module.state_dict() and convert that"
        raise CaffemodelError(text, path=path)
    if names and not _is_state_dict(saved):
        raise CaffemodelError(f"holds more than weights; {held}: give --key {names[0]}", path=path)
    if _is_optimizer(saved):
        raise CaffemodelError("is an optimizer's state, not weights; save module.state_dict()", path=path)
    return saved


def _state_dicts(saved: object, depth: int = 3) -> list[str]:
    """Where state_dicts stand in what was saved: names, with dots between those of dicts in dicts."""
    if not isinstance(saved, Mapping) or not depth or _is_optimizer(saved):
        return []
    found = []
    for name, value in saved.items():
        found += [str(name)] if _is_state_dict(value) else [f"{name}.{one}" for one in _state_dicts(value, depth - 1)]
    return found


def _is_state_dict(value: object) -> bool:
    """Whether it is a dict that holds tensors alone, under names."""
    if not isinstance(value, Mapping) or not value:
        return False
    return all(isinstance(name, str) and isinstance(item, Tensor) for name, item in value.items())


def _is_optimizer(saved: Mapping[Any, Any]) -> bool:
    """Whether it is what an optimizer's state_dict() gives, whose tensors are no weights."""
    return {"state", "param_groups"} <= set(saved)


def _value_at(saved: object, key: str) -> object:
    """What stands under a name, or under names with dots between them."""
    if not isinstance(saved, Mapping):
        return None
    if key in saved:
        return cast(object, saved[key])
    first, _, rest = key.partition(".")
    return _value_at(saved[first], rest) if rest and first in saved else None


def _blob(key: str, value: object, path: str) -> StoredBlob:
    """A tensor's numbers, as a view where they lie in a row.

    Raises:
        CaffemodelError: it is no dense tensor of floats, or one that repeats few numbers many times.
    """
    if not isinstance(value, Tensor):
        text = f"'{key}' is of type {type(value).__name__}, not a tensor; save the weights alone (module.state_dict())"
        raise CaffemodelError(text, path=path)
    if value.dtype not in _FLOATS or value.layout != torch.strided:
        kind = str(value.dtype).removeprefix("torch.") + (" (sparse)" if value.layout != torch.strided else "")
        text = f"'{key}' is {kind}; expected dense float16, float32 or float64; convert it with .float()"
        raise CaffemodelError(text, path=path)
    size = value.numel() * value.element_size()
    if size > max(value.untyped_storage().nbytes(), _SMALL):
        raise CaffemodelError(f"'{key}' repeats its numbers to {size} bytes; save it with .clone()", path=path)
    return StoredBlob(value.detach().contiguous().numpy())


def read_saved(path: str | os.PathLike[str], refuse: Callable[[str], ConversionError], *, mmap: bool = False) -> Any:
    """The saved object, its tensors on the CPU (with `mmap`: views of the file); no code in it is run.

    Raises:
        ConversionError: `refuse` of a reason in our words, where the file is missing, damaged or holds code.
    """
    try:
        _check_archive(path, refuse, mapped=mmap)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except ConversionError:
        raise
    except Exception as error:  # noqa: BLE001 - torch raises pickle, zip, OS and runtime errors alike
        if mmap and isinstance(error, RuntimeError) and "mmap" in str(error):
            return read_saved(path, refuse)  # torch's format before 1.6 cannot be mapped
        raise refuse(_reason(error)) from None  # torch's text advises to run the file's code


def _check_archive(path: str | os.PathLike[str], refuse: Callable[[str], ConversionError], *, mapped: bool) -> None:
    """Refuse what torch would unpack or allocate beyond the file's size; torch.save stores members as they are.

    Raises:
        ConversionError: `refuse` of a reason, where a member is compressed or two lie over each other.
        MemoryLimitError: the file is read, not mapped, and does not fit into memory.
    """
    size = Path(path).stat().st_size
    if not mapped:
        check_memory(size, "the tensors", path=os.fspath(path))
    with Path(path).open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    packed = [item.filename for item in members if item.compress_type != zipfile.ZIP_STORED]
    if packed or sum(item.file_size for item in members) > size:
        what = f"compresses its member {packed[0]!r}" if packed else "has members that lie over each other"
        raise refuse(f"{what}, which torch.save never does; save module.state_dict() again")


def _reason(error: Exception) -> str:
    """Why a file does not read. Torch's own text advises to let the file run code, which is no advice to give."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}; check the path"
    if "TorchScript" in str(error):
        return "is a TorchScript archive, which holds a program; save its state_dict() with torch.save"
    if _OBJECT.search(str(error)):
        named = _CLASS.search(str(error))
        what = f" ({named[1]})" if named else ""
        return f"holds Python objects{what}, whose code is not run; save module.state_dict() where it was made"
    return "is no file of torch.save, or is truncated or damaged; save module.state_dict() again"


def read_state_dict(path: str | os.PathLike[str]) -> Mapping[str, Tensor]:
    """Arrays by key, of any shape, out of a plain state dict.

    Raises:
        WeightsError: the file does not read, or holds something other than tensors by name.
    """
    name = os.fspath(path)
    state = read_saved(path, lambda reason: WeightsError(f"not a state dict that torch reads: {reason}", path=name))
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError("holds something other than tensors by name; want a plain state dict", path=name)
    return state
