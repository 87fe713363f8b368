"""`converter.convert`: a weights file into another, or, with its net, into source, ONNX or a torch.export program."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.conversion import convert as weights_conversion
from converter.conversion.convert import Report
from converter.conversion.mean import convert_mean, converts_mean
from converter.errors import OutputError
from converter.files.paths import split_paths
from converter.files.unchanged import watch_files
from converter.formats.prototxt.templates import Values, template_values

if TYPE_CHECKING:  # numpy, which these import, waits until the source is being hashed
    from converter.export.provenance import Provenance
    from converter.net.net import Shape
    from converter.net.preprocessing import Preprocessing
    from converter.plan.crops import CropRule
    from converter.pytorch.caffe_module import CaffeModule

MODEL_ENDINGS = (".py", ".onnx", ".pt2")
"""Endings of files that hold a whole net."""

AnyPath = str | os.PathLike[str]


def convert(
    weights: AnyPath,
    out: AnyPath,
    prototxt: AnyPath | None = None,
    *,
    until: Sequence[str] = (),
    inputs: Mapping[str, Shape] | None = None,
    preprocessing: Preprocessing | AnyPath | None = None,
    fold_preprocessing: bool = False,
    parity: Mapping[str, float] | None = None,
    allow_nan: bool = False,
    allow_unused: bool = False,
    allow_unknown: bool = False,
    key: str | None = None,
    stages: Sequence[str] = (),
    level: int = 0,
    crop: CropRule = "caffe",
    checksum: bool = True,
    values: Values | None = None,
) -> Report:
    """Write the weights of one file into another, whose ending says its format; torch is imported for whole nets only.

    Args:
        weights: `.caffemodel` of any age, `.h5`, `.safetensors`, `.npz` or `.pth`, or several with commas between them;
            or a mean image, `.binaryproto` or `.npy`.
        out: `.safetensors`, `.pth` (a plain state_dict), `.npz`, `.h5` (Caffe's layout), `.caffemodel` or
            `.caffemodel.h5`; or, where `prototxt` is given, `.py` (readable source, its weights beside it as
            `.safetensors`), `.onnx` or `.pt2` (a torch.export program), or, with a slash at its end, a folder as
            `save_pretrained` writes it; of a mean `.npy`, `.npz` or `.png`. What stands there is replaced once the new
            file is whole.
        prototxt: the net; layers and shapes are checked against it, and it gives a `.caffemodel` its definitions.
        until: for whole nets: the blobs that are to be its outputs; what only others need is left out.
        inputs: for whole nets: shapes of inputs that the file does not state, or others than it states.
        preprocessing: for whole nets: what is done to images before, or a prototxt whose data layer says it; None reads
            it from the net's own data layer.
        fold_preprocessing: for whole nets: put channel order, mean and scale into the first convolution.
        parity: for folders: worst relative error by output, for the card.
        allow_nan: keep numbers that are not finite.
        allow_unused: leave out, and note, layers of the file that the net does not have.
        allow_unknown: go on, and note it, where the net has unknown layer types or fields.
        key: for a `.pth` that holds more than weights: the name of the state_dict in it.
        stages: stages that the layers' rules in `prototxt` may ask for.
        level: level that they may ask for.
        crop: for whole nets: where a Crop without `crop_param` begins, see `load`.
        checksum: record the source's SHA-256.
        values: of a prototxt that is a template, what each `${NAME}` stands for: `{"NUM_LABELS": 21}`.

    Raises:
        CaffemodelError: `weights` does not read, or changed while it was read.
        WeightsError: the weights do not belong to the net, or hold NaN.
        UnsupportedLayerError, UnsupportedParameterError: the net has unknown layers or fields.
        OutputError: the ending is unknown, `out` is `weights`, a layer cannot be expressed in the format, or the file
            cannot be written.
        ConversionError: a package is missing; says which extra brings it.
    """
    if converts_mean(weights, out):
        if prototxt is not None:
            raise OutputError("a mean belongs to no prototxt; leave --prototxt out", path=os.fspath(out))
        return convert_mean(weights, out, checksum=checksum)
    if values and prototxt is None:
        raise OutputError("values (--set) are for a prototxt; give it, or leave them out", path=os.fspath(out))
    allowed = {"allow_nan": allow_nan, "allow_unused": allow_unused, "allow_unknown": allow_unknown}
    folder = os.fspath(out).endswith(("/", os.sep))
    if not folder and Path(out).suffix not in MODEL_ENDINGS:
        if until or inputs or preprocessing or fold_preprocessing or crop != "caffe":
            text = f"until, inputs, preprocessing and crop are for whole nets, {', '.join(MODEL_ENDINGS)}"
            raise OutputError(f"{text}; leave them out", path=os.fspath(out))
        with template_values(values):
            return weights_conversion.convert(
                weights, out, prototxt, key=key, stages=stages, level=level, checksum=checksum, **allowed
            )
    from converter.export.provenance import Provenance

    started = time.perf_counter()
    if not folder:
        weights_conversion.check_target(weights, Path(out), MODEL_ENDINGS)
    if prototxt is None:
        kind = "folder" if folder else f"{Path(out).suffix} file"
        text = f"a {kind} holds a whole net; give it with prototxt (--prototxt NET)"
        raise OutputError(text, path=os.fspath(out))
    options = {"inputs": inputs, "preprocessing": preprocessing, "stages": stages, "level": level, "crop": crop}
    options["until"] = tuple(until)
    with watch_files(split_paths(weights)), template_values(values):
        net = _load_checked(weights, prototxt, key, allowed, options)
        if fold_preprocessing:
            _fold(net)
        digest = _sha256(weights) if checksum else ""
        origin = Provenance(Path(prototxt).name, ",".join(Path(one).name for one in split_paths(weights)), digest)
        written = _write_folder(net, Path(out), origin, parity) if folder else _write(net, Path(out), origin)
    notes = [*net.notes, *written]
    return _report(net, Path(out), notes, digest, started)


def _load_checked(
    weights: AnyPath,
    prototxt: AnyPath,
    key: str | None,
    allowed: Mapping[str, bool],
    options: Mapping[str, Any],
) -> CaffeModule:
    """The net as `load` gives it with these options, its numbers looked at."""
    from converter.conversion.finite import check_finite
    from converter.formats import weights as weights_files
    from converter.pytorch.loading import load

    if not allowed["allow_nan"]:
        check_finite(weights_files.read(weights, key=key))
    lenient = allowed["allow_unknown"] or allowed["allow_unused"]
    return load(prototxt, weights, key=key, allow_unknown=lenient, **options)


def _fold(net: CaffeModule) -> None:
    """Put the net's preprocessing into it."""
    from converter.pytorch.folding import fold_preprocessing

    fold_preprocessing(net)


def _write_folder(net: CaffeModule, out: Path, origin: Provenance, parity: Mapping[str, float] | None) -> list[str]:
    """Write the net as a folder."""
    from converter.export.pretrained import save_pretrained

    save_pretrained(net, out, source=asdict(origin), parity=parity)
    return []


def _write(net: CaffeModule, out: Path, origin: Provenance) -> list[str]:
    """Write the net in the format that the ending tells; what a user should know."""
    if out.suffix == ".onnx":
        from converter.export.onnx import write_onnx

        write_onnx(net, out, _metadata(net, origin))
        return []
    if out.suffix == ".pt2":
        from converter.export.torch_export import write_pt2

        write_pt2(net, out)
        return []
    return _write_source(net, out, origin)


def _write_source(net: CaffeModule, out: Path, origin: Provenance) -> list[str]:
    """The source and the numbers beside it."""
    from converter.export.source.document import source_of, write_text
    from converter.export.weights import write_weights

    beside = out.with_suffix(".safetensors")
    text = source_of(net, beside.name, origin)  # before anything is written: a layer may have no source
    write_weights(net, beside, origin.weights, (lambda: origin.sha256) if origin.sha256 else None)
    write_text(text, out)
    return [f"its weights lie beside it, in {beside}"]


def _metadata(net: CaffeModule, origin: Provenance) -> dict[str, str]:
    """What an ONNX model says of itself."""
    from converter import __version__
    from converter.net.preprocessing import describe

    known = net.facts.preprocessing
    return {
        **({"preprocessing": describe(known)} if known else {}),
        "source": origin.weights,
        **({"sha256": origin.sha256} if origin.sha256 else {}),
        "prototxt": origin.prototxt,
        "converter": f"dilatednet {__version__}",
    }


def _sha256(weights: AnyPath) -> str:
    """The digests of the source files."""
    from converter.files.digest import Digest

    digests = [Digest(path) for path in split_paths(weights)]
    for digest in digests:
        digest.start()
    return ",".join(digest.hexdigest() for digest in digests)


def _report(net: CaffeModule, out: Path, notes: Sequence[str], sha256: str, started: float) -> Report:
    """What was written, counted."""
    state = net.state_dict()
    if out.is_dir():
        files = list(out.iterdir())
    else:
        files = [out, out.with_suffix(".safetensors") if out.suffix == ".py" else Path(f"{out}.data")]
    return Report(
        out=str(out),
        layers=len({key.partition(".")[0] for key in state}),
        blobs=len(state),
        parameters=sum(value.numel() for value in state.values()),
        bytes=sum(file.stat().st_size for file in files if file.exists()),
        seconds=time.perf_counter() - started,
        sha256=sha256,
        notes=tuple(notes),
    )
