"""Folders in Hugging Face's layout: a net, everything that is needed to have it again, and a card."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from converter import __version__
from converter.errors import ConversionError, OutputError
from converter.export.card import model_card
from converter.export.extras import extra
from converter.export.files import write_folder
from converter.export.weights import write_weights
from converter.files.digest import Digest
from converter.files.json_text import parse_json
from converter.formats.mean import read_mean
from converter.formats.prototxt.writer import write_prototxt
from converter.formats.record import Field, Record, Where
from converter.formats.weights.safetensors import holds_blobs
from converter.net.preprocessing import Preprocessing
from converter.plan.plan import Plan
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.loading import load

CONFIG, PROTOTXT, WEIGHTS = "config.json", "net.prototxt", "model.safetensors"
PREPROCESSOR, MEAN, CARD = "preprocessor_config.json", "mean.npy", "README.md"
_LARGEST_SIDE = 2**16
"""Pixels along a side that an image may be resized or cut to."""

AnyPath = str | os.PathLike[str]


def save_pretrained(
    net: CaffeModule,
    folder: AnyPath,
    *,
    source: Mapping[str, str] | None = None,
    parity: Mapping[str, float] | None = None,
    license: str = "unknown",  # noqa: A002 - the card's own word
    push_to_hub: str | None = None,
) -> None:
    """Write a net as a folder: config.json, net.prototxt, model.safetensors, preprocessor_config.json, README.md.

    Args:
        net: a net as `converter.load` gives it; its numbers as they are now.
        folder: made where it is missing; files of these names in it are replaced.
        source: where the net came from, for the card: any of prototxt, weights, sha256.
        parity: worst relative error by output against an oracle, for the card.
        license: an identifier of https://spdx.org, for the card.
        push_to_hub: name of a repository to upload the folder to; needs the extra [hub].

    Raises:
        OutputError: the net is a copy or cut and does not know its layers' settings, or the folder cannot be written.
        ConversionError: a package is missing; says which extra brings it.
    """
    plan = getattr(net, "plan", None)
    if plan is None:
        raise OutputError("a copied or cut net does not know its layers' settings; save the net that was loaded")
    with write_folder(folder) as made:
        (made / PROTOTXT).write_text(_prototxt(plan), encoding="utf-8")
        known = dict(source or {})
        recorded = (lambda: known["sha256"]) if known.get("sha256") else None
        write_weights(net, made / WEIGHTS, known.get("weights", ""), recorded)
        digest = _digest(made / WEIGHTS)
        config = _config(net, known, digest)
        (made / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        _write_preprocessing(net.facts.preprocessing, made)
        (made / CARD).write_text(model_card(net, config, parity or {}, license), encoding="utf-8")
    if push_to_hub is not None:
        extra("huggingface_hub", brings="hub", what="uploads")
        from huggingface_hub import HfApi

        api = HfApi()
        api.create_repo(push_to_hub, exist_ok=True)
        api.upload_folder(repo_id=push_to_hub, folder_path=os.fspath(folder))


def from_pretrained(name: AnyPath, *, revision: str | None = None, **options: Any) -> CaffeModule:
    """The net of a folder that `save_pretrained` wrote; or of a repository of that name on a hub (extra [hub]).

    Args:
        name: the folder; where none of that name exists, a repository.
        revision: branch, tag or commit of a repository.
        **options: as `converter.load` takes them, `classes` for fine-tuning say.

    Raises:
        ConversionError: no such folder, or one that is not of this kind; a package is missing.
    """
    folder = Path(name)
    if not folder.is_dir():
        extra("huggingface_hub", brings="hub", what=f"{os.fspath(name)!r} is no folder here; repositories")
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(os.fspath(name), revision=revision))
    settings = {**folder_settings(folder), "allow_unknown": True, **options}
    weights = folder / WEIGHTS if holds_blobs(folder / WEIGHTS) else None
    net = load(folder / PROTOTXT, weights, **settings)
    if weights is None and net.state_dict():
        raise ConversionError(
            "holds no numbers, and its net has some; the folder is damaged", path=str(folder / WEIGHTS)
        )
    return net


def folder_settings(folder: Path) -> dict[str, Any]:
    """What a folder of `save_pretrained` says beside net and weights, as `converter.load` takes it.

    Raises:
        ConversionError: none of that kind, or a damaged one.
    """
    config = _read_json(folder / CONFIG)
    if config.get("model_type") != "caffe" or not (folder / PROTOTXT).is_file():
        raise ConversionError("is no folder of save_pretrained: no net of Caffe in it", path=os.fspath(folder))
    return {"inputs": _shapes(config, folder), "preprocessing": _read_preprocessing(folder)}


def _prototxt(plan: Plan) -> str:
    """The net's layers as text, as they are now, with what chose them and what it says of gradients."""
    where = Where(plan.net.path)
    name = Field("name", plan.net.name, where)
    states = [Field("stage", stage, where) for stage in plan.net.stages]
    states += [Field("level", plan.net.level, where)] if plan.net.level else []
    state = [Field("state", Record("NetState", where, tuple(states)), where)] if states else []
    forced = [Field("force_backward", True, where)] if plan.net.force_backward else []
    layers = (Field("layer", layer.record, layer.where) for layer in plan.net.layers)
    return write_prototxt(Record("NetParameter", where, (name, *state, *forced, *layers)))


