"""Loads a net with its weights as a PyTorch module."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from converter.errors import ConversionError, printable
from converter.files.memory import memory_limit
from converter.files.named import allow_files_below
from converter.formats import weights as weights_files
from converter.formats.prototxt.templates import Values
from converter.formats.weights.stored import StoredWeights
from converter.net.net import Net, Phase, Shape
from converter.net.preprocessing import Preprocessing, preprocessing_of
from converter.net.reading import read_net
from converter.plan.crops import apply_crop_rule
from converter.plan.finite import notes_on_nonfinite
from converter.plan.plan import Plan, build_plan
from converter.plan.stored_names import blob_counts
from converter.plan.weights import Matched, fill_all, match

if TYPE_CHECKING:
    import torch

    from converter.pytorch.caffe_module import CaffeModule

Path = str | os.PathLike[str]


def load(
    prototxt: Path,
    weights: Path | None = None,
    *,
    phase: Phase = "test",
    allow_unknown: bool = False,
    inputs: Mapping[str, Shape] | None = None,
    stages: Sequence[str] = (),
    level: int = 0,
    fill_missing: bool = False,
    seed: int | None = None,
    key: str | None = None,
    classes: Mapping[str, int] | None = None,
    preprocessing: Preprocessing | Path | None = None,
    max_memory: int | None = None,
    allow_files: Sequence[Path] = (),
    dtype: torch.dtype | None = None,
    trainable: Literal["caffe", "all"] = "caffe",
    crop: Literal["caffe", "geometry"] = "caffe",
    values: Values | None = None,
    until: Sequence[str] = (),
) -> CaffeModule:
    """A net as a PyTorch module with its weights, on the CPU; in training mode for phase "train".

    Parameters are views of the mapped file: nothing is copied until it is used. Notes go to the logger "converter" too
    (level INFO); nothing is printed.

    Args:
        prototxt: the net, see `read_net`.
        weights: `.caffemodel`, `.caffemodel.h5`, `.safetensors`, `.pth` or `.npz`, or several with commas between them
            (of a layer that several hold the last counts); None fills every blob as the prototxt says (Caffe's
            default where it names no filler: zeros) and says so in `notes`.
        phase: "test" or "train".
        allow_unknown: go on where fields of the net or layers of the weights find no place; `notes` lists them.
        inputs: shapes of inputs whose shape the file does not state.
        stages: stages that layers' rules may ask for.
        level: level that layers' rules may ask for.
        fill_missing: fill layers that the weights lack as the prototxt says, and list them in `notes`.
        seed: of the random fillers; None draws one.
        key: for a `.pth` that holds more than weights: the name of the state_dict in it.
        classes: other numbers of outputs by layer, for fine-tuning: `{"fc8": 20}`; see `replace_head`.
        preprocessing: what `net.transform` is to do to images, or a prototxt whose data layer says it (the train_val
            beside a deploy net); None reads it from the net's own data layer, if it has one.
        max_memory: bytes that arrays which a file does not hold as they are (compressed ones, filled layers) may take;
            None: 80 % of what is free.
        allow_files: folders that files which the prototxt names (a mean, an infogain matrix) may lie in, besides the
            prototxt's own; no other is opened.
        dtype: type of the parameters; None: float32 as in Caffe, whatever the file holds (`notes` says what it holds).
        trainable: "caffe": parameters whose `lr_mult` is 0 have `requires_grad` False; "all": none has. Gradients stop
            at bottoms whose `propagate_down` is false, unless the net says `force_backward`.
        crop: where a Crop without `crop_param` begins: "caffe": at 0; "geometry": where the net's kernels, pads and
            strides put it, as the forks of FCN and HED do (`notes` says where the two differ).
        values: of a prototxt that is a template, what each `${NAME}` stands for: `{"NUM_LABELS": 21}`.
        until: blobs that are to be the net's outputs; only the layers that they need are built, so that one of an
            unknown type behind them does no harm.

    Raises:
        ConversionError: see `converter.errors` for its kinds.
    """
    import torch

    from converter.pytorch.caffe_module import CaffeModule
    from converter.pytorch.features import features

    with memory_limit(max_memory), allow_files_below(allow_files):
        net = read_net(
            prototxt, phase, allow_unknown=allow_unknown, stages=stages, level=level, values=values, until=until
        )
        stored = None if weights is None else weights_files.read(weights, key=key)
        plan = build_plan(net, inputs, allow_unknown=allow_unknown, stored_blobs=blob_counts(stored))
        plan, crop_notes = apply_crop_rule(plan, crop)
        choices = {"fill_missing": fill_missing, "allow_unused": allow_unknown}
        given = weights_of(plan, stored, seed=seed, max_memory=max_memory, **choices)
        notes = (
            *net.notes,
            *(f"{item.where}: {item.name}: unknown to Caffe, not used" for item in net.unknown),
            *map(str, plan.leftovers),
            *plan.notes,
            *crop_notes,
            *given.notes,
            *(_notes_on_types(stored, str(dtype or torch.float32)) if stored is not None else ()),
        )
        _log_notes(notes)
        module = CaffeModule.of(plan, given, notes, trainable).to(dtype or torch.float32).train(phase == "train")
        if stored is not None:
            module.note_later(partial(notes_on_nonfinite, stored))
        if isinstance(preprocessing, str | os.PathLike):
            other = read_net(preprocessing, "test", allow_unknown=True)
            preprocessing = preprocessing_of(
                other, dict.fromkeys(_image_tops(other), next(iter(module.inputs.values()), ()))
            )
        module.transform = preprocessing if preprocessing is not None else _stated_preprocessing(net, module)
        if classes:
            from converter.pytorch.finetuning import replace_head

            replace_head(module, classes, seed=seed)
        return module if not until or module.outputs == tuple(until) else features(module, until)


def _log_notes(notes: Sequence[str]) -> None:
    """A line each to the logger "converter", level INFO, which prints nothing unless the program asks for it."""
    import logging

    for note in notes:
        logging.getLogger("converter").info("%s", printable(note))


def _notes_on_types(stored: StoredWeights, wanted: str) -> Iterator[str]:
    """A note for each type of stored numbers that parameters do not have."""
    found: dict[str, str] = {}
    for layer in stored.layers_with_blobs().values():
        for blob in layer.stored:
            found.setdefault(blob.array.dtype.name, layer.name)
    for name, first in found.items():
        if f"torch.{name}" != wanted:
            told = f"numbers of type {name} in the weights (first in layer {first!r}); the parameters are of {wanted}"
            yield f"{told}, dtype= asks for another"


def _image_tops(net: Net) -> list[str]:
    """The first top of every layer that prepares images."""
    return [layer.tops[0] for layer in net.layers if layer.tops and "transform_param" in layer.record]


def _stated_preprocessing(net: Net, module: CaffeModule) -> Preprocessing | None:
    """What the data layer says; where its mean cannot be read, a note says so."""
    try:
        return preprocessing_of(net, module.inputs)
    except ConversionError as error:
        module.remember(module.facts.with_note(f"images cannot be prepared: {error}"))
        return None


def weights_of(
    plan: Plan,
    weights: Path | StoredWeights | None,
    *,
    fill_missing: bool = False,
    allow_unused: bool = False,
    seed: int | None = None,
    max_memory: int | None = None,
) -> Matched:
    """Arrays for every layer of a plan: from a weights file, or from the prototxt's fillers where there is none."""
    if weights is None:
        return fill_all(plan, seed, max_memory)
    stored = weights if isinstance(weights, StoredWeights) else weights_files.read(weights)
    return match(plan, stored, fill_missing=fill_missing, allow_unused=allow_unused, seed=seed, max_memory=max_memory)
