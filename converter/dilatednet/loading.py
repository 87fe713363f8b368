"""A published net with a file's weights in it, every blob accounted for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import torch

from converter.dilatednet.model import DilatedNet
from converter.dilatednet.topology import Topology
from converter.dilatednet.trained import find_model, weights_file
from converter.dilatednet.zoo import Model
from converter.errors import ConversionError, WeightsError
from converter.formats import weights as weights_files
from converter.formats.weights.stored import StoredBlob
from converter.net.names import parse_state_dict_key, unescape
from converter.plan.layer_blobs import caffe_blobs, kind_of

Array: TypeAlias = "np.ndarray[Any, Any]"
Weights: TypeAlias = str | os.PathLike[str] | Mapping[str, torch.Tensor] | Mapping[str, Sequence[Array]]
Blobs: TypeAlias = Mapping[str, Sequence[StoredBlob]]


def load(
    name: str | os.PathLike[str] | Model,
    weights: Weights | None = None,
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> DilatedNet:
    """A published net (see `zoo.ZOO`, or a data set's name), or the one in a training run's folder, in eval mode.

    The front end is as wide as the weights' conv1_1 and fc6 (64 and 4096 in the published files), so narrow test nets
    load too. The parameters are views into the mapped file; the file itself is never written.

    Args:
        name: a name in the zoo, or a data set's; or a run's folder or its `weights.safetensors`, which says what net it
            is of: `weights` are then needed where a run of the context stage lacks a front end, and only there.
        weights: a file of any format (`.caffemodel`, `.h5`, `.safetensors`, `.pth`, `.npz`); a state dict (`fc6.weight`
            → tensor); or a dict of arrays (`fc6` → [weight, bias], as `converter.read_weights` gives). None: the
            layers' own start, a **random** front end and an identity context module (`dilatednet.initialization`).
        device: where the parameters go.
        dtype: what they become; None keeps float32.

    Raises:
        ConversionError: no such net, or `weights` for a run that has its own.
        CaffemodelError: the file does not read.
        WeightsError: blobs missing, left over or of another shape, all named at once.
    """
    model = find_model(name)
    if weights is None and not model.weights:
        net = DilatedNet.of(model.topology)
    else:
        blobs, path = _blobs(model, weights)
        topology = _with_width_of(model.topology, blobs)
        state = account(topology, blobs, path)
        with torch.device("meta"):
            net = DilatedNet.of(topology)
        net.load_state_dict(state, assign=True)
    net.input_size, net.model = model.input_size, model
    return net.to(device=device, dtype=dtype or torch.float32).eval()


def _blobs(model: Model, weights: Weights | None) -> tuple[Blobs, str | None]:
    """The blobs that fill a net: a run's own, those given, or of a run of the context stage both."""
    if not model.weights:
        assert weights is not None
        return _read(weights)
    own, path = _read(model.weights)
    if model.stage != "context":
        if weights is not None:
            text = "this run has its own weights; leave the others out, or name the published net that they are for"
            raise ConversionError(text, path=path)
        return own, path
    if weights is None:
        text = "a run of the context stage, which holds no front end; give the one it was trained on too, as weights"
        raise WeightsError(f"{text} (--weights), or train the joint stage from both", path=path)
    front_end, _ = _read(weights)
    return {**{name: front_end[name] for name in front_end if name not in own}, **own}, path


def _read(weights: Weights) -> tuple[Blobs, str | None]:
    """The weights' blobs by layer, and the file's name where there is one."""
    if isinstance(weights, Mapping):
        return _group_by_layer(weights), None
    path = weights_file(weights)
    stored = weights_files.read(path)
    if not stored.by_key:
        return {name: layer.stored for name, layer in stored.layers_with_blobs().items()}, path
    kind = kind_of("Convolution")  # every layer with blobs is one, or its transpose, with the same names
    return {unescape(name): caffe_blobs(kind, layer, path) for name, layer in stored.layers_with_blobs().items()}, path


def _group_by_layer(weights: Mapping[str, Any]) -> Blobs:
    """Blobs by layer, from a state dict or from arrays by layer."""
    blobs: dict[str, list[StoredBlob]] = {}
    for name, value in sorted(weights.items(), key=lambda item: item[0].endswith(".bias")):
        if isinstance(value, torch.Tensor):
            array = value.detach().cpu().to(torch.float32).numpy()
            blobs.setdefault(parse_state_dict_key(name)[0], []).append(StoredBlob(array))
        else:
            blobs[name] = [StoredBlob(np.asarray(blob)) for blob in value]
    return blobs


def _with_width_of(topology: Topology, blobs: Blobs) -> Topology:
    """The topology with the front end's widths as the weights have them."""
    width, fc_width = _outputs(blobs, "conv1_1"), _outputs(blobs, "fc6")
    return replace(topology, width=width or topology.width, fc_width=fc_width or topology.fc_width)


def _outputs(blobs: Blobs, layer: str) -> int:
    """How many channels a convolution of the weights outputs; 0 where they do not tell."""
    stored = blobs.get(layer, ())
    return int(stored[0].shape[0]) if stored and stored[0].array.ndim == 4 else 0


def account(topology: Topology, blobs: Blobs, path: str | None = None) -> dict[str, torch.Tensor]:
    """The state dict of a topology's net out of stored blobs, float32, uncopied where they are float32.

    Layers meet by name; shapes must be equal, or equal with ones before them where a blob is of the old 4-D form
    (src/caffe/net.cpp, CopyTrainedLayersFrom; src/caffe/blob.cpp, ShapeEquals). Layers of the file that hold no blobs
    do not count.

    Raises:
        WeightsError: `missing`, `unexpected` and `misshapen` name every layer or blob concerned.
    """
    wanted = {step.name: step.shapes for step in topology.steps if step.shapes}
    missing = tuple(name for name in wanted if name not in blobs)
    unexpected = tuple(name for name, stored in blobs.items() if stored and name not in wanted)
    state: dict[str, torch.Tensor] = {}
    misshapen: list[str] = []
    for name in (name for name in wanted if name in blobs):
        misshapen += _fit_layer(name, blobs[name], wanted[name], state)
    if missing or unexpected or misshapen:
        raise _refusal(path, missing, unexpected, tuple(misshapen))
    return state


def _fit_layer(
    name: str, stored: Sequence[StoredBlob], wanted: Sequence[tuple[int, ...]], state: dict[str, torch.Tensor]
) -> list[str]:
    """Put a layer's blobs into `state`; returns a description of what does not fit."""
    if len(stored) != len(wanted):
        return [f"{name}: {len(stored)} blobs in the file, {len(wanted)} in the net"]
    wrong = []
    for blob, shape, part in zip(stored, wanted, ("weight", "bias"), strict=False):
        padded = (1,) * (4 - len(shape)) + shape if blob.legacy else shape
        if blob.shape != padded:
            wrong.append(f"{name}.{part}: {_dims(blob.shape)} in the file, {_dims(shape)} in the net")
            continue
        state[f"{name}.{part}"] = torch.from_numpy(blob.array.astype(np.float32, copy=False).reshape(shape))
    return wrong


def _dims(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _refusal(
    path: str | None, missing: tuple[str, ...], unexpected: tuple[str, ...], misshapen: tuple[str, ...]
) -> WeightsError:
    parts = ["the weights do not belong to the net"]
    for words, names in (
        ("missing from the weights", missing),
        ("in the weights but not in the net", unexpected),
        ("of another shape", misshapen),
    ):
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            parts.append(f"{words}: {', '.join(names[:8])}{more}")
    parts.append("load them as the model they were trained as")
    return WeightsError("; ".join(parts), path=path, missing=missing, unexpected=unexpected, misshapen=misshapen)