def _config(net: CaffeModule, source: dict[str, str], digest: str) -> dict[str, Any]:
    """config.json."""
    return {
        "model_type": "caffe",
        "architectures": ["CaffeModule"],
        "name": net.facts.name,
        "inputs": {name: list(shape) for name, shape in net.inputs.items()},
        "outputs": list(net.outputs),
        "library_name": "dilatednet",
        "library_version": __version__,
        "source": source,
        "weights_sha256": digest,
    }


def _digest(path: Path) -> str:
    digest = Digest(path)
    digest.start()
    return digest.hexdigest()


def _write_preprocessing(known: Preprocessing | None, folder: Path) -> None:
    """preprocessor_config.json, and the mean image beside it where there is one."""
    if known is None:
        return
    table = asdict(known)
    image = table.pop("mean_image")
    if image is not None:
        np.save(folder / MEAN, image)
        table["mean_image"] = MEAN
    table = {"image_processor_type": "CaffeTransform", **table}
    (folder / PREPROCESSOR).write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def _shapes(config: dict[str, Any], folder: Path) -> dict[str, tuple[int, ...]]:
    """The inputs' shapes.

    Raises:
        ConversionError: no table of lists of whole numbers.
    """
    table = config.get("inputs", {})
    good = isinstance(table, dict) and all(
        isinstance(shape, list) and all(type(size) is int for size in shape) for shape in table.values()
    )
    if not good:
        raise ConversionError(
            "its inputs are no table of shapes; the folder is damaged", path=os.fspath(folder / CONFIG)
        )
    return {name: tuple(shape) for name, shape in table.items()}


def _read_preprocessing(folder: Path) -> Preprocessing | None:
    """What a folder says of its net's images."""
    if not (folder / PREPROCESSOR).is_file():
        return None
    table = _read_json(folder / PREPROCESSOR)
    image = read_mean(folder / MEAN) if table.get("mean_image") else None
    try:
        size, crop = (_pair(table[name]) if table.get(name) else None for name in ("size", "crop"))
        mean = tuple(map(_finite, table.get("mean", ())))
        return Preprocessing(mean, image, _finite(table.get("scale", 1)), size, crop, str(table["color"]))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ConversionError(f"does not read: {error}", path=os.fspath(folder / PREPROCESSOR)) from error


def _pair(sizes: Any) -> tuple[int, int]:
    """Height and width.

    Raises:
        ValueError, TypeError: other than two whole numbers from 1 to the largest side that is read.
    """
    height, width = sizes
    if not all(type(side) is int and 1 <= side <= _LARGEST_SIDE for side in (height, width)):
        raise ValueError(f"sizes {height!r} and {width!r}; expected whole numbers from 1 to {_LARGEST_SIDE}")
    return height, width


def _finite(value: Any) -> float:
    """A number.

    Raises:
        ValueError, TypeError, OverflowError: none, or an infinite one.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not finite")
    return number


def _read_json(path: Path) -> dict[str, Any]:
    """A table.

    Raises:
        ConversionError: missing, or none.
    """
    try:
        table = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConversionError(
            f"does not read ({error}); is the folder one of save_pretrained?", path=str(path)
        ) from error
    if not isinstance(table, dict):
        raise ConversionError("is no table; the folder is damaged", path=str(path))
    return table
