"""What travels with a trained net's weights, so that a run's folder is used by name as a published net is; no torch.

The weights file (safetensors) holds it as text: topology, classes, palette, mean, zoom and tile size.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from converter.data.label_sets import LabelSet
from converter.dilatednet.topology import Topology
from converter.dilatednet.zoo import Model, find, is_published
from converter.errors import ConversionError, WeightsError
from converter.files.atomic import atomic_write
from converter.files.json_text import parse_json
from converter.files.memory import check_memory
from converter.formats.weights.safetensors import encode_header, read_metadata
from converter.formats.weights.stored import StoredBlob

RESULT = "weights.safetensors"
"""A run's weights, in its folder."""
NET = "net.prototxt"
"""Their net, beside them."""

_KEY = "dilatednet"
_SUFFIX = ".safetensors"
_FRONT, _CONTEXT = ("width", "fc_width"), ("context", "depth")
_TRAINED = {"frontend": _FRONT, "context": _CONTEXT, "joint": _FRONT + _CONTEXT}
"""What of the topology each stage's weights tell."""
_LARGEST_SIDE, _LARGEST_ZOOM = 2**16, 64
_FIELDS = ("model", "classes", "palette", "mean", "zoom", "input_size", "topology")


def find_model(name: str | os.PathLike[str] | Model) -> Model:
    """A net by name: a published one or its data set's, or a training run's folder or weights file.

    Raises:
        ConversionError: none of these. WeightsError: a folder that holds no such weights, or weights that do not say
            what net they are of. CaffemodelError: they do not read.
    """
    if isinstance(name, Model):
        return name
    path = Path(name)
    published = is_published(os.fspath(name))  # a folder may happen to have a published net's name
    if not published and (path.is_dir() or (path.is_file() and path.suffix == _SUFFIX)):
        return read_trained(path)
    if not published and path.name != os.fspath(name):
        text = "no such folder; name one that `train` wrote, or a published net (dilation8_pascal_voc, kitti, …)"
        raise ConversionError(text, path=os.fspath(name))
    return find(os.fspath(name))


def model_of(module: object, dataset: str | Model | None) -> Model:
    """The record of the net that labels images: the one named, else the one that the module was loaded as.

    Raises:
        ConversionError: no such net.
    """
    if dataset is not None:
        return find_model(dataset)
    own = getattr(getattr(module, "net", module), "model", None)
    return own if isinstance(own, Model) else find_model("pascal_voc")


def weights_file(name: str | os.PathLike[str]) -> str:
    """A weights file as it is named, or a run folder's; raises WeightsError where it is not there."""
    file = Path(name) / RESULT if Path(name).is_dir() else Path(name)
    if not file.is_file():
        text = (
            "no such weights; name a file, or a folder that `train` wrote; `dilatednet download` fetches published ones"
        )
        raise WeightsError(text, path=str(file))
    return str(file)


def describe(model: Model, stage: str) -> dict[str, str]:
    """What travels with a net's weights: one text for the metadata of a safetensors file."""
    labels = model.label_set
    values = {
        "model": model.name,
        "stage": stage,
        "classes": labels.classes,
        "palette": labels.palette,
        "mean": labels.mean,
        "zoom": labels.zoom,
        "input_size": model.input_size,
        "topology": asdict(model.topology),
    }
    return {_KEY: json.dumps(values)}


def write_trained(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> None:
    """Write arrays float32 by state-dict key as safetensors, whole or not at all; the same ones give the same bytes.

    The package safetensors puts metadata in another order each time, and a file's digest stands in folders' records.

    Raises:
        OutputError: they cannot be written.
    """
    blobs = {name: StoredBlob(np.ascontiguousarray(array, "<f4")) for name, array in arrays.items()}
    with atomic_write(path) as file:
        file.write(encode_header(blobs, metadata))
        for blob in blobs.values():
            file.write(blob.array.tobytes())


def read_trained(path: str | os.PathLike[str]) -> Model:
    """The net whose weights a training run wrote; `weights` of the record is the file, `stage` what was trained.

    Raises:
        WeightsError: no such file, or it lacks what travels with a run's weights; the text says what.
        CaffemodelError: it does not read.
    """
    file = Path(weights_file(path))
    values = _values(read_metadata(file), str(file))
    try:
        return _record(values, file)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
        text = f"what it says of its net does not read: {error}; train again, or take the file as it was written"
        raise WeightsError(text, path=str(file)) from error


def _record(values: Mapping[str, Any], file: Path) -> Model:
    """The net's record out of what its weights file says; raises what a wrong value leads to."""
    blue, green, red = map(float, values["mean"])
    if not all(math.isfinite(value) for value in (blue, green, red)):
        raise ValueError(f"a mean of {blue}, {green}, {red}")
    labels = LabelSet(
        file.parent.name or file.name,
        tuple(map(str, values["classes"])),
        tuple((_whole(r, 255), _whole(g, 255), _whole(b, 255)) for r, g, b in values["palette"]),
        (blue, green, red),
        _whole(values["zoom"], _LARGEST_ZOOM),
    )
    height, width = (_whole(size, _LARGEST_SIDE) for size in values["input_size"])
    topology = Topology(**values["topology"])
    check_memory(4 * topology.parameters, "its net's numbers", path=str(file))
    check_memory(4 * 3 * height * width, f"a tile of {height}×{width}", path=str(file))
    return replace(
        find(str(values["model"])),
        topology=topology,
        label_set=labels,
        input_size=(height, width),
        weights=str(file),
        stage=str(values.get("stage", "")),
    )


def _whole(value: Any, most: int) -> int:
    """A whole number from 0 to `most`; raises ValueError where it is none."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{value!r}; expected a whole number up to {most}")
    return value


def numbers_of_runs(paths: Sequence[str], model: str) -> tuple[dict[str, Any], LabelSet | None]:
    """What runs given as start weights bring along: a recipe's numbers where they differ from the published `model`'s.

    The classes are the first run's; None, and no numbers, of files that say nothing of their net.
    """
    published, numbers, labels = find(model), dict[str, Any](), None
    for path in map(weights_file, paths):
        if not path.endswith(_SUFFIX) or _KEY not in read_metadata(path):
            continue
        run = read_trained(path)
        for name in _TRAINED.get(run.stage, ()):
            if getattr(run.topology, name) != getattr(published.topology, name):
                numbers.setdefault(name, getattr(run.topology, name))
        if run.stage != "context" and run.label_set.mean != published.label_set.mean:
            numbers.setdefault("mean", run.label_set.mean)
        labels = labels or run.label_set
    return numbers, labels


def _values(metadata: Mapping[str, str], path: str) -> dict[str, Any]:
    """What a file's metadata say of its net, every field there."""
    try:
        values = parse_json(metadata.get(_KEY, "{}"))
    except ValueError as error:
        raise WeightsError(f"what it says of its net is no JSON: {error}; train again", path=path) from error
    missing = [name for name in _FIELDS if not isinstance(values, dict) or name not in values]
    if missing:
        text = (
            f"these weights do not say what net they are of: {', '.join(missing)} missing (an older version wrote them,"
            " or another program); train on from them (train … --weights FILE --iterations 1), or name a published "
            "net and give them with --weights"
        )
        raise WeightsError(text, path=path, missing=tuple(missing))
    return dict(values)
